local ch, meeting = async.channel(2), async.channel(0)
print(#ch)                                         -- expect: 0
spawn(function()
  for i = 1, 4 do ch:send(i) end
end)
spawn(function() meeting:send("waits") end)
sleep(0)
print(#ch, #meeting)                               -- expect: 2	0
ch:recv()
print(#ch)                                         -- expect: 2
ch:recv()
ch:recv()
print(#ch)                                         -- expect: 0
sleep(1)
print(#ch)                                         -- expect: 1
meeting:recv()
