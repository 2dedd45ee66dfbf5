local object = {}
async.actions.broken = function(request) error(request.with, 0) end
spawn(print, "the other")
print(pcall(coroutine.yield, {action = "broken", with = "in the handler"}))  -- expect: false	in the handler
print(select(2, pcall(await, {action = "broken", with = object})) == object)  -- expect: true
-- The task may wait again.
print(sleep(1))
-- expect: the other
-- expect: 1.0
