-- Only a task could call its wake.
async.actions.fly = function(_, wake) Wake = wake end
pcall(function()
  coroutine.yield{action = "fly"}
end)
print "never"
-- expect stderr is: deadlock: 1 task waits and nothing can wake it
-- expect stderr is:   #1 an_action_waits_for_nothing_outside.lua: fly at $FILE:4
-- expect status: 3
