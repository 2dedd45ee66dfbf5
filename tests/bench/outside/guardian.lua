-- What the process costs that ends what a run leaves: memory, and what the first command takes
-- beyond the next ones, which is to make it and to load what commands need.

local SAMPLES <const> = 50

local function read(path)
  local file <close> = assert(io.open(path))
  return file:read "a"
end

local function timed()
  local began = async.now()
  async.process.run{"true"}
  return (async.now() - began) * 1000
end

local first, later = timed(), {}
for i = 1, SAMPLES do later[i] = timed() end
table.sort(later)

local self = read "/proc/self/stat":match "%d+"
local guardian = read("/proc/self/task/" .. self .. "/children"):match "%d+"
local memory = read("/proc/" .. guardian .. "/smaps_rollup")
print(string.format("first=%.3f later=%.3f rss=%d pss=%d private=%d", first, later[SAMPLES // 2],
  memory:match "Rss:%s*(%d+)", memory:match "Pss:%s*(%d+)",
  memory:match "Private_Dirty:%s*(%d+)"))
