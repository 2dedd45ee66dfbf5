-- It gives up the turn now and then, and goes on in the next pass.
local ch = async.channel(math.huge)
local turns = 0
spawn({daemon = true}, function()
  while true do
    turns = turns + 1
    async.checkpoint()
  end
end)
for i = 1, 10000 do ch:send(i) end
print("sent", #ch, turns)                          -- expect: sent	10000	78
local sum = 0
for _ = 1, 10000 do sum = sum + ch:recv() end
print("received", #ch, sum, turns)                 -- expect: received	0	50005000	156
