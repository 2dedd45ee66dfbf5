-- The workloads, for every runner of Lua tasks that offers sleep, spawn and
-- async.now.  Each prints what it measured as key=value.

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

seconds = tonumber(seconds)
work[workload]()
