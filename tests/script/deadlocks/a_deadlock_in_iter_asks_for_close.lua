local ch = async.channel(2, "jobs")
spawn({name = "worker"}, function()
  for job in ch:iter() do print(job) end
end)
ch:send(1)                                         -- expect: 1
-- expect stderr is: deadlock: 1 task waits and nothing can wake it
-- expect stderr is:   #2 worker: recv on channel 'jobs' (0 of 2) at $FILE:3
-- expect stderr is:     spawned at $FILE:2 by #1 a_deadlock_in_iter_asks_for_close.lua
-- expect stderr is:   hint: iter() goes on until the channel is closed, and nobody can send any more: was close() forgotten?
-- expect status: 3
