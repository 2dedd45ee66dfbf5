-- A simulation: customers come into a bank with two counters and wait in one
-- queue.  Under virtual time a day at the bank takes no time at all, and two
-- runs give the same numbers.  A second here is a minute there: without the
-- option it takes six minutes and more.
--
--   tinyasync run --virtual-time scripts/bank.lua [COUNTERS]

local COUNTERS = tonumber(arg[1]) or 2
local CUSTOMERS = 200
local BETWEEN, SERVICE = 2.0, 3.6 -- minutes, on average

math.randomseed(2025)

-- Chance with a mean: how long until the next one, when they come at random.
local function draw(mean)
  return -mean * math.log(1 - math.random())
end

local free = COUNTERS
local queue = {} -- the customers who wait, first come first
local waits = {}
local longest = 0

local function customer()
  local came = async.now()
  local me = async.current()
  queue[#queue + 1] = me
  longest = math.max(longest, #queue)
  while queue[1] ~= me or free == 0 do sleep(0.1) end
  table.remove(queue, 1)
  free = free - 1
  waits[#waits + 1] = async.now() - came
  sleep(draw(SERVICE))
  free = free + 1
end

-- The last customer's end is the end of the day.
local function report()
  table.sort(waits)
  local sum = 0
  for _, wait in ipairs(waits) do sum = sum + wait end
  print(("%d customers, %d counters, %.0f minutes"):format(#waits, COUNTERS, async.now()))
  print(("waited on average %.1f minutes, half of them less than %.1f, at worst %.1f"):format(
    sum / #waits, waits[#waits // 2], waits[#waits]))
  print(("longest queue: %d"):format(longest))
end

local inside = 0

for _ = 1, CUSTOMERS do
  inside = inside + 1
  spawn(function()
    customer()
    inside = inside - 1
  end)
  sleep(draw(BETWEEN))
end
while inside > 0 do sleep(1) end
report()

-- expect: 200 customers, 2 counters, 362 minutes
-- expect: waited on average 5.1 minutes, half of them less than 2.5, at worst 27.2
-- expect: longest queue: 14
