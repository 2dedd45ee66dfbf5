local x, y = async.lock "x", async.lock "y"
local function take(first, second)
  local one <close> = first:acquire()
  sleep(1)
  local two <close> = second:acquire()
  print "never"
end
spawn({name = "a"}, take, x, y)
spawn({name = "b"}, take, y, x)
-- expect stderr is: deadlock: 2 tasks wait and nothing can wake them
-- expect stderr is:   #2 a: lock 'y' held by #3 b at $FILE:5
-- expect stderr is:     spawned at $FILE:8 by #1 a_deadlock_shows_a_cycle_of_locks.lua
-- expect stderr is:   #3 b: lock 'x' held by #2 a at $FILE:5
-- expect stderr is:     spawned at $FILE:9 by #1 a_deadlock_shows_a_cycle_of_locks.lua
-- expect stderr is:   cycle: #2 a -> #3 b -> #2 a
-- expect status: 3
