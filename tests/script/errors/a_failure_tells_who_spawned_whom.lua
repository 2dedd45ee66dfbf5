local function chain(n)
  if n == 0 then error("the last one", 0) end
  spawn({name = "link " .. n}, chain, n - 1)
end
chain(2)
-- expect stderr is: Error in task: the last one
-- expect stderr is: task #3 link 1
-- expect stderr is: stack traceback:
-- expect stderr is: 	[C]: in function 'error'
-- expect stderr is: 	$FILE:2: in function <$FILE:1>
-- expect stderr is: spawned at $FILE:3 by #2 link 2
-- expect stderr is: spawned at $FILE:3 by #1 a_failure_tells_who_spawned_whom.lua
-- expect status: 1
