local ch = async.channel()
spawn({name = "other"}, function() ch:send(2) end)
ch:send(1)
print(ch:recv())
-- expect stderr is: deadlock: 2 tasks wait and nothing can wake them
-- expect stderr is:   #1 a_deadlock_explains_a_rendezvous.lua: send on channel (0 of 0) at $FILE:3
-- expect stderr is:   #2 other: send on channel (0 of 0) at $FILE:2
-- expect stderr is:     spawned at $FILE:2 by #1 a_deadlock_explains_a_rendezvous.lua
-- expect stderr is:   hint: a channel of capacity 0 holds nothing: send waits for a receiver
-- expect status: 3
