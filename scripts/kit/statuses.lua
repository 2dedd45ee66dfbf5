#!/usr/bin/env tinyasync
-- Counts the statuses in many logs of a web server, on all cores.  What each log has is kept in a
-- file: killed at any moment and started again it goes on where it was.
--
--   tinyasync run scripts/kit/statuses.lua --to=counts /var/log/nginx/*.log

local options = async.args{
  "Counts the statuses in logs, or whatever a pattern finds in their lines, in threads.",
  {"LOG...", "what to count in"},
  {"-t, --to=DIR", "where to keep the counts", required = true},
  {"-p, --pattern=PATTERN", "what to count: its first capture", default = '" (%d%d%d) '},
  {"-j, --jobs=N", "how many logs at a time, or as many as there are cores", type = "integer",
    min = 1},
}

-- This runs in a thread: all that it needs is handed over.
local function count(path, pattern)
  local counts = {}
  local file <close> = assert(io.open(path))
  for line in file:lines() do
    local word = line:match(pattern)
    if word then counts[word] = (counts[word] or 0) + 1 end
  end
  return counts
end

assert(async.fs.mkdir(options.to, {parents = true}))
local log = assert(async.jobs(options.to .. "/jobs"))

-- Logs of one name may come from several directories.
local function place_of(path)
  return options.to .. "/" .. path:gsub("[%%/]", {["%"] = "%25", ["/"] = "%2F"}) .. ".counts"
end

local done = 0
for _, path in ipairs(options.log) do if log:done(path) then done = done + 1 end end
local bar <close> = async.progress{total = #options.log, done = done, label = "counting",
  unit = "logs"}

local summary = log:map(options.log, function(path)
  local rows = {}
  for word, times in pairs(async.thread(count, path, options.pattern)) do
    rows[#rows + 1] = {word, times}
  end
  assert(async.csv.write(place_of(path), rows))
  bar:add()
  return true
end, {limit = options.jobs or tonumber(async.process.read{"nproc"})})
bar:close()

local totals, words = {}, {}
for _, path in ipairs(options.log) do
  for row in log:done(path) and async.csv.rows(place_of(path)) or function() end do
    if not totals[row[1]] then words[#words + 1] = row[1] end
    totals[row[1]] = (totals[row[1]] or 0) + tonumber(row[2])
  end
end
table.sort(words)
for _, word in ipairs(words) do print(word, totals[word]) end

async.log.info("counted", {done = summary.done, before = summary.skipped, failed = summary.failed})
for path, why in pairs(summary.errors) do async.log.error(tostring(why), {log = path}) end
if summary.failed > 0 then os.exit(1, true) end
