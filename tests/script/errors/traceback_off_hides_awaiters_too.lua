-- options: --virtual-time --traceback=off
local inner = spawn({name = "inner"}, function() sleep(1) error("broken", 0) end)
spawn({name = "first"}, function() await(inner) end)
sleep(2)
-- expect stderr is: Error in task: broken
spawn({name = "late"}, function() await(inner) end)
-- expect stderr is: Error in task: broken (#4 late awaited #2 inner, reported above)
-- expect status: 1
