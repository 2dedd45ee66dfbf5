-- The workloads, for every runner of Lua tasks that offers sleep, spawn and
-- async.now, and for some await, async.channel and async.scope.  A runner whose
-- plain tasks cannot be awaited offers async.start.  Each workload prints what it
-- measured as key=value.

local workload, amount = ...
local MILLION <const> = 1000000

local wall, cpu

local function start()
  wall, cpu = async.now(), os.clock()
end

local function report(extra)
  print(string.format("wall=%.6f cpu=%.6f %s", async.now() - wall, os.clock() - cpu, extra or ""))
end

-- Bytes of this process that are in memory.
local function resident()
  local file <close> = assert(io.open("/proc/self/statm"))
  local _, pages = file:read("n", "n")
  return pages * 4096
end

local work = {}

-- 1,000 tasks take 1,000 turns each.
function work.switch()
  local left = 1000
  local function task()
    for _ = 1, 1000 do sleep(0) end
    left = left - 1
    if left == 0 then report() end
  end
  start()
  for _ = 1, left do spawn(task) end
end

-- A million tasks at once, each of which ends at once.
function work.spawn()
  local left = MILLION
  local function task()
    left = left - 1
    if left == 0 then report() end
  end
  start()
  for _ = 1, left do spawn(task) end
end

-- The same in waves of 1,000.
function work.waves()
  local ended = 0
  local function task() ended = ended + 1 end
  start()
  for wave = 1, 1000 do
    for _ = 1, 1000 do spawn(task) end
    repeat sleep(0) until ended == wave * 1000
  end
  report()
end

-- A million tasks asleep at once: what one of them weighs.
function work.sleepers()
  local asleep, awake = 0, 0
  local function task(delay)
    asleep = asleep + 1
    sleep(delay)
    awake = awake + 1
    if awake == MILLION then report() end
  end
  local before = resident()
  start()
  for i = 1, MILLION do spawn(task, amount + i * 7919 % 10000 / 10000) end
  repeat sleep(0.02) until asleep == MILLION
  print(string.format("bytes=%.1f early=%d", (resident() - before) / MILLION, awake))
end

-- Nanoseconds of CPU each time that one of so many tasks calls `turn`, and all of
-- them begin and end.
local function cost(tasks, turns, turn)
  local ended, begun = 0, os.clock()
  local function task()
    for _ = 1, turns do turn() end
    ended = ended + 1
  end
  for _ = 1, tasks do spawn(task) end
  repeat sleep(0) until ended == tasks
  return (os.clock() - begun) / (tasks * math.max(1, turns)) * 1e9
end

-- Bytes of a task that sleeps, of so many.
local function weight(tasks)
  local asleep, awake = 0, 0
  local before, till = resident(), async.now() + 0.2 + tasks * 5e-6
  local function task()
    asleep = asleep + 1
    sleep(till - async.now())
    awake = awake + 1
  end
  for _ = 1, tasks do spawn(task) end
  repeat sleep(0.001) until asleep == tasks
  local bytes = (resident() - before) / tasks
  repeat sleep(0.01) until awake == tasks
  return bytes
end

