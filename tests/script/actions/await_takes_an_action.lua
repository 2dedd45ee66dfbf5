print(await{action = "sleep", delay = 1.5})        -- expect: 1.5
local inherits = setmetatable({delay = 2}, {__index = {action = "sleep"}})
print(await(inherits))                             -- expect: 2.0
print(pcall(await, {action = "fly"}))              -- expect: false	Unknown async action 'fly'.
print(pcall(await, {action = "sleep"}))            -- expect: false	sleep: delay must be a number of seconds, got nil
print(async.now())                                 -- expect: 3.5
