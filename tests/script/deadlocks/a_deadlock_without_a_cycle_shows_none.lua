local jobs = async.channel(4, "jobs")
local worker = spawn({name = "worker"}, function()
  for job in jobs:iter() do
    print(job)                                     -- expect: one job
  end
end)
jobs:send "one job"
await(worker)
-- expect stderr is: deadlock: 2 tasks wait and nothing can wake them
-- expect stderr is:   #1 a_deadlock_without_a_cycle_shows_none.lua: await #2 worker at $FILE:8
-- expect stderr is:   #2 worker: recv on channel 'jobs' (0 of 4) at $FILE:3
-- expect stderr is:     spawned at $FILE:2 by #1 a_deadlock_without_a_cycle_shows_none.lua
-- expect stderr is:   hint: iter() goes on until the channel is closed, and nobody can send any more: was close() forgotten?
-- expect status: 3
