local function generator(seconds)
  return coroutine.wrap(function()
    local guard <close> = async.defer(function() print("generator unwinds", async.now()) end)
    while true do
      sleep(seconds)
      coroutine.yield(async.now())
    end
  end)
end
local next_one = generator(1)
print(async.move_on_after(2.5, function()
  while true do print(next_one()) end
end))
-- expect: 1.0
-- expect: 2.0
-- expect: generator unwinds	2.5
-- expect: nil	timeout
print(coroutine.wrap(function()                    -- expect: nil	timeout
  return async.move_on_after(1, sleep, 10)
end)())
print(async.now())                                 -- expect: 3.5
