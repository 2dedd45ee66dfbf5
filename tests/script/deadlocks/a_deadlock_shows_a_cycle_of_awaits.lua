-- Who waits for the cycle without being part of it does not stand in it.
local tasks = {}
for i = 1, 3 do
  tasks[i] = spawn({name = "t" .. i}, function()
    sleep(1)
    await(tasks[i % 3 + 1])
  end)
end
await(tasks[2])
-- expect stderr is: deadlock: 4 tasks wait and nothing can wake them
-- expect stderr is:   #1 a_deadlock_shows_a_cycle_of_awaits.lua: await #3 t2 at $FILE:9
-- expect stderr is:   #2 t1: await #3 t2 at $FILE:6
-- expect stderr is:     spawned at $FILE:4 by #1 a_deadlock_shows_a_cycle_of_awaits.lua
-- expect stderr is:   #3 t2: await #4 t3 at $FILE:6
-- expect stderr is:     spawned at $FILE:4 by #1 a_deadlock_shows_a_cycle_of_awaits.lua
-- expect stderr is:   #4 t3: await #2 t1 at $FILE:6
-- expect stderr is:     spawned at $FILE:4 by #1 a_deadlock_shows_a_cycle_of_awaits.lua
-- expect stderr is:   cycle: #2 t1 -> #3 t2 -> #4 t3 -> #2 t1
-- expect status: 3
