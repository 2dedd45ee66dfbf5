local me = async.current()
spawn(function() print("another task") end)
async.scope(function(s)
  print("the same task", async.current() == me)    -- expect: the same task	true
  s:spawn(function() print("a new task", async.current() ~= me) end)
end)
-- expect: another task
-- expect: a new task	true
