-- options: --virtual-time --traceback=off
local task = spawn(function() sleep(2) error("nobody awaits it now", 0) end)
local awaiter = spawn(function() await(task) end)
sleep(1)
awaiter:cancel()
sleep(2)
-- expect stderr is: Error in task: nobody awaits it now
print(awaiter:status(), task:status())             -- expect: cancelled	failed
-- expect status: 1
