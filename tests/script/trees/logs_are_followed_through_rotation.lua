-- scripts/commands/alert.lua finds logs by patterns, and follows them though they are rotated, cut short
-- and come later.

local fs = async.fs
local top <close> = assert(fs.temp_dir())
fs.mkdir(top.path .. "/sub")
local function at(name) return top.path .. "/" .. name end
fs.write(at "a.log", "old ERROR, told of by nobody\n")
local child <close> = assert(async.process.spawn {fs.readlink "/proc/self/exe", "run",
  "scripts/commands/alert.lua", "ERROR|oom", at "**/*.log", stdout = "pipe", env = {SECONDS = "0.01"}})

local function next_line()
  local line = async.with_timeout(20, child.stdout.read, child.stdout)
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
fs.write(at "sub/b.log", "ERROR below\n")
next_line() -- expect: b.log: ERROR below
