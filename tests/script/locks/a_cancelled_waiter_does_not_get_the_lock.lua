local lock = async.lock()
lock:acquire()
local first = spawn(function()
  lock:acquire()
  print("never")
end)
spawn(function()
  print("timed out", async.move_on_after(1, lock.acquire, lock))  -- expect: timed out	nil	timeout
end)
spawn(function() lock:with(print, "third") end)
sleep(2)
first:cancel()
lock:release()
-- expect: third
print(first:pawait())                              -- expect: false	cancelled
