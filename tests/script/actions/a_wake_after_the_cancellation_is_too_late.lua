-- It was woken after the cancellation, and too late: cancel is called.
local wake
async.actions.counted = function(_, w)
  wake = w
  return function() print "given up" end
end
local task = spawn(function() coroutine.yield{action = "counted"} end)
sleep(1)
task:cancel()
print(wake "too late")                             -- expect: false
print(task:pawait())
-- expect: given up
-- expect: false	cancelled
