local function ticks()
  return coroutine.wrap(function()
    local guard <close> = async.defer(function(err) print("generator", err) end)
    for i = 1, 100 do
      sleep(1)
      coroutine.yield(i)
    end
  end)
end
local task = spawn(function()
  local guard <close> = async.defer(function(err) print("consumer", err) end)
  for i in ticks() do print(i) end
  print "never"
end)
sleep(2.5)
-- expect: 1
-- expect: 2
task:cancel()
print(task:pawait())
-- expect: generator	cancelled
-- expect: consumer	cancelled
-- expect: false	cancelled
