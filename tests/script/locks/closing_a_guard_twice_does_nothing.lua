local lock = async.lock()
local guard = lock:acquire()
do local first <close> = guard end
spawn(function()
  local own <close> = lock:acquire()
  sleep(1)
  print("still mine", pcall(lock.acquire, lock) == false)
end)
sleep(0)
do local second <close> = guard end
print(async.move_on_after(0.5, lock.acquire, lock))  -- expect: nil	timeout
-- expect: still mine	true
