-- Neither its object nor the tasks that it has spawned keep what its function held.
local held = setmetatable({}, {__mode = "k"})
local kept = {}

local function new(name)
  local big = {}
  held[big] = name
  return big
end

local function start()
  local a, b, c, d, e, f, g = new "handle", new "spawner", new "cancelled", new "failed", new "object",
    new "generator", new "argument"
  kept[1] = spawn(function() return a and true end)
  kept[2] = spawn(function()
    kept[3] = spawn({daemon = true}, function() sleep(math.huge) end)
    return b and true
  end)
  kept[4] = spawn(function() return c end)
  kept[4]:cancel()
  kept[5] = spawn(function()
    local walk = coroutine.wrap(function() local mine = d error("planned", 0) end)
    walk()
  end)
  kept[5]:pawait()
  kept[6] = spawn(setmetatable({e}, {__call = function() return true end}))
  kept[7] = spawn(coroutine.wrap(function() local mine = f sleep(1) return true end))
  kept[8] = spawn({name = "named"}, function(what) return true end, g)
  for _, task in ipairs(kept) do
    if task ~= kept[3] then task:pawait() end
  end
end

spawn(start):await()
for _ = 1, 3 do collectgarbage() end
for _, name in pairs(held) do print("held: " .. name) end
print(#kept)               -- expect: 8
