local wake, fail
async.actions.outside = function(_, w, f) wake, fail = w, f end
local waiter = spawn(function()
  print(coroutine.yield{action = "outside"})
  print(pcall(coroutine.yield, {action = "outside"}))
  sleep(0)
  print "the waiter ends"
end)
sleep(1)
print(waiter:status())                             -- expect: waiting	outside
print(wake("a", nil, "c"))                         -- expect: true
print "goes on"                                    -- expect: goes on
sleep(1)
-- expect: a	nil	c
print(fail "refused", async.now())                 -- expect: true	2.0
sleep(1)
-- expect: false	refused
-- expect: the waiter ends
