-- The second fails by itself, in words that it has caught before.
local function fail()
  error("same words", 0)
end
local first = spawn({name = "first"}, fail)
-- expect stderr is: Error in task: same words
-- expect stderr is: task #2 first
-- expect stderr: spawned at
sleep(1)
spawn({name = "second"}, function()
  pcall(await, first)
  fail()
end)
-- expect stderr is: Error in task: same words
-- expect stderr is: task #3 second
-- expect stderr is: stack traceback:
-- expect stderr is: 	[C]: in function 'error'
-- expect stderr is: 	$FILE:3: in upvalue 'fail'
-- expect stderr is: 	$FILE:12: in function <$FILE:10>
-- expect stderr is: spawned at $FILE:10 by #1 an_equal_message_is_another_failure.lua
-- expect status: 1
