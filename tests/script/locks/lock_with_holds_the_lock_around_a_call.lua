local lock = async.lock()
local me = async.current()
spawn(function()
  lock:with(print, "the other", "has it")
end)
print(lock:with(function(...)                      -- expect: true	a	nil
  sleep(1)
  return async.current() == me, ...
end, "a", nil))
-- expect: the other	has it
sleep(1)
print(select("#", lock:with(function() end)))      -- expect: 0
print(pcall(lock.with, lock, error, "boom", 0))    -- expect: false	boom
lock:with(print, "free again")                     -- expect: free again
print((pcall(lock.with, lock)))                    -- expect: false
lock:with(print, "and again")                      -- expect: and again
