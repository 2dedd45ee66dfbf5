-- scripts/commands/alert.lua finds logs by patterns, and follows them though they are rotated, cut
-- short, written anew and come later.

local fs = async.fs
local top <close> = assert(fs.temp_dir())
fs.mkdir(top.path .. "/sub")
local function at(name) return top.path .. "/" .. name end
fs.write(at "a.log", "old ERROR, told of by nobody\n")
local child <close> = assert(async.process.spawn {fs.readlink "/proc/self/exe", "run",
  "scripts/commands/alert.lua", "ERROR|oom", at "**/*.log", stdout = "pipe", env = {SECONDS = "0.01"}})

local function next_line(other)
  local stdout = (other or child).stdout
  local line = async.with_timeout(20, stdout.read, stdout)
  print((line:gsub("^.*/", "")))
end

next_line() -- expect: following
fs.append(at "a.log", "fine\nan ERROR and no newline")
fs.append(at "a.log", " yet\n")
next_line() -- expect: a.log: an ERROR and no newline yet
fs.append(at "a.log", "oom in the last line, without a newline")
assert(fs.rename(at "a.log", at "a.log.1"))
assert(fs.write(at "a.log", "ERROR in the new one\n"))
next_line() -- expect: a.log: oom in the last line, without a newline
next_line() -- expect: a.log: ERROR in the new one
local file = assert(fs.open(at "a.log", "w"))
file:write "ERROR, cut\n"
file:close()
next_line() -- expect: a.log: ERROR, cut
file = assert(fs.open(at "a.log", "r+"))
file:write "ERROR, written over\nand no shorter than before\n"
file:close()
next_line() -- expect: a.log: ERROR, written over
fs.write(at "sub/b.log", "ERROR below\n")
next_line() -- expect: b.log: ERROR below

-- One that is replaced while it is opened is followed too.
fs.write(at "race.lua", [[
local open = async.fs.open
function async.fs.open(path)
  local stream = open(path)
  if path:find "c%.log$" and not async.fs.exists(path .. ".1") then
    async.fs.rename(path, path .. ".1")
    async.fs.write(path, "ERROR after the rotation\n")
  end
  return stream
end
]])
fs.write(at "c.log", "old\n")
local other <close> = assert(async.process.spawn {fs.readlink "/proc/self/exe", "run", "scripts/commands/alert.lua",
  "ERROR", at "c.log", stdout = "pipe", env = {SECONDS = "0.01", LUA_INIT = "@" .. at "race.lua"}})
next_line(other) -- expect: following
fs.append(at "c.log", "ERROR later\n")
next_line(other) -- expect: c.log: ERROR later
