-- A scheduler, as cron: commands at their times, from a table of five fields and a command.  A
-- command that still runs when its time comes again is left alone.  HUP reads the table anew;
-- TERM and Control-C end it when the commands under way have ended.
--
--   tinyasync run scripts/commands/cron.lua TABLE [START]
--
--   # minute hour day month weekday command
--   */15 8-18 * * 1-5   ./report --quick
--   @every 0.5          ./heartbeat            every half second
--
-- START is what the clock says at the beginning, in seconds since 1970: with
-- --virtual-time a day takes no longer than its commands.

local process, signal = async.process, async.signal
local name = arg[1]
if not name then
  io.stderr:write("usage: cron.lua TABLE [START]\n")
  os.exit(2, true)
end
local start = tonumber(arg[2]) or os.time()

local function clock() return start + async.now() end
local function log(...) print(os.date("%a %H:%M", clock() // 1), string.format(...)) end

-- The numbers that a field stands for: "*", "5", "1-5", "*/15", and several with commas.
local function parse_field(text, first, last)
  local set = {}
  for part in text:gmatch "[^,]+" do
    local range, step = part:match "^([^/]+)/?(%d*)$"
    local low, high = (range or ""):match "^(%d+)%-?(%d*)$"
    if range == "*" then low, high = first, last end
    assert(low, "'" .. text .. "' is no field of a table")
    high = high == "" and low or high
    for value = tonumber(low), tonumber(high), tonumber(step) or 1 do set[value] = true end
  end
  return set
end

local function parse_line(line)
  local seconds, command = line:match "^@every%s+(%S+)%s+(.+)$"
  if seconds then return {every = assert(tonumber(seconds), line), command = command} end
  local minute, hour, day, month, weekday, rest =
    line:match "^(%S+)%s+(%S+)%s+(%S+)%s+(%S+)%s+(%S+)%s+(.+)$"
  assert(minute, "'" .. line .. "' is no line of a table")
  return {
    command = rest, min = parse_field(minute, 0, 59), hour = parse_field(hour, 0, 23),
    day = parse_field(day, 1, 31), month = parse_field(month, 1, 12),
    wday = parse_field(weekday, 0, 6),
  }
end

local function read_table()
  local jobs = {}
  for line in io.lines(name) do
    if line:find "^%s*[^#%s]" then jobs[#jobs + 1] = parse_line(line:match "^%s*(.-)%s*$") end
  end
  return jobs
end

local running = {} -- by their commands

local function run(job)
  local done <close> = async.defer(function() running[job.command] = nil end)
  local result, message = process.try{"sh", "-c", job.command, stdout = "inherit",
                                      stderr = "inherit"}
  if not result or not result.ok then
    log("%s: %s", job.command, message or "status " .. (result.status or result.signal))
  end
end

local function start_job(job)
  if running[job.command] then
    log("%s: still runs", job.command)
  else
    running[job.command] = true
    spawn({name = job.command}, run, job)
  end
end

local function is_due(job, now)
  return job.min and job.min[now.min] and job.hour[now.hour] and job.day[now.day]
    and job.month[now.month] and job.wday[now.wday - 1]
end

-- Until it is cancelled: each job at its times.
local function follow(jobs)
  async.scope(function(scope)
    for _, job in ipairs(jobs) do
      if job.every then scope:spawn(async.every, job.every, function() start_job(job) end) end
    end
    local minute = clock() // 60
    while true do
      minute = minute + 1
      sleep(minute * 60 - clock())
      local now = os.date("*t", minute * 60 // 1)
      for _, job in ipairs(jobs) do if is_due(job, now) then start_job(job) end end
    end
  end)
end

local schedule

-- A table that cannot be read changes nothing.
local function load_table()
  local ok, jobs = pcall(read_table)
  if not ok then return log("%s: %s", name, (tostring(jobs):gsub("^%S+:%d+: ", ""))) end
  log("%d jobs", #jobs)
  if schedule then schedule:cancel() end
  schedule = spawn({name = "schedule", daemon = true}, follow, jobs)
end

load_table()
signal.on("HUP", load_table)
log("ends: %s", signal.wait("TERM", "INT"))
schedule:cancel()
