local function check(task)
  print(await(task))
  print(task:status(), task.error)
end
check(spawn(function() async.current():cancel() return "itself" end))
-- expect: itself
-- expect: done	nil
local runnable = spawn(function() sleep(0) return "runnable" end)
sleep(0)
print(runnable:cancel())                           -- expect: true
check(runnable)
-- expect: runnable
-- expect: done	nil
local shielded = spawn(function()
  return async.shield(function() sleep(2) return "shielded" end)
end)
sleep(1)
print(shielded:cancel())                           -- expect: true
check(shielded)
-- expect: shielded
-- expect: done	nil
