-- A table with a task's metatable was taken for a task.

local task = spawn(print, "ran")
local meta = debug.getmetatable(task)
print(getmetatable(task))                                         -- expect: Task
print((pcall(function() return setmetatable({}, meta).id end)))   -- expect: false
print((pcall(tostring, setmetatable({}, meta))))                  -- expect: false
-- expect: ran
