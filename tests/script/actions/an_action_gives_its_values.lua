-- Inside its handler, which runs in the task, without giving up the turn.
async.actions.double = function(request, wake)
  print(request.action, async.current().id)        -- expect: double	1
  print(wake(2 * request.x, nil, "c", nil))        -- expect: true
end
spawn(print, "the other")
print(coroutine.yield{action = "double", x = 21})  -- expect: 42	nil	c	nil
print(select("#", await{action = "double", x = 1}))
-- expect: double	1
-- expect: true
-- expect: 4
sleep(0)
-- expect: the other
