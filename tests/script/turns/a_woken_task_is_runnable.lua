local event = async.event()
local woken = spawn(function() event:wait() end)
local cancelled = spawn(function() event:wait() end)
sleep(1)
print(woken:status(), cancelled:status())          -- expect: waiting	waiting	event
cancelled:cancel()
event:set()
print(woken:status(), cancelled:status())          -- expect: runnable	runnable
sleep(0)
-- The next pass has begun, but we are the eldest.
print(woken:status(), cancelled:status())          -- expect: runnable	runnable
sleep(0)
print(woken:status(), cancelled:status())          -- expect: done	cancelled
