-- Runs a command again and again, sixteen at a time.
--
--   tinyasync run tests/bench/outside/commands.lua COMMANDS [MEGABYTES]
--
-- With MEGABYTES in memory beside; then the time and the CPU are printed, those of the commands
-- and of the guardian with it, as what came before is not to be counted.

local commands, megabytes = tonumber(arg[1]), tonumber(arg[2])
local AT_ONCE <const> = 16
local TICK <const> = 0.01 -- seconds: what the system counts CPU time in

local function read(path)
  local file <close> = assert(io.open(path))
  return file:read "a"
end

-- CPU seconds of a process, and of those that it has reaped.
local function cpu_of(pid)
  local fields, sum = {}, 0
  for field in read("/proc/" .. pid .. "/stat"):gsub("^.*%) ", ""):gmatch "%S+" do
    fields[#fields + 1] = field
  end
  for i = 12, 15 do sum = sum + tonumber(fields[i]) * TICK end
  return sum
end

-- The guardian is the one child that is left.
local function cpu_of_all()
  local sum = cpu_of "self"
  for pid in read("/proc/self/task/" .. read "/proc/self/stat":match "%d+" .. "/children")
      :gmatch "%d+" do
    sum = sum + cpu_of(pid)
  end
  return sum
end

local function run_all()
  local list = {}
  for i = 1, commands do list[i] = i end
  async.map(list, function() async.process.run{"true"} end, {limit = AT_ONCE})
end

if not megabytes then
  run_all()
else
  local ballast = {}
  for i = 1, megabytes do ballast[i] = string.rep("x", (1 << 20) - 64) end
  local began, cpu = async.now(), cpu_of_all()
  run_all()
  print(string.format("took=%.6f total=%.6f", async.now() - began, cpu_of_all() - cpu))
end
