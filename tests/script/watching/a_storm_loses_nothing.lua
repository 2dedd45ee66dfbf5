-- options: --timeout=100
package.path = "tests/?.lua;" .. package.path
local watching = require "kit.watching"
local write, sh, settle, told = watching.write, watching.sh, watching.settle, watching.told
local d <const>, gone <close> = watching.directory()

-- The kernel's queue is too short for it while nobody reads, and says so to nobody: all is told.
sh('mkdir "$1/storm" "$1/calm"', d)
local function exists(path)
  local file = io.open(path)
  return file and file:close()
end
local lines = watching.tell(d, {recursive = true}, d, function()
  local storm <close> = async.process.spawn{"sh", "-c",
    "cd storm && seq 10000 | xargs touch && seq 10000 | xargs touch -d @1 && : >../calm/last", cwd = d}
  local began = os.time()
  repeat until exists(d .. "/calm/last") or os.time() - began > 25 -- and nobody reads
end)
local times, all = {}, 0
for _, line in ipairs(lines) do
  times[line] = (times[line] or 0) + 1
  if times[line] == 1 then all = all + 1 end
end
-- expect: 10001	10001
print(#lines, all)
-- expect: 1
print(times["created calm/last"])

-- While somebody reads.
lines = watching.tell(d .. "/calm", nil, d, function()
  sh('cd "$1/calm"; seq 10000 | xargs touch', d)
end)
local created = {}
for _, line in ipairs(lines) do
  if line:find "^created" then created[line] = (created[line] or 0) + 1 end
end
local count, most = 0, 0
for _, n in pairs(created) do
  count, most = count + 1, math.max(most, n)
end
-- expect: 10000	1
print(count, most)