-- What a step costs, a sleep, a task from spawn to end, and what one weighs that
-- sleeps, with `amount` of them at once.
function work.growth()
  local bytes = weight(amount) -- first, while no memory lies idle
  local rounds, spawned = math.max(1, 200000 // amount), 0
  for _ = 1, rounds do spawned = spawned + cost(amount, 0) / rounds end
  local turns = math.max(2, 2000000 // amount)
  local step = cost(amount, turns, function() sleep(0) end)
  local slept = cost(amount, math.max(1, 100000 // amount), function() sleep(1e-6) end)
  print(string.format("tasks=%d bytes=%.0f spawn=%.1f step=%.1f sleep=%.1f", amount, bytes,
    spawned, step, slept))
end

-- How late sleepers woke, counted in hundredths of a millisecond.
local function percentile(counts, fraction)
  local seen, wanted = 0, fraction * MILLION
  for late = 0, 100000 do
    seen = seen + (counts[late] or 0)
    if seen >= wanted then return late / 100 end
  end
  return math.huge
end

-- 10,000 tasks sleep 100 times, 1 to 20 ms.
function work.timers()
  local left, counts = 10000, {}
  local function task(number)
    for turn = 1, 100 do
      local delay = ((number * 7 + turn * 13) % 20 + 1) / 1000
      local due = async.now() + delay
      sleep(delay)
      local late = math.max(0, (async.now() - due) * 100000 // 1 | 0)
      counts[late] = (counts[late] or 0) + 1
    end
    left = left - 1
    if left > 0 then return end
    report(string.format("p50=%.2f p99=%.2f", percentile(counts, 0.5), percentile(counts, 0.99)))
  end
  start()
  for number = 1, left do spawn(task, number) end
end

-- A million tasks sleep; fifty others make garbage, a few gigabytes in all, and sleep
-- a millisecond in between: how much later than that are they woken?
function work.pause()
  local left, late = 50, {}
  local function idle() sleep(3600) end
  local function task()
    for _ = 1, 1000 do
      local due = async.now() + 0.001
      sleep(0.001)
      late[#late + 1] = (async.now() - due) * 1000
      local garbage = {}
      for i = 1, 300 do garbage[i] = {i} end
    end
    left = left - 1
  end
  for _ = 1, MILLION do spawn(idle) end
  sleep(0.1)
  for _ = 1, left do spawn(task) end
  repeat sleep(0.1) until left == 0
  local begun = os.clock()
  collectgarbage()
  local full = (os.clock() - begun) * 1000
  table.sort(late)
  print(string.format("worst=%.1f p999=%.2f p50=%.3f full=%.0f", late[#late],
    late[#late * 999 // 1000], late[#late // 2], full))
  os.exit(0)
end

-- Two tasks send a number to and fro, a million times.  Where a channel without
-- a buffer cannot be had it is one of 1: the sender does not wait there either.
function work.pingpong()
  local there, back = async.channel(0), async.channel(0)
  spawn(function()
    for _ = 1, MILLION do back:send(there:recv() + 1) end
  end)
  spawn(function()
    local number = 0
    start()
    for _ = 1, MILLION do
      there:send(number)
      number = back:recv()
    end
    report("last=" .. number)
  end)
end

-- A million numbers from one producer to four consumers, through a channel of 100.
function work.producer()
  local numbers, left, sum = async.channel(100), 4, 0
  local function consume()
    for number in numbers.recv, numbers do sum = sum + number end
    left = left - 1
    if left == 0 then report("sum=" .. sum) end
  end
  for _ = 1, left do spawn(consume) end
  start()
  for number = 1, MILLION do numbers:send(number) end
  numbers:close()
end

-- A million tasks, each awaited before the next is made.
function work.finish()
  local begin, sum = async.start or spawn, 0
  local function task(number) return number end
  start()
  for number = 1, MILLION do sum = sum + await(begin(task, number)) end
  report("sum=" .. sum)
end

-- A million tasks in a thousand scopes, one after the other.
function work.scope()
  local ended = 0
  local function task() ended = ended + 1 end
  start()
  for _ = 1, 1000 do
    async.scope(function(s)
      for _ = 1, 1000 do s:spawn(task) end
    end)
  end
  report("ended=" .. ended)
end

-- 100,000 sleepers in one scope: from its cancellation until all have cleaned up
-- and ended.  What peers without that do instead is told where they do it.
function work.cancel()
  local COUNT <const> = 100000
  local asleep, gone = 0, 0
  local leaving = setmetatable({}, {__close = function() gone = gone + 1 end})
  async.scope(function(s)
    local rest = s.sleep or sleep
    local function task()
      local clean_up <close> = leaving
      asleep = asleep + 1
      rest(3600)
    end
    for _ = 1, COUNT do s:spawn(task) end
    repeat sleep(0.02) until asleep == COUNT
    start()
    s:cancel()
  end)
  report(string.format("gone=%d", gone))
end

amount = tonumber(amount)
work[workload]()
