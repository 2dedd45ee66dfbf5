-- The house as its includes draw it: lua5.4 tests/graph.lua [--draw] src/*/*.[ch]
--
-- A room is a .c file with its header.  Says which arrows go up, and which rooms include
-- one another in a circle that is larger than the largest there may be.  --draw prints
-- every arrow between two rooms, floor by floor.

local MOST_IN_A_CIRCLE = 3 -- it may only fall

-- What each floor may include; one that is not named here includes what it likes.
local below = {
  core = {},
  words = {core = true},
  library = {core = true, words = true},
  host = {},
  io = {host = true},
  kit = {host = true, io = true},
  watch = {host = true, io = true},
  hosted = {host = true, io = true},
}

local draw = arg[1] == "--draw"
if draw then table.remove(arg, 1) end

local rooms, arrows = {}, {}

local function floor_of(room)
  return room:match "^[^/]+"
end

local function read(file)
  local room = file:gsub("^src/", ""):gsub("%.[ch]$", "")
  if not arrows[room] then
    rooms[#rooms + 1] = room
    arrows[room] = {}
  end
  for line in io.lines(file) do
    local included = line:match '^%s*#%s*include%s+"([%w_]+/[%w_]+)%.h"'
    if included and included ~= room then arrows[room][included] = true end
  end
end

for _, file in ipairs(arg) do read(file) end
table.sort(rooms)

local failed = false

local function complain(...)
  failed = true
  print(string.format(...))
end

local function sorted(set)
  local list = {}
  for key in pairs(set) do list[#list + 1] = key end
  table.sort(list)
  return list
end

for _, room in ipairs(rooms) do
  local allowed = below[floor_of(room)]
  for _, to in ipairs(sorted(arrows[room])) do
    local floor = floor_of(to)
    if allowed and floor ~= floor_of(room) and not allowed[floor] then
      complain("%s includes %s, which is above it", room, to)
    end
  end
  if draw then print(room .. " -> " .. table.concat(sorted(arrows[room]), " ")) end
end

-- Rooms that reach each other (Tarjan).
local index, low, on_stack, stack, count = {}, {}, {}, {}, 0

local function visit(room)
  count = count + 1
  index[room], low[room] = count, count
  stack[#stack + 1], on_stack[room] = room, true
  for to in pairs(arrows[room] or {}) do
    if not index[to] then
      visit(to)
      low[room] = math.min(low[room], low[to])
    elseif on_stack[to] then
      low[room] = math.min(low[room], index[to])
    end
  end
  if low[room] ~= index[room] then return end
  local circle = {}
  repeat
    local member = table.remove(stack)
    on_stack[member] = nil
    circle[#circle + 1] = member
  until member == room
  table.sort(circle)
  if #circle > MOST_IN_A_CIRCLE then
    complain("%d rooms include one another: %s", #circle, table.concat(circle, ", "))
  elseif draw and #circle > 1 then
    print("circle: " .. table.concat(circle, ", "))
  end
end

for _, room in ipairs(rooms) do
  if not index[room] then visit(room) end
end

os.exit(not failed)
