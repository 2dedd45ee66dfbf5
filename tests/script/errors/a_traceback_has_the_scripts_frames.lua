local function inner()
  error "broken"
end
local function outer()
  sleep(1)
  inner()
end
spawn({name = "harry"}, function()
  pcall(sleep, 1)
  outer()
  print "never"
end)
-- expect stderr is: Error in task: $FILE:2: broken
-- expect stderr is: task #2 harry
-- expect stderr is: stack traceback:
-- expect stderr is: 	[C]: in function 'error'
-- expect stderr is: 	$FILE:2: in upvalue 'inner'
-- expect stderr is: 	$FILE:6: in upvalue 'outer'
-- expect stderr is: 	$FILE:10: in function <$FILE:8>
-- expect stderr is: spawned at $FILE:8 by #1 a_traceback_has_the_scripts_frames.lua
-- expect status: 1
