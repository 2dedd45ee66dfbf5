-- Threads: `sum` over one or two, 10 MB of records there and back, and `map` over CPU work.
--
--   threads.lua sum | records | map

local what = ...

local function busy(count)
  local sum = 0
  for i = 1, count do sum = sum + i % 7 end
  return sum
end

local function timed(fn)
  local began = async.now()
  fn()
  return async.now() - began
end

local work = {}

-- Twice the same, one after the other in one thread, and at once in two.
function work.sum()
  local count <const> = 50000000
  async.thread(busy, 1)
  local one = timed(function()
    async.thread(busy, count)
    async.thread(busy, count)
  end)
  local two = timed(function() async.map({count, count}, busy, {threads = true, limit = 2}) end)
  print(string.format("one=%.6f two=%.6f gain=%.3f", one, two, one / two))
end

local function records()
  local list = {}
  for i = 1, 40000 do
    list[i] = {id = i, name = "name of " .. i, price = i / 7, tags = {"a", "tag" .. i % 100},
      active = i % 2 == 0}
  end
  return list
end

function work.records()
  local there, back = async.channel(1), async.channel(1)
  local echo = spawn(async.thread, function(from, to)
    for value in from:iter() do to:send(value) end
  end, there, back)
  local list, best = records(), math.huge
  for _ = 1, 7 do
    best = math.min(best, timed(function()
      there:send(list)
      back:recv()
    end))
  end
  there:close()
  await(echo)
  print(string.format("best=%.6f", best))
end

-- 16 pieces of work, which each takes some 50 ms.
function work.map()
  local list = {}
  for i = 1, 16 do list[i] = 5000000 end
  print(string.format("wall=%.6f", timed(function() async.map(list, busy, {threads = true}) end)))
end

work[what]()
