-- Asked for after the end it is what it was before.
local up = 1

function a_global() return up end
local function a_local() return up end
function _G.from_a_place() return up end

local function end_of(...)
  local task = spawn(...)
  task:pawait()
  return task
end

for _ = 1, 2 do -- the second time the name is known
  print(end_of(a_global).name)          -- expect: a_global
  print(end_of(a_local).name)           -- expect: a_name_outlives_the_function.lua:5
  print(end_of(function() return up end).name)
end
-- expect: a_name_outlives_the_function.lua:17
-- expect: a_global
-- expect: a_name_outlives_the_function.lua:5
-- expect: a_name_outlives_the_function.lua:17

print(end_of(sleep, 0).name)            -- expect: sleep
print(end_of(string.rep, "x", 3).name)  -- expect: string.rep
print(end_of(setmetatable({}, {__call = a_local})).name)
-- expect: a_name_outlives_the_function.lua:5

-- A global no longer, or another one of the same place.
local was = a_global
a_global = nil
print(end_of(was).name)                 -- expect: a_name_outlives_the_function.lua:4
for _, name in ipairs {"one", "two"} do _G[name] = function() return up end end
print(end_of(one).name, end_of(two).name, end_of(one).name)  -- expect: one	two	one

-- Who has spawned whom is known when the spawner is gone.
local last
end_of(function()
  end_of(function()
    last = spawn(function() sleep(1) error("late") end)
    return up
  end)
end)
collectgarbage()
-- expect stderr: Error in task: $FILE:40: late
-- expect stderr: spawned at $FILE:40 by #16 a_name_outlives_the_function.lua:39
-- expect stderr: spawned at $FILE:9 by #15 a_name_outlives_the_function.lua:38
-- expect status: 1
