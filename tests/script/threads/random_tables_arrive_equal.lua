-- Tables with sharing and cycles, there and back: a walk over both finds the same, and one
-- copy for each table.
local seed = os.time()
math.randomseed(seed)
local random = math.random

local function scalar()
  local kinds = {
    function() return random(-200, 200) end,
    function() return random(0) end,
    function() return random() * 10 ^ random(-300, 300) end,
    function() return random(2) == 1 end,
    function() return ("\0s\255é"):rep(random(0, 90)) .. random(9) end,
    function() return ({math.huge, -math.huge, 0.0, -0.0, 1.0, math.mininteger})[random(6)] end,
  }
  return kinds[random(#kinds)]()
end

local function build(size)
  local all = {}
  for i = 1, size do all[i] = {} end
  local function value() return random(3) == 1 and all[random(size)] or scalar() end
  for i = 1, size do
    for j = 1, random(0, 6) do all[i][j] = value() end
    for _ = 1, random(0, 5) do all[i][scalar()] = value() end
    for _ = 1, random(0, 9) do all[i]["key " .. random(150)] = value() end -- again and again
    if i > 1 then all[i - 1]["to" .. i] = all[i] end
    if random(6) == 1 then all[i][all[random(size)]] = value() end
  end
  return all[1]
end

local function same(a, b, met)
  if type(a) ~= "table" then
    return math.type(a) == math.type(b) and (a == b and 1 / (a == 0 and a or 1) == 1 / (b == 0 and b or 1))
  end
  if met[a] then return met[a] == b end
  if type(b) ~= "table" or met[b] then return false end
  met[a], met[b] = b, true
  local keys, tables = 0, {}
  for k, v in next, a do
    keys = keys + 1
    if type(k) == "table" then
      tables[k] = v
    elseif type(v) == "table" or type(b[k]) == "table" then
      if not same(v, b[k], met) then return false end
    elseif v ~= b[k] or math.type(v) ~= math.type(b[k]) then
      return false
    end
  end
  for _ in next, b do keys = keys - 1 end
  for k, v in next, tables do -- which key is which shows in what is known of it
    local copy = met[k]
    if copy and not same(v, b[copy], met) then return false end
  end
  return keys == 0
end

local there, back = async.channel(1), async.channel(1)
local echo = spawn(async.thread, function(from, to)
  for value in from:iter() do to:send(value) end
end, there, back)
for round = 1, 150 do
  local t = build(random(1, 40))
  there:send(t)
  local copy = back:recv()
  if not same(t, copy, {}) then error(("seed %d, round %d"):format(seed, round)) end
end
there:close()
await(echo)
print "equal"                                -- expect: equal
