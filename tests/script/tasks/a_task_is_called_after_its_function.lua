function harry() print(async.current().name) end
spawn(harry)
spawn(function() print(async.current().name) end)
spawn({name = "given"}, harry)
print(async.current().name, async.current().id)
local object = setmetatable({}, {__call = function() print(async.current().name) end})
spawn(object)
spawn(string.rep, "x", 1)
-- expect: a_task_is_called_after_its_function.lua	1
-- expect: harry
-- expect: a_task_is_called_after_its_function.lua:3
-- expect: given
-- expect: a_task_is_called_after_its_function.lua:6
