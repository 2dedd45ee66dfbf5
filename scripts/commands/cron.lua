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
-- Months and days of the week may have their English names (jan, MON); Sunday is 0 and 7.  Where
-- both a day and a weekday are given, either will do.
--
-- START is what the clock says at the beginning, in seconds since 1970: with
-- --virtual-time a day takes no longer than its commands.

local process, signal = async.process, async.signal
local name = arg[1]
if not name then
  io.stderr:write("usage: cron.lua TABLE [START]\n")
  os.exit(2, true)
end
local start = tonumber(arg[2])

-- Where no START is given it is the system's, whatever sets that or stops us meanwhile.
local function clock() return start and start + async.now() or os.time() end
local function log(...) print(os.date("%a %H:%M", clock() // 1), string.format(...)) end

local months = {jan = 1, feb = 2, mar = 3, apr = 4, may = 5, jun = 6, jul = 7, aug = 8, sep = 9,
  oct = 10, nov = 11, dec = 12}
local weekdays = {sun = 0, mon = 1, tue = 2, wed = 3, thu = 4, fri = 5, sat = 6}

-- "*", "5", "1-5", "MON", and with a step "*/15", "0-30/5": the first, the last and the step.
local function parse_part(part, first, last, names)
  local range, slash, step = part:match "^([%w*-]+)(/?)(%d*)$"
  local function number(text) return tonumber(text) or names and names[text:lower()] end
  local low, high = (range or ""):match "^(%w+)%-?(%w*)$"
  if range == "*" then
    low, high = first, last
  elseif low and (range:find "%-" ~= nil) == (high ~= "") then
    low, high = number(low), number(high == "" and low or high)
  else
    return
  end
  step = slash == "" and 1 or tonumber(step)
  local is_right = low and high and step and first <= low and low <= high and high <= last
  if is_right and step > 0 then return low, high, step end
end

-- The numbers that a field stands for, which may have several parts with commas.
local function parse_field(text, first, last, names)
  local set = {is_any = text:find "^%*" ~= nil}
  for part in (text .. ","):gmatch "([^,]*)," do
    local low, high, step = parse_part(part, first, last, names)
    if not low then
      error(("'%s' is no field of a table: expected %d to %d"):format(text, first, last), 0)
    end
    for value = low, high, step do set[value] = true end
  end
  return set
end

local function parse_line(line)
  local seconds, command = line:match "^@every%s+(%S+)%s+(.+)$"
  if seconds then return {every = assert(tonumber(seconds), line), command = command} end
  local minute, hour, day, month, weekday, rest =
    line:match "^(%S+)%s+(%S+)%s+(%S+)%s+(%S+)%s+(%S+)%s+(.+)$"
  assert(minute, "'" .. line .. "' is no line of a table")
  local wday = parse_field(weekday, 0, 7, weekdays)
  wday[0] = wday[0] or wday[7]
  return {
    command = rest, min = parse_field(minute, 0, 59), hour = parse_field(hour, 0, 23),
    day = parse_field(day, 1, 31), month = parse_field(month, 1, 12, months), wday = wday,
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

local function is_day(job, now)
  local day, wday = job.day[now.day], job.wday[now.wday - 1]
  if job.day.is_any or job.wday.is_any then return day and wday end
  return day or wday
end

local function is_due(job, now)
  return job.min and job.min[now.min] and job.hour[now.hour] and job.month[now.month]
    and is_day(job, now)
end

-- The first minute after that one that the clock comes to.  Sleeping does not count what the
-- machine spends suspended, and the clock may be set: it is looked at now and then.  A clock that
-- is put back a little gives no minute twice.
local function next_minute(minute)
  while true do
    sleep(math.max(0, math.min(10, (minute + 1) * 60 - clock())))
    local now = clock() // 60
    if now > minute or now < minute - 60 then return now end
  end
end

-- Until it is cancelled: each job at its times.
local function follow(jobs)
  async.scope(function(scope)
    for _, job in ipairs(jobs) do
      if job.every then scope:spawn(async.every, job.every, function() start_job(job) end) end
    end
    local minute = clock() // 60
    while true do
      minute = next_minute(minute)
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
