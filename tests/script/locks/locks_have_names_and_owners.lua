local lock = async.lock("db")
print(lock.name, async.lock().name)                -- expect: db	nil
print(lock)                                        -- expect: lock 'db'
spawn({name = "writer"}, function() lock:with(sleep, 1) end)
local reader = spawn(function() lock:with(sleep, 1) end)
sleep(0)
print(reader:status())                             -- expect: waiting	lock 'db' held by #2 writer
reader:cancel()
print((pcall(async.lock, {})))                      -- expect: false
print((pcall(lock.acquire, {})))                   -- expect: false
