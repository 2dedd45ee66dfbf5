local semaphore = async.semaphore(3)
local a = semaphore:acquire()
do
  local b <close> = semaphore:acquire()
  local c <close> = semaphore:acquire()
  print(async.move_on_after(1, semaphore.acquire, semaphore))  -- expect: nil	timeout
end
print(semaphore)                                   -- expect: semaphore (2 of 3)
do local again <close> = a end
print(semaphore)                                   -- expect: semaphore (3 of 3)
do local again <close> = a end                     -- a second time: nothing
print(semaphore)                                   -- expect: semaphore (3 of 3)
