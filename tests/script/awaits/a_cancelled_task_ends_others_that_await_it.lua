-- One after the other: each awaiter meets an ordinary error and fails of it.
-- options: --virtual-time --traceback=off
local task = spawn({name = "first"}, sleep, 10)
local second = spawn({name = "second"}, function() await(task) end)
local third = spawn({name = "third"}, function() await(second) end)
sleep(1)
task:cancel()
-- expect stderr is: Error in task: cancelled
sleep(1)
print(task:status(), second:status(), third:status())  -- expect: cancelled	failed	failed
print(third.error == task.error)                   -- expect: true
-- expect status: 1
