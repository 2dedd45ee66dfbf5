local wake, fail
async.actions.outside = function(_, w, f) wake, fail = w, f end
local waiter = spawn(function()
  print(coroutine.yield{action = "outside"})
  print(sleep(1))
  local first = wake
  print(first ~= nil, pcall(coroutine.yield, {action = "outside"}))
end)
sleep(1)
local old_wake, old_fail = wake, fail
print(wake "first", wake "second", fail "third")   -- expect: true	false	false
sleep(0.5)
-- expect: first
print(old_wake "late", old_fail "late")            -- expect: false	false
sleep(1)
-- expect: 1.0
print(old_wake "late", old_fail "late", waiter:status())  -- expect: false	false	waiting	outside
print(fail "in time", wake "too late")             -- expect: true	false
sleep(1)
-- expect: true	false	in time
print(wake(), fail(), old_wake(), waiter:status())  -- expect: false	false	false	done
