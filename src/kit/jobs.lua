-- SPDX-License-Identifier: MIT
--
-- jobs.lua -- async.jobs: which jobs are done, in a file that outlives the script.
--
-- A line is one write, and stays when the script is killed after it.  One that was torn, because
-- the system went down or the disk was full, is taken off before another is written.
-- The file is locked as long as a log is there: two runs would do the same jobs, and a line that
-- one is writing is torn to the other.

local parts = kit_parts()
local raise = parts.raise
local fs = parts.use("fs").fs

local HEADER = "started\tseconds\tresult\tjob\terror\n"

local Log = {__name = "JobLog"}
local logs = setmetatable({}, {__mode = "k"})
local in_use = setmetatable({}, {__mode = "v"}) -- by us: by file, what objects have in common

-- -------------------------------------------------------------------- lines

local escapes = {["\t"] = "\\t", ["\n"] = "\\n", ["\r"] = "\\r", ["\\"] = "\\\\"}
local meanings = {t = "\t", n = "\n", r = "\r", ["\\"] = "\\"}

local function escape(text) return (gsub(text, "[\t\n\r\\]", escapes)) end
local function unescape(text) return (gsub(text, "\\(.)", meanings)) end

local function line_of(started, seconds, key, message)
  return format("%s\t%.3f\t%s\t%s\t%s\n", started, seconds, message and "failed" or "done",
    escape(key), escape(message or ""))
end

-- Notes what the line says.  False: it is none.
local function read_line(log, line)
  local result, key, rest = match(line, "^[^\t]+\t[%d.]+\t(%l+)\t([^\t]*)(.*)$")
  if result ~= "done" and result ~= "failed" then return false end
  key = unescape(key)
  log.done[key] = result == "done" or nil
  log.failed[key] = result == "failed" and unescape(sub(rest, 2)) or nil
  return true
end

