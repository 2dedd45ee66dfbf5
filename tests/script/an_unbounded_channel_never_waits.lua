local ch = async.channel(math.huge)
spawn(function() print("another task") end)
for i = 1, 10000 do ch:send(i) end
print("sent", #ch)                                 -- expect: sent	10000
local sum = 0
for _ = 1, 10000 do sum = sum + ch:recv() end
print("received", #ch, sum)                        -- expect: received	0	50005000
-- expect: another task
