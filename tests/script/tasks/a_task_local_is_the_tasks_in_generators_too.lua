local value = async.task_local("default")
coroutine.wrap(function()
  print(value:get())                               -- expect: default
  value:set("set in a generator")
end)()
print(value:get())                                 -- expect: set in a generator
async.with_timeout(1, function() value:set("set under a deadline") end)
print(value:get())                                 -- expect: set under a deadline
async.shield(function() value:set("set in a shield") end)
print(value:get())                                 -- expect: set in a shield
spawn(function() print(value:get()) end)
-- expect: set in a shield
