-- Records of spawns are shared, numbered, and given up: none is mistaken for another.
local function fail(when)
  sleep(when)
  error("planned " .. when, 0)
end

local function spawn_here(when) return spawn(fail, when) end
local function spawn_there(when) return spawn(fail, when) end

-- Many records come and go.
for round = 1, 40 do
  spawn(function() spawn(sleep, 0) spawn_here(-1):pawait() end)
  sleep(0)
end
sleep(1)
spawn_here(1)
spawn(function() spawn_there(2) end)
for round = 1, 40 do spawn(function() spawn(sleep, 3) end) end
spawn_here(4)
-- expect stderr: Error in task: planned 1
-- expect stderr: spawned at $FILE:7 by
-- expect stderr: Error in task: planned 2
-- expect stderr: spawned at $FILE:8 by
-- expect stderr: spawned at $FILE:17 by
-- expect stderr: Error in task: planned 4
-- expect stderr: spawned at $FILE:7 by
-- expect status: 1
