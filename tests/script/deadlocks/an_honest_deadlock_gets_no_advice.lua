local full, empty = async.channel(1, "full"), async.channel(0, "empty")
full:send(1)
spawn({name = "sender"}, function() full:send(2) end)
empty:recv()
-- expect stderr is: deadlock: 2 tasks wait and nothing can wake them
-- expect stderr is:   #1 an_honest_deadlock_gets_no_advice.lua: recv on channel 'empty' (0 of 0) at $FILE:4
-- expect stderr is:   #2 sender: send on channel 'full' (1 of 1) at $FILE:3
-- expect stderr is:     spawned at $FILE:3 by #1 an_honest_deadlock_gets_no_advice.lua
-- expect status: 3
