local calls, wake, fail = 0, nil, nil
async.actions.counted = function(_, w, f)
  wake, fail = w, f
  return function()
    calls = calls + 1
    wake "too late"
  end
end
local function wait() return coroutine.yield{action = "counted"} end
-- When the wait is given up by a cancellation or a deadline.
local task = spawn(wait)
sleep(1)
task:cancel()
task:cancel()
print((task:pawait()), calls)                      -- expect: false	1
print(wake(), fail(), calls)                       -- expect: false	false	1
print(async.move_on_after(1, wait))                -- expect: nil	timeout
print(calls)                                       -- expect: 2
-- But not when it came to its end.
spawn(function() sleep(1) wake "woken" sleep(1) fail "failed" end)
print(wait(), calls)                               -- expect: woken	2
print(pcall(wait))                                 -- expect: false	failed
task = spawn(function() print(wait()) sleep(0) print "never" end)
sleep(0)
wake "completed"
task:cancel()
sleep(1)
-- expect: completed
print(task:status(), calls)                        -- expect: cancelled	2
