-- Follows many log files and tells of each line with a pattern in it.
--
--   tinyasync run scripts/commands/alert.lua PATTERN GLOB...
--
--   tinyasync run scripts/commands/alert.lua 'ERROR|oom' '/var/log/*.log' 'apps/**/*.log'
--
-- Alternatives of the pattern are Lua's, between bars.  Lines that are there at the beginning are
-- old; those of files that come later are new.  A file that is replaced, as when logs are
-- rotated, is read to its end first; one that is cut short, or begins with something else than it
-- did, is read from its beginning.  SECONDS (1) is how often files are looked at.  However long a
-- line is, no more than 64 KiB of it are kept.

local fs = async.fs
local EVERY <const> = tonumber(os.getenv "SECONDS") or 1
local MOST <const> = 64 * 1024
local BEGINNING <const> = 256 -- bytes by which a file is known

local patterns = {}
for one in (arg[1] or error("usage: alert.lua PATTERN GLOB...", 0)):gmatch "[^|]+" do
  patterns[#patterns + 1] = one
end

local function alert(path, line)
  for _, pattern in ipairs(patterns) do
    if line:find(pattern) then
      print(path .. ": " .. line)
      return
    end
  end
end

-- What is new in the file that is open: whole lines are looked at, the rest is kept.
local function read_on(log)
  while true do
    local text = log.stream:read_some(MOST)
    if not text then return end
    log.place = log.place + #text
    local rest = log.rest .. text
    local from = 1
    for line, after in rest:gmatch "([^\n]*)\n()" do
      alert(log.path, line)
      from = after
    end
    log.rest = rest:sub(from):sub(1, MOST)
  end
end

-- Is what it begins with no more what it was?  It grows until there is enough of it.
local function begins_anew(log)
  log.stream:seek "set"
  local beginning = log.stream:read(BEGINNING) or ""
  log.stream:seek("set", log.place)
  local old = log.beginning
  log.beginning = beginning
  return beginning:sub(1, #old) ~= old
end

local function inode_of(path)
  local stat = fs.stat(path)
  return stat and stat.inode
end

-- The file that has the name before and after it was opened is the one that was opened.  If it is
-- replaced each time, the next look finds it.
local function open(log)
  log.place, log.rest, log.beginning, log.mtime = 0, "", "", nil
  for _ = 1, 3 do
    log.inode = inode_of(log.path)
    log.stream = log.inode and fs.open(log.path)
    if not log.stream then return end
    if inode_of(log.path) == log.inode then
      begins_anew(log)
      return
    end
    log.stream:close()
    log.stream = nil
  end
end

-- A file that has not been written to is not read for this.
local function is_rewritten(log, stat)
  if stat.mtime_ns == log.mtime then return false end
  log.mtime = stat.mtime_ns
  return begins_anew(log)
end

-- One look at a file that may have grown, have been cut short, replaced or removed.
local function look(log)
  local stat = fs.stat(log.path)
  local is_same = log.stream and stat and stat.inode == log.inode
  local is_new = is_same and (stat.size < log.place or is_rewritten(log, stat))
  if log.stream and not is_new then read_on(log) end -- also what was written before it was replaced
  if not stat or is_same and not is_new then return end
  if log.stream then
    if log.rest ~= "" then alert(log.path, log.rest) end
    log.stream:close()
  end
  open(log)
  if log.stream then read_on(log) end
end

local function follow(log)
  async.defer(function() if log.stream then log.stream:close() end end)
  async.every(EVERY, function() look(log) end)
end

local followed = {}

local function find_new(is_old)
  for i = 2, #arg do
    for path, kind in fs.glob(arg[i]) do
      if kind == "file" and not followed[path] then
        local log = {path = path, rest = ""}
        followed[path] = log
        open(log)
        if is_old and log.stream then log.place = log.stream:seek "end" end
        spawn(follow, log)
      end
    end
  end
end

find_new(true)
print(next(followed) and "following" or "following what will be there")
async.every(EVERY, function() find_new(false) end)
