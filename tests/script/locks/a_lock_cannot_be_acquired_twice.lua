local lock = async.lock("db")
local guard <close> = lock:acquire()
print(pcall(lock.acquire, lock))                   -- expect: false	acquire: lock 'db' is already held by this task
print(pcall(function()
  lock:acquire()           -- expect: false	$FILE:$LINE: acquire: lock 'db' is already held by this task
end))
print((pcall(lock.with, lock, print, "never")))    -- expect: false
print(coroutine.wrap(function() return (pcall(lock.acquire, lock)) end)())  -- expect: false
local waiter = spawn({name = "waiter"}, function()
  local own <close> = lock:acquire()
  print("the waiter has it")
end)
sleep(0)
lock:release()
-- expect: the waiter has it
