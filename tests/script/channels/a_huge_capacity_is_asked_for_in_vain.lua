-- Nothing is set aside for what was never sent.
local ch = async.channel(math.maxinteger)
for i = 1, 1000 do ch:send(i) end
print(#ch, ch:recv())                              -- expect: 1000	1
