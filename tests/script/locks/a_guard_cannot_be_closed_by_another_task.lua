local lock = async.lock("db")
local guard = lock:acquire()
local thief = spawn(function()
  local stolen <close> = guard
end)
local ok, err = thief:pawait()
print(ok, err:match("release: .*"))                -- expect: false	release: lock 'db' is not held by this task
print(pcall(lock.acquire, lock) == false)          -- expect: true
do local own <close> = guard end                   -- it still releases the lock
print(pcall(lock.release, lock) == false)          -- expect: true
lock:with(print, "free")                           -- expect: free
