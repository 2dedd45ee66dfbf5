-- How long do tasks stand still while commands start in a large process?
--
--   tinyasync run tests/bench/forks.lua [TASKS [COMMANDS]]
--
-- A million tasks sleep, one ticks; commands are started, sixteen at a time.  Prints the
-- longest pause of the one that ticks, in milliseconds, with and without commands, and what a
-- command took.

local tasks, commands = tonumber(arg and arg[1]) or 1000000, tonumber(arg and arg[2]) or 1000
local AT_ONCE = 16
local TICK = 0.001

local function resident()
  local file <close> = assert(io.open "/proc/self/status")
  return tonumber(file:read "a":match "VmRSS:%s*(%d+)") // 1024
end

-- The longest time between two ticks beyond what was asked for, while fn runs.
local function longest_pause(fn)
  local longest, last = 0, async.now()
  local ticking = spawn(function()
    while true do
      sleep(TICK)
      local now = async.now()
      longest = math.max(longest, now - last - TICK)
      last = now
    end
  end)
  fn()
  ticking:cancel()
  return longest * 1000
end

for _ = 1, tasks do spawn({daemon = true}, sleep, 1e9) end
sleep(0.1) -- each has begun
collectgarbage()

local quiet = longest_pause(function() sleep(1) end)
local began, cpu = async.now(), os.clock()
local loud = longest_pause(function()
  local list = {}
  for i = 1, commands do list[i] = i end
  async.map(list, function() async.process.run{"true"} end, {limit = AT_ONCE})
end)
print(string.format("tasks=%d resident=%d MiB pause=%.2f ms quiet=%.2f ms rate=%.0f /s cpu=%.0f us",
  tasks, resident(), loud, quiet, commands / (async.now() - began),
  (os.clock() - cpu) / commands * 1e6))
os.exit(0)
