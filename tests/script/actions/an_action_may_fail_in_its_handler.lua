local object = {}
async.actions.refuse = function(request, _, fail) print(fail(request.with)) end
spawn(print, "the other")
print(pcall(coroutine.yield, {action = "refuse", with = "refused"}))
-- expect: true
-- expect: false	refused
print(select(2, pcall(await, {action = "refuse", with = object})) == object)
-- expect: true
-- expect: true
print(select("#", pcall(coroutine.yield, {action = "refuse"})))
-- expect: true
-- expect: 2
sleep(0)
-- expect: the other
