local semaphore = async.semaphore(1)
local me = async.current()
print(semaphore:with(function(...)                 -- expect: true	a	nil
  return async.current() == me, ...
end, "a", nil))
print(pcall(semaphore.with, semaphore, error, "boom", 0))  -- expect: false	boom
print(async.move_on_after(1, semaphore.with, semaphore, sleep, 5))  -- expect: nil	timeout
local task = spawn(function() semaphore:with(sleep, 10) end)
sleep(1)
task:cancel()
semaphore:with(print, "free again")                -- expect: free again
print(semaphore)                                   -- expect: semaphore (1 of 1)
