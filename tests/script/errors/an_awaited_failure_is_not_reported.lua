-- Nor does it make the status 1.
local tasks = {}
for i = 1, 3 do tasks[i] = spawn(function() sleep(i) error("failure " .. i, 0) end) end
print(pcall(await, tasks[1]))                      -- expect: false	failure 1
print(tasks[2]:pawait())                           -- expect: false	failure 2
spawn(function() print(pcall(await, tasks[3])) end)
print(tasks[3]:pawait())                           -- expect: false	failure 3
-- expect: false	failure 3
