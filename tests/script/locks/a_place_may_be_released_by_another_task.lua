-- Who acquires may leave it to another task to release, beside tasks with guards:
-- no place is lost, none given twice.
local places = async.semaphore(2, "p")
local done = async.event()

local guarded = spawn(function()
  local guard <close> = places:acquire()
  done:wait()
end)
sleep(0)
places:acquire()
spawn(function() sleep(1) places:release() end)
sleep(2)
print(places)              -- expect: semaphore 'p' (1 of 2)
done:set()
guarded:await()
print(places)              -- expect: semaphore 'p' (2 of 2)
print(pcall(places.release, places))
-- expect: false	release: semaphore 'p' has all its 2

-- What another task has given back the guard does not give once more.
local one = async.semaphore(1)
local owner = spawn(function()
  local guard <close> = one:acquire()
  sleep(5)
end)
sleep(1)
one:release()
local mine = one:acquire()
owner:await()
print(one)                 -- expect: semaphore (0 of 1)
do local _ <close> = mine end
print(one)                 -- expect: semaphore (1 of 1)

-- A guard may be closed by another task than its own.
local guard
spawn(function() guard = one:acquire() end):await()
print(one)                 -- expect: semaphore (0 of 1)
do local _ <close> = guard end
print(one)                 -- expect: semaphore (1 of 1)
