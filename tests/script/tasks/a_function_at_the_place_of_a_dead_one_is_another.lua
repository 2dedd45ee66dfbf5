-- Lua gives new functions the addresses of old ones: tasks are called after their own.
local function new(which)
  local kept = {}
  if which == 1 then return function() return kept end end
  if which == 2 then return function() return kept end end
  return function() return kept end
end

local tasks, lines = {}, {}
for round = 1, 300 do
  local which = round % 3 + 1
  local work = new(which)
  for i = 1, round % 4 do
    tasks[#tasks + 1] = spawn(work)
    lines[#tasks] = which + 3
  end
  sleep(0)
  if round % 7 == 0 then collectgarbage() end
end
sleep(0)
local wrong = 0
for i, task in ipairs(tasks) do
  if not task.name:find(":" .. lines[i] .. "$") then wrong = wrong + 1 end
end
print(#tasks, wrong)  -- expect: 450	0

-- A global one is called so as long as it is global.
function worker() return 1 end
local work = worker
local list = {}
for i = 1, 4 do
  list[i] = spawn(work)
  list[i]:await()
end
worker = nil
for i = 5, 8 do
  list[i] = spawn(work)
  list[i]:await()
end
print(list[4].name, list[8].name)
-- expect: worker	a_function_at_the_place_of_a_dead_one_is_another.lua:28