-- Reads the whole lines of the text.  nil and what is wrong with it, if anything is.
local function read_text(log, text)
  if text == sub(HEADER, 1, #text) and #text < #HEADER then return true end
  if sub(text, 1, #HEADER) ~= HEADER then return nil, log.path .. " is no log of jobs" end
  local position, number = #HEADER + 1, 2
  while true do
    local ending = find(text, "\n", position, true)
    if not ending then return true end
    if not read_line(log, sub(text, position, ending - 1)) then
      return nil, format("%s:%d: expected a line of a log of jobs", log.path, number)
    end
    position, number = ending + 1, number + 1
  end
end

-- ----------------------------------------------------------------- the file

local function text_of(log)
  local ok, message, code = log.file:seek("set")
  if not ok then return nil, message, code end
  return log.file:read "a"
end

-- Takes off what follows the last whole line, which may be nothing but that a write was cut short.
local function mend(log)
  local text, message, code = text_of(log)
  if not text then return nil, message, code end
  local whole = match(text, "^(.*\n)") or ""
  log.is_new = whole == ""
  return parts.truncate(log.file, #whole, log.path)
end

local function append(log, line)
  local ok, message = true, nil
  if log.torn then ok, message = mend(log) end
  log.torn = true -- until it is known that it is not
  if ok and log.is_new then line = HEADER .. line end
  if ok then ok, message = log.file:write(line) end
  if not ok then error(message, 0) end
  log.torn, log.is_new = false, false
end

-- A job that is done is noted, whatever becomes of the task meanwhile.
local function note(log, key, started, seconds, message)
  local line = line_of(started, seconds, key, message)
  async.shield(log.lock.with, log.lock, append, log, line)
  log.done[key] = not message or nil
  log.failed[key] = message
end

-- --------------------------------------------------------------------- jobs

local function log_of(object, method)
  local log = logs[object]
  if log then return log end
  raise(format("jobs:%s: expected a log of jobs, got %s", method, type(object)))
end

local function check_key(method, key)
  if type(key) == "string" or type(key) == "number" then return tostring(key) end
  raise(format("jobs:%s: expected a job's name, got %s", method, type(key)))
end

local function check_function(method, fn)
  if parts.is_callable(fn) then return end
  raise(format("jobs:%s: expected a function, got %s", method, type(fn)))
end

-- What process.try gives of a command that failed, in words.
local function failed_command(result)
  local how = result.timed_out and "timed out"
    or result.signal and "was ended by SIG" .. tostring(result.signal)
    or "failed with status " .. tostring(result.status)
  return format("command '%s' %s", result.command, how)
end

-- Why what a function gave is a failure though it raised nothing.  nil alone is what one without a
-- return gives.
local function refusal(value, message)
  if not value and type(message) == "string" then return message end
  if value == false then return "it returned false" end
  local is_plain = type(value) == "table" and not parts.metatable(value)
  if is_plain and value.ok == false and value.command then return failed_command(value) end
end

-- Runs it, notes how it ended, and gives what it gave as pcall() does, and why it refused.  One
-- that is cancelled has not ended.
local function run_now(log, key, fn, ...)
  local started, began = parts.stamp(), async.now()
  local result = pack(pcall(fn, ...))
  local seconds = async.now() - began
  local message = not result[1] and tostring(result[2]) or refusal(result[2], result[3])
  note(log, key, started, seconds, message)
  return result, result[1] and message
end

-- true: it was done now; false: it was done before; nil, message, code: it refused.
local function run(log, key, fn, ...)
  parts.enter "jobs:run"
  while log.under_way[key] do log.under_way[key]:wait() end
  if log.done[key] then return false end
  local over = async.event("job " .. key)
  log.under_way[key] = over
  local clean_up <close> = async.defer(function()
    log.under_way[key] = nil
    over:set()
  end)
  local result, refused = run_now(log, key, fn, ...)
  if not result[1] then error(result[2], 0) end
  if refused and type(result[3]) ~= "string" then return nil, refused end
  if refused then return nil, unpack(result, 3, result.n) end
  return true
end

local methods = {}

function methods:done(key)
  return log_of(self, "done").done[check_key("done", key)] or false
end

function methods:failed(key)
  return log_of(self, "failed").failed[check_key("failed", key)]
end

function methods:run(key, fn, ...)
  local log, name = log_of(self, "run"), check_key("run", key)
  check_function("run", fn)
  return run(log, name, fn, key, ...)
end

-- ---------------------------------------------------------------------- map

-- -> the function for keys, and the limit
local function check_map(list, options)
  if type(list) ~= "table" then
    raise(format("jobs:map: expected a list, got %s", type(list)))
  end
  options = parts.check_options("jobs:map", options, {limit = true, key = true})
  if options.key ~= nil then check_function("map", options.key) end
  local limit, message = async.limit_for("jobs:map", options.limit)
  return options.key, limit or raise(message)
end

-- The names of all, before any begins.
local function keys_of(list, key)
  local keys = {}
  for i = 1, #list do
    local name = list[i]
    if key then name = parts.call(key, name) end
    keys[i] = check_key("map", name)
  end
  return keys
end

function methods:map(list, fn, options)
  local log = log_of(self, "map")
  parts.enter "jobs:map"
  local key, limit = check_map(list, options)
  check_function("map", fn)
  local keys = keys_of(list, key)
  local summary = {done = 0, skipped = 0, failed = 0, errors = {}}
  local open = {}
  for i = 1, #keys do
    if log.done[keys[i]] then summary.skipped = summary.skipped + 1 else open[#open + 1] = i end
  end
  local names = {}
  for at, i in ipairs(open) do names[at] = "job " .. keys[i] end
  local _, failures = async.map_for("jobs:map", names, open, function(i)
    local ran, message = run(log, keys[i], fn, list[i])
    if ran == nil then error(message, 0) end
    local what = ran and "done" or "skipped"
    summary[what] = summary[what] + 1
  end, limit)
  for at, err in next, failures or {} do
    summary.failed = summary.failed + 1
    summary.errors[keys[open[at]]] = err
  end
  return summary
end

-- --------------------------------------------------------------------- the log

Log.__index = methods

-- Reads what the file has by now.  Where that is no log whoever has it already knows what it knew.
local function read_log(log)
  local text, message, code = text_of(log)
  if not text then return nil, message, code end
  local found, ok = {path = log.path, done = {}, failed = {}}, nil
  ok, message = read_text(found, text)
  if not ok then return nil, message, "SYNTAX" end
  log.done, log.failed = found.done, found.failed
  log.torn, log.is_new = text ~= "" and sub(text, -1) ~= "\n", #text < #HEADER
  return log
end

-- As parts.lock().  A log of ours that the script has forgotten has its lock until it is collected.
local function lock(file, path)
  local id, is_ours, why = parts.lock(file, path)
  if not id or is_ours or in_use[id] then return id, is_ours, why end
  parts.collect()
  return parts.lock(file, path)
end

-- The log of the file, which is ours from now on.
local function open_log(path)
  local file, message, code = fs.open(path, "a+")
  if not file then return nil, message, code end
  local id, is_ours, why = lock(file, path)
  if not id or not is_ours and not in_use[id] then
    file:close()
    if not id then return nil, is_ours, why end
    return nil, path .. " is in use by another run", "EBUSY"
  end
  if in_use[id] then file:close() end
  in_use[id] = in_use[id] or {path = path, file = file, under_way = {}, lock = async.lock "job log"}
  return in_use[id]
end

local function jobs(path)
  parts.check_path("jobs", path, "a path")
  local log, message, code = open_log(path)
  if not log then return nil, message, code end
  log, message, code = log.lock:with(read_log, log)
  if not log then return nil, message, code end
  local object = setmetatable({}, Log)
  logs[object] = log
  return object
end

return {jobs = jobs}
