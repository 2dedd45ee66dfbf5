-- Told once, with the frames of the task that failed and of those that awaited.
local function start(name, fn, ...) return spawn({name = name}, fn, ...) end
local function fetch()
  sleep(1)
  error("broken", 0)
end
local inner = start("inner", fetch)
local middle = start("middle", function() return await(inner) end)
start("outer", function()
  middle:await()
  print "never"
end)
-- expect stderr is: Error in task: broken
-- expect stderr is: task #2 inner
-- expect stderr is: stack traceback:
-- expect stderr is: 	[C]: in function 'error'
-- expect stderr is: 	$FILE:5: in function <$FILE:3>
-- expect stderr is: awaited at $FILE:8 by #3 middle
-- expect stderr is: 	$FILE:8: in function <$FILE:8>
-- expect stderr is: awaited at $FILE:10 by #4 outer
-- expect stderr is: 	$FILE:10: in function <$FILE:9>
-- expect stderr is: spawned at $FILE:2 by #1 a_failure_passes_up_to_its_awaiters.lua
-- expect status: 1
