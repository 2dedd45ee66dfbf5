local lock = async.lock()
local owner = spawn(function()
  local guard <close> = lock:acquire()
  sleep(10)
end)
local second = spawn(function()
  lock:with(sleep, 10)
end)
spawn(function()
  lock:with(function() print("free", async.now()) end)
end)
sleep(1)
owner:cancel()
sleep(1)
second:cancel()
-- expect: free	2.0
sleep(1)
print(owner:pawait())                              -- expect: false	cancelled
print(second:pawait())                             -- expect: false	cancelled
