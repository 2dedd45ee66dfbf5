-- What an action's table does not hold may come from its metatable.
local defaults = {__index = {action = "sleep", delay = 3}}
print(coroutine.yield(setmetatable({}, defaults)))  -- expect: 3.0
local failing = setmetatable({}, {__index = function() error("no such field", 0) end})
print(pcall(coroutine.yield, failing))             -- expect: false	no such field
