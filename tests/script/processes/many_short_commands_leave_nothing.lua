-- options: --timeout=50
-- not under sanitizers: memory is not given back
package.path = "tests/?.lua;" .. package.path
local processes = require "kit.processes"

local function resident()
  collectgarbage()
  local file <close> = io.open "/proc/self/status"
  return tonumber(file:read("a"):match("VmRSS:%s*(%d+)"))
end

local function work(i)
  if i % 7 == 0 then
    async.move_on_after(math.random() * 0.01, async.process.run, {"sleep", "5", grace = 1})
  else
    assert(async.process.read{"echo", i} == tostring(i))
  end
end

local function many(from, to)
  local list = {}
  for i = from, to do list[#list + 1] = i end
  async.map(list, work, {limit = 50})
end

many(1, 100)
local descriptors = processes.descriptors()
-- The allocator keeps or gives back some pages now and then: what leaks does so in each round.
local growths, before = {}, resident()
for round = 1, 5 do
  many(21 + 80 * round, 100 + 80 * round)
  local now = resident()
  growths[round], before = now - before, now
end
table.sort(growths)
-- expect: true	true
print(growths[3] < 400, processes.descriptors() <= descriptors)
-- expect: 0	0
print(processes.of_ours())
