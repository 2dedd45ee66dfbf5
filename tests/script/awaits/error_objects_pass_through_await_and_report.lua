-- options: --virtual-time --traceback=off
local object = setmetatable({}, {__tostring = function() return "an object" end})
local inner = spawn(function() sleep(1) error(object) end)
local outer = spawn(function() await(inner) end)
spawn(function() await(outer) end)
-- expect stderr is: Error in task: an object
sleep(2)
print(rawequal(inner.error, object), rawequal(outer.error, object))  -- expect: true	true
-- expect status: 1
