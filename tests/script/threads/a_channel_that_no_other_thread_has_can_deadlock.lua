-- expect status: 3
local ch = async.channel(1, "far")
async.thread(function(c) c:send(1) end, ch)
print(ch:recv())                             -- expect: 1
spawn(async.thread, function(c) sleep(0.05) end, ch)
ch:recv() -- as long as the thread has it, it may send
-- expect stderr: deadlock: 1 task waits and nothing can wake it
-- expect stderr: recv on channel 'far' (0 of 1)
-- expect stderr: no other thread has the channel any more
