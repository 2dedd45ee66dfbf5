-- The results of a task were left on its coroutine, which could be resumed into
-- them.

local returned, failed
spawn(function() returned = coroutine.running() return function() print "never" end end)
spawn(function() failed = coroutine.running() error("planned", 0) end)
sleep(0)
print(coroutine.status(returned), coroutine.resume(returned))
-- expect: dead	false	cannot resume dead coroutine
print(coroutine.status(failed), coroutine.resume(failed))
-- expect: dead	false	cannot resume dead coroutine
print(coroutine.close(returned), coroutine.close(failed))
-- expect: true	true
-- expect stderr: Error in task: planned
-- expect status: 1
