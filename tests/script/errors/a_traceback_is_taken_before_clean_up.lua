spawn({name = "harry"}, function()
  local guard <close> = setmetatable({}, {__close = function() sleep(1) end})
  error("broken", 0)
end)
-- expect stderr is: Error in task: broken
-- expect stderr is: task #2 harry
-- expect stderr is: stack traceback:
-- expect stderr is: 	[C]: in function 'error'
-- expect stderr is: 	$FILE:3: in function <$FILE:1>
-- expect stderr is: spawned at $FILE:1 by #1 a_traceback_is_taken_before_clean_up.lua
-- expect status: 1
