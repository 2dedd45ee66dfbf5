local ch, plain = async.channel(4, "jobs"), async.channel(0)
print(ch.name, plain.name)                         -- expect: jobs	nil
ch:send(1)
print(ch)                                          -- expect: channel 'jobs' (1 of 4)
print(plain)                                       -- expect: channel (0 of 0)
print(async.channel(math.huge, "wide"))            -- expect: channel 'wide' (0 of inf)
local receiver = spawn(function() async.channel(4, "in"):recv() end)
local sender = spawn(function()
  for i = 1, 3 do ch:send(i) end
  ch:send("too much")
end)
local waiter = spawn(plain.recv, plain)
sleep(0)
print(receiver:status())                           -- expect: waiting	recv on channel 'in' (0 of 4)
print(sender:status())                             -- expect: waiting	send on channel 'jobs' (4 of 4)
print(waiter:status())                             -- expect: waiting	recv on channel (0 of 0)
for _, task in ipairs{receiver, sender, waiter} do task:cancel() end
