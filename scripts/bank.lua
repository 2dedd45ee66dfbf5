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

-- Whoever comes first is served first.
local counters = async.semaphore(COUNTERS, "counters")
local waits = {}
local queue, longest = 0, 0

local function customer()
  local came = async.now()
  queue = queue + 1
  longest = math.max(longest, queue)
  local counter <close> = counters:acquire()
  queue = queue - 1
  waits[#waits + 1] = async.now() - came
  sleep(draw(SERVICE))
end

-- The last customer's end is the end of the day.
async.scope(function(s)
  for _ = 1, CUSTOMERS do
    s:spawn(customer)
    sleep(draw(BETWEEN))
  end
end)

table.sort(waits)
local sum = 0
for _, wait in ipairs(waits) do sum = sum + wait end
print(("%d customers, %d counters, %.0f minutes"):format(#waits, COUNTERS, async.now()))
print(("waited on average %.1f minutes, half of them less than %.1f, at worst %.1f"):format(
  sum / #waits, waits[#waits // 2], waits[#waits]))
print(("longest queue: %d"):format(longest))

-- expect: 200 customers, 2 counters, 367 minutes
-- expect: waited on average 5.3 minutes, half of them less than 1.5, at worst 24.3
-- expect: longest queue: 13
