-- The second refers to the report of the first.
local function start(name, fn) return spawn({name = name}, fn) end
local task = start("inner", function() sleep(1) error("broken", 0) end)
for _, name in ipairs{"first", "second"} do
  start(name, function()
    await(task)
  end)
end
-- expect stderr is: Error in task: broken
-- expect stderr is: task #2 inner
-- expect stderr: awaited at $FILE:6 by #3 first
-- expect stderr: spawned at $FILE:2
-- expect stderr is: Error in task: broken (#4 second awaited #2 inner, reported above)
-- expect status: 1
