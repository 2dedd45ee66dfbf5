-- SPDX-License-Identifier: MIT
--
-- soak.lua -- very many short commands, fifty at a time, some cancelled at random: memory,
-- descriptors and zombies stay what they were.
--
--   tinyasync run tests/model/soak.lua [COUNT [SEED]]

package.path = "tests/?.lua;" .. package.path
local processes = require "kit.processes"

local process = async.process
local count, seed = tonumber(arg and arg[1]) or 500, tonumber(arg and arg[2]) or 1
local AT_ONCE = 50
local MOST = 4096 -- KiB that it may have grown by: pools, and what the collector leaves

math.randomseed(seed)

-- A sanitizer gives no memory back.
local is_sanitized = process.try{"sh", "-c", "grep -q __asan_init /proc/$PPID/exe"}.ok

local function resident()
  collectgarbage()
  collectgarbage()
  local file <close> = io.open "/proc/self/status"
  return tonumber(file:read("a"):match "VmRSS:%s*(%d+)")
end

local calls = {
  function(i) assert(process.read{"echo", i} == tostring(i)) end,
  function() assert(process.try{"false"}.status == 1) end,
  function() assert(not pcall(process.run, {"there-is-no-such"})) end,
  function() process.run{"cat", stdin = "x", stdout = function(line) assert(line == "x") end} end,
  function() process.run(process.pipe({"echo", "x", stderr = "null"}, {"cat", stdout = "null"})) end,
  function()
    local child <close> = process.spawn{"sleep", "60", grace = 1}
    sleep(math.random() * 0.01)
  end,
}

local function one(i)
  local call = calls[math.random(#calls)]
  if math.random(4) == 1 then
    async.move_on_after(math.random() * 0.02, call, i)
  else
    call(i)
  end
end

local function many(n)
  local list = {}
  for i = 1, n do list[i] = i end
  async.map(list, one, {limit = AT_ONCE})
end

many(math.max(200, count // 10))
local memory, descriptors = resident(), processes.descriptors()
many(count)
local grown = resident() - memory
assert(processes.wait_until(function()
  collectgarbage()
  return processes.descriptors() <= descriptors
end), "descriptors are left")
local zombies, living = processes.of_ours()
assert(zombies == 0 and living == 0, "children are left")
assert(is_sanitized or grown <= MOST, grown .. " KiB more are in use")
print(string.format("ok soak (%d commands)", count))
