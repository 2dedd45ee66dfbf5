-- Those that are suspended between two values are nobody's business.
local generator = coroutine.wrap(function()
  local guard <close> = async.defer(function() print "never closed" end)
  coroutine.yield(1)
  coroutine.yield(2)
end)
local task = spawn(function()
  print(generator())                               -- expect: 1
  sleep(10)
end)
sleep(1)
task:cancel()
sleep(1)
print(generator())                                 -- expect: 2
