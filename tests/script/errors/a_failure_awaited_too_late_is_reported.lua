-- A later await raises it all the same.
local task = spawn({name = "fail"}, function() error("too early", 0) end)
-- expect stderr is: Error in task: too early
-- expect stderr is: task #2 fail
-- expect stderr is: stack traceback:
-- expect stderr is: 	[C]: in function 'error'
-- expect stderr is: 	$FILE:2: in function <$FILE:2>
-- expect stderr is: spawned at $FILE:2 by #1 a_failure_awaited_too_late_is_reported.lua
sleep(1)
print(task:pawait())                               -- expect: false	too early
print(pcall(await, task))                          -- expect: false	too early
-- expect status: 1
