-- Under virtual time nobody can interrupt it.
local guard <close> = setmetatable({}, {__close = function() print("closed") end})
sleep(math.huge)
-- expect stderr is: deadlock: 1 task waits and nothing can wake it
-- expect stderr: sleep for ever
-- expect: closed
-- expect status: 3
