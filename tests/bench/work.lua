-- The workloads, for every runner of Lua tasks that offers sleep, spawn and
-- async.now, and for some await, async.channel and async.scope.  A runner whose
-- plain tasks cannot be awaited offers async.start.  Each workload prints what it
-- measured as key=value.

local workload, seconds = ...
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
  for i = 1, MILLION do spawn(task, seconds + i * 7919 % 10000 / 10000) end
  repeat sleep(0.02) until asleep == MILLION
  print(string.format("bytes=%.1f early=%d", (resident() - before) / MILLION, awake))
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

seconds = tonumber(seconds)
work[workload]()
