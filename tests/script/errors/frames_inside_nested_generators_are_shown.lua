local function inner()
  sleep(1)
  error("inside", 0)
end
local function outer()
  local generator = coroutine.wrap(inner)
  generator()
end
local function task()
  local generator = coroutine.wrap(outer)
  generator()
end
spawn({name = "task"}, task)
-- expect stderr: inside
-- expect stderr is: task #2 task
-- expect stderr is: stack traceback:
-- expect stderr: 	$FILE:3: in function <$FILE:1>
-- expect stderr: 	$FILE:7: in function <$FILE:5>
-- expect stderr: 	$FILE:11: in function <$FILE:9>
-- expect stderr is: spawned at $FILE:13 by #1 frames_inside_nested_generators_are_shown.lua
-- expect status: 1
