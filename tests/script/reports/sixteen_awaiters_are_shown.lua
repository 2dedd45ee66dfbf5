local function start(name, fn) return spawn({name = name}, fn) end
local task = start("task 0", function() sleep(1) error("broken", 0) end)
for i = 1, 20 do
  local before = task
  task = start("task " .. i, function()
    await(before)
  end)
end
-- expect stderr is: Error in task: broken
-- expect stderr is: task #2 task 0
-- expect stderr: awaited at $FILE:6 by #3 task 1
-- expect stderr is: 	$FILE:6: in function <$FILE:5>
-- expect stderr is: awaited at $FILE:6 by #4 task 2
-- expect stderr is: 	$FILE:6: in function <$FILE:5>
-- expect stderr is: awaited at $FILE:6 by #5 task 3
-- expect stderr is: 	$FILE:6: in function <$FILE:5>
-- expect stderr is: awaited at $FILE:6 by #6 task 4
-- expect stderr is: 	$FILE:6: in function <$FILE:5>
-- expect stderr is: awaited at $FILE:6 by #7 task 5
-- expect stderr is: 	$FILE:6: in function <$FILE:5>
-- expect stderr is: awaited at $FILE:6 by #8 task 6
-- expect stderr is: 	$FILE:6: in function <$FILE:5>
-- expect stderr is: awaited at $FILE:6 by #9 task 7
-- expect stderr is: 	$FILE:6: in function <$FILE:5>
-- expect stderr is: awaited at $FILE:6 by #10 task 8
-- expect stderr is: 	$FILE:6: in function <$FILE:5>
-- expect stderr is: awaited at $FILE:6 by #11 task 9
-- expect stderr is: 	$FILE:6: in function <$FILE:5>
-- expect stderr is: awaited at $FILE:6 by #12 task 10
-- expect stderr is: 	$FILE:6: in function <$FILE:5>
-- expect stderr is: awaited at $FILE:6 by #13 task 11
-- expect stderr is: 	$FILE:6: in function <$FILE:5>
-- expect stderr is: awaited at $FILE:6 by #14 task 12
-- expect stderr is: 	$FILE:6: in function <$FILE:5>
-- expect stderr is: awaited at $FILE:6 by #15 task 13
-- expect stderr is: 	$FILE:6: in function <$FILE:5>
-- expect stderr is: awaited at $FILE:6 by #16 task 14
-- expect stderr is: 	$FILE:6: in function <$FILE:5>
-- expect stderr is: awaited at $FILE:6 by #17 task 15
-- expect stderr is: 	$FILE:6: in function <$FILE:5>
-- expect stderr is: awaited at $FILE:6 by #18 task 16
-- expect stderr is: 	$FILE:6: in function <$FILE:5>
-- expect stderr is: spawned at $FILE:1 by #1 sixteen_awaiters_are_shown.lua
-- expect status: 1
