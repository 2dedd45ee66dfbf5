-- Those that passed through a shield, a scope or an await, and were caught.
local function fail()
  error("later", 0)
end
spawn({name = "task"}, function()
  pcall(async.shield, error, "in a shield")
  fail()
end)
spawn({name = "other"}, function()
  pcall(async.scope, function(scope) scope:spawn(error, "in a scope") end)
  pcall(await, spawn(function() await(spawn(error, "awaited")) end))
  pcall(async.with_timeout, 1, sleep, 10)
  coroutine.resume(coroutine.create(function() async.shield(error, "in a generator") end))
  fail()
end)
-- expect stderr is: Error in task: later
-- expect stderr is: task #2 task
-- expect stderr is: stack traceback:
-- expect stderr is: 	[C]: in function 'error'
-- expect stderr is: 	$FILE:3: in upvalue 'fail'
-- expect stderr is: 	$FILE:7: in function <$FILE:5>
-- expect stderr is: spawned at $FILE:5 by #1 errors_caught_before_hide_no_traceback.lua
-- expect stderr is: Error in task: later
-- expect stderr is: task #3 other
-- expect stderr is: stack traceback:
-- expect stderr is: 	[C]: in function 'error'
-- expect stderr is: 	$FILE:3: in upvalue 'fail'
-- expect stderr is: 	$FILE:14: in function <$FILE:9>
-- expect stderr is: spawned at $FILE:9 by #1 errors_caught_before_hide_no_traceback.lua
-- expect status: 1
