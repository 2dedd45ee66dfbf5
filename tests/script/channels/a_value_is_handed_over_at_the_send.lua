-- Who comes after the send, but before the receiver's next step, goes empty away.
local ch = async.channel(1)
spawn(function() print("the first got", ch:recv()) end)
sleep(0)
ch:send("x")
print(#ch)                                         -- expect: 0
local _, outcome = async.move_on_after(0, ch.recv, ch)
-- expect: the first got	x
sleep(1)
print(outcome)                                     -- expect: timeout
