local lock, worker = async.lock "db"
local owner = spawn({name = "owner"}, function()
  local guard <close> = lock:acquire()
  await(worker)
end)
worker = spawn({name = "worker"}, function()
  lock:with(print, "never")
end)
-- expect stderr is: deadlock: 2 tasks wait and nothing can wake them
-- expect stderr: #2 owner: await #3 worker at $FILE:4
-- expect stderr: #3 worker: lock 'db' held by #2 owner at $FILE:7
-- expect stderr: cycle: #2 owner -> #3 worker -> #2 owner
-- expect status: 3
