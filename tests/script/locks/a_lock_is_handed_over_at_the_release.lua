-- Who releases it and wants it back stands at the end of the queue.
local lock = async.lock()
lock:acquire()
spawn(function()
  local guard <close> = lock:acquire()
  print("the waiter has it", async.now())
  sleep(1)
end)
sleep(1)
lock:release()
local _, outcome = async.move_on_after(0, lock.acquire, lock)
-- expect: the waiter has it	1.0
local guard <close> = lock:acquire()
print(outcome, "and back", async.now())            -- expect: timeout	and back	2.0
