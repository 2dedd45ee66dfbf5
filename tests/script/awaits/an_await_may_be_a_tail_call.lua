-- The line of the await is known all the same, and so is the task's own.
local function fetch(name)
  sleep(1)
  error("cannot fetch " .. name)
end
local function get(name)
  local task = spawn({name = "fetch"}, fetch, name)
  return task:await()
end
get "x"
-- expect stderr is: Error in task: $FILE:4: cannot fetch x
-- expect stderr is: task #2 fetch
-- expect stderr is: stack traceback:
-- expect stderr is: 	[C]: in function 'error'
-- expect stderr is: 	$FILE:4: in function <$FILE:2>
-- expect stderr: awaited at $FILE:8 by #1 an_await_may_be_a_tail_call.lua
-- expect status: 1
