-- options: --virtual-time --traceback=off
-- The awaiter is cancelled after the failure, before its turn came: it gets the
-- error first, as it would get values.
local task = spawn(function() sleep(1) error("broken", 0) end)
local awaiter = spawn(function() await(task) end)
spawn(function() sleep(1) print(awaiter:cancel()) end)  -- expect: true
-- expect stderr is: Error in task: broken
sleep(2)
print(awaiter:status(), awaiter.error)             -- expect: failed	broken
-- expect status: 1
