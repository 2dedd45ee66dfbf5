print(collectgarbage("count") > 0, collectgarbage("step") ~= nil, collectgarbage("isrunning"))
collectgarbage("generational")
print(collectgarbage("incremental"))
local count = 0
for _ = 1, 100 do setmetatable({}, {__gc = function() count = count + 1 end}) end
collectgarbage() collectgarbage()
print(count >= 99)
