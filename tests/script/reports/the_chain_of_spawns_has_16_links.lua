-- A task 100 generations down tells of the last 16.
local function chain(n)
  if n == 100 then error("the last one", 0) end
  spawn({name = "generation " .. n + 1}, chain, n + 1)
end
chain(0)
-- expect stderr is: Error in task: the last one
-- expect stderr is: task #101 generation 100
-- expect stderr is: stack traceback:
-- expect stderr is: 	[C]: in function 'error'
-- expect stderr is: 	$FILE:3: in function <$FILE:2>
-- expect stderr is: spawned at $FILE:4 by #100 generation 99
-- expect stderr is: spawned at $FILE:4 by #99 generation 98
-- expect stderr is: spawned at $FILE:4 by #98 generation 97
-- expect stderr is: spawned at $FILE:4 by #97 generation 96
-- expect stderr is: spawned at $FILE:4 by #96 generation 95
-- expect stderr is: spawned at $FILE:4 by #95 generation 94
-- expect stderr is: spawned at $FILE:4 by #94 generation 93
-- expect stderr is: spawned at $FILE:4 by #93 generation 92
-- expect stderr is: spawned at $FILE:4 by #92 generation 91
-- expect stderr is: spawned at $FILE:4 by #91 generation 90
-- expect stderr is: spawned at $FILE:4 by #90 generation 89
-- expect stderr is: spawned at $FILE:4 by #89 generation 88
-- expect stderr is: spawned at $FILE:4 by #88 generation 87
-- expect stderr is: spawned at $FILE:4 by #87 generation 86
-- expect stderr is: spawned at $FILE:4 by #86 generation 85
-- expect stderr is: spawned at $FILE:4 by #85 generation 84
-- expect status: 1
