local user = async.task_local("nobody")
print(user:get())                                  -- expect: nobody
user:set("main")
spawn(function()
  print("child", user:get())                       -- expect: child	main
  user:set("child")
  spawn(function() print("grandchild", user:get()) end)
  sleep(1)
  print("child", user:get())
end)
user:set("changed after the spawn")
sleep(0)
print("main", user:get())
-- expect: grandchild	child
-- expect: main	changed after the spawn
local early = spawn(function() user:set("the child's") end)
early:await()
print(user:get())                                  -- expect: changed after the spawn
-- expect: child	child
