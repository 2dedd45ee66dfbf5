-- Released by hand, a place is somebody else's when the guard closes.
local places = async.semaphore(1, "places")

local function hold(name, seconds)
  local guard <close> = places:acquire()
  print(name .. " in at " .. async.now())
  sleep(seconds)
end

local early = spawn(function()
  local guard <close> = places:acquire()
  places:release()
  sleep(1) -- "b" comes in
end)
spawn(hold, "b", 5)
spawn(function() sleep(2) hold("c", 1) end)
-- expect: b in at 0.0
sleep(3)
print(early:status(), places)
-- expect: done	semaphore 'places' (0 of 1)
sleep(10)
-- expect: c in at 5.0

-- Of several it is the task's last one; the others stay its own.
local many = async.semaphore(3)
local first, second = many:acquire(), many:acquire()
many:release()
do local _ <close> = second end
print(many)
-- expect: semaphore (2 of 3)
do local _ <close> = first end
do local _ <close> = first end
print(many)
-- expect: semaphore (3 of 3)
