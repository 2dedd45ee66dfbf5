local never = async.event("never")
for _ in async.as_completed {
  function() sleep(1) end,
  function() never:wait() end,
} do end
-- expect stderr: deadlock: 2 tasks wait and nothing can wake them
-- expect stderr: #1 a_deadlock_in_as_completed_names_its_tasks.lua: as_completed of 1 at $FILE:2
-- expect stderr: #3 a_deadlock_in_as_completed_names_its_tasks.lua:4: event 'never' at $FILE:4
-- expect stderr: spawned at $FILE:2 by #1
-- expect status: 3
