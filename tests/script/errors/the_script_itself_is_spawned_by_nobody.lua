error "at top level"
-- expect stderr is: Error in task: $FILE:1: at top level
-- expect stderr is: task #1 the_script_itself_is_spawned_by_nobody.lua
-- expect stderr is: stack traceback:
-- expect stderr is: 	[C]: in function 'error'
-- expect stderr is: 	$FILE:1: in main chunk
-- expect status: 1
