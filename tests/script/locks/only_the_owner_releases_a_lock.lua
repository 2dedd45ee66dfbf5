local lock, plain = async.lock("db"), async.lock()
print(pcall(lock.release, lock))                   -- expect: false	release: lock 'db' is not held by this task
local owner = spawn(function()
  local guard <close> = lock:acquire()
  sleep(1)
end)
sleep(0)
print(pcall(function()
  lock:release()           -- expect: false	$FILE:$LINE: release: lock 'db' is not held by this task
end))
print(async.move_on_after(0, lock.acquire, lock))  -- expect: nil	timeout
owner:await()
lock:acquire()
lock:release()
print((pcall(lock.release, lock)))                 -- expect: false
print((pcall(plain.release, plain)))               -- expect: false
