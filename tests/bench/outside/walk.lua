-- Finds all there is:  tinyasync run tests/bench/outside/walk.lua FOLDER
-- Makes N files there: tinyasync run tests/bench/outside/walk.lua FOLDER N

local fs = async.fs
local EACH <const> = 100 -- files in a directory

local function fill(folder, count)
  assert(fs.mkdir(folder))
  for i = 1, count do io.open(folder .. "/file" .. i, "w"):close() end
end

if arg[2] then
  assert(fs.mkdir(arg[1]))
  for i = 0, tonumber(arg[2]) // EACH - 1 do
    local upper = arg[1] .. "/upper" .. i // 10
    if i % 10 == 0 then assert(fs.mkdir(upper)) end
    fill(upper .. "/lower" .. i % 10, EACH)
  end
else
  local count = 0
  for _ in fs.walk(arg[1]) do count = count + 1 end
  assert(count >= 1000, "another tree")
end
