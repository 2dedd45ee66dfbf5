-- A release by a task that holds none means a place that was held then, not the one
-- of the task that it lets in.
local places = async.semaphore(1, "places")
local gate = async.event()

spawn(function()
  local guard <close> = places:acquire()
  gate:wait()
end)
spawn(function()
  local guard <close> = places:acquire()
  sleep(5)
end)

sleep(1)
places:release() -- the second comes in
gate:set()
sleep(1) -- the first has closed its guard
print(places)
-- expect: semaphore 'places' (0 of 1)
sleep(10)
print(places)
-- expect: semaphore 'places' (1 of 1)
