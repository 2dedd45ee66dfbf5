-- However many tasks were spawned with one function, none of them keeps it when it has
-- ended; each is called after it.
local held = setmetatable({}, {__mode = "k"})
local ended = {}

local function spawn_many(count, pause)
  local big = {}
  held[big] = true
  local function work() sleep(big and pause) end
  for i = 1, count do ended[#ended + 1] = spawn(work) end
end

local function is_held()
  for _ = 1, 3 do collectgarbage() end
  return next(held) ~= nil
end

for _, count in ipairs {1, 2, 3, 100} do
  spawn(spawn_many, count, 1):await()
  print(count, is_held())
  sleep(2)
  print(count, is_held())
end
-- expect: 1	true
-- expect: 1	false
-- expect: 2	true
-- expect: 2	false
-- expect: 3	true
-- expect: 3	false
-- expect: 100	true
-- expect: 100	false

local names = {}
for _, task in ipairs(ended) do
  if not names[task.name] then names[#names + 1] = task.name end
  names[task.name] = (names[task.name] or 0) + 1
end
print(#names, names[1], names[names[1]])
-- expect: 1	what_many_tasks_run_goes_with_the_last_of_them.lua:9	106

-- Whoever is given a name, or cancelled before it starts, is no exception.
local function spawn_odd()
  local big = {}
  held[big] = true
  local function work(...) sleep(big and 1) end
  for i = 1, 3 do
    ended[#ended + 1] = spawn({name = "given"}, work)
    ended[#ended + 1] = spawn(work, i)
    ended[#ended + 1] = spawn(work, i, i)
    ended[#ended + 1] = spawn(work)
    ended[#ended]:cancel()
    ended[#ended + 1] = spawn(work)
    names[#names + 1] = ended[#ended].name
  end
end

spawn(spawn_odd):await()
sleep(2)
print(is_held(), ended[#ended].name, ended[#ended - 4].name)
-- expect: false	what_many_tasks_run_goes_with_the_last_of_them.lua:45	given
