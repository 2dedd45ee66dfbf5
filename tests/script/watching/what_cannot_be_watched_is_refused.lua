-- options: --timeout=100
package.path = "tests/?.lua;" .. package.path
local watching = require "kit.watching"
local write, sh, settle, told = watching.write, watching.sh, watching.settle, watching.told
local d <const>, gone <close> = watching.directory()

local fs = async.fs
local function refused(...)
  local watch, message, code = fs.watch(...)
  print(watch, (message:gsub(d, "DIR", 1)), code)
end
-- expect: nil	cannot watch DIR/none: no such file or directory	ENOENT
refused(d .. "/none")
-- expect: nil	cannot watch DIR/none/there: no such file or directory	ENOENT
refused(d .. "/none/there", {recursive = true})
-- expect: cannot watch DIR/none: no such file or directory
print((select(2, pcall(function()
  for _ in fs.watch(d .. "/none") do print "never" end
end)):gsub("^.-:%d+: ", ""):gsub(d, "DIR", 1)))
write(d .. "/file", "")
-- expect: nil	cannot watch DIR/file/in: not a directory	ENOTDIR
refused(d .. "/file/in")
-- expect: nil	cannot watch '': no such file or directory	ENOENT
refused ""
sh('ln -s a "$1/b"; ln -s b "$1/a"', d)
-- expect: nil	cannot watch DIR/a: too many levels of symbolic links	ELOOP
refused(d .. "/a")
local name = ("x"):rep(5000)
-- expect: nil	file name too long	ENAMETOOLONG
print(select(1, fs.watch(name)), select(2, fs.watch(name)):match ": (.*)", select(3, fs.watch(name)))

-- expect: $FILE:37: fs.watch: expected a path, got nil
local function mistaken(...)
  local _, message = pcall(...)
  print(message)
end
mistaken(function() fs.watch() end)
-- expect: fs.watch: a path has no zero byte
-- expect: fs.watch: unknown option 'recursiv', did you mean 'recursive'?
-- expect: fs.watch: unknown option '1'
-- expect: fs.watch: recursive must be true or false, got "yes"
-- expect: fs.watch: debounce must be seconds from 0 to 3600, or false, got -1
-- expect: fs.watch: debounce must be seconds from 0 to 3600, or false, got nan
-- expect: fs.watch: poll must be seconds above 0, up to 3600, got 0
-- expect: fs.watch: options must be a table, got boolean
for _, given in ipairs{{"a\0b"}, {d, {recursiv = true}}, {d, {1}}, {d, {recursive = "yes"}},
  {d, {debounce = -1}}, {d, {debounce = 0 / 0}}, {d, {poll = 0}}, {d, true}} do
  local _, message = pcall(function() fs.watch(given[1], given[2]) end)
  print((message:gsub("^%S+:%d+: ", ""):gsub("%-nan", "nan")))
end

-- Names are bytes.
local odd = "\xff\xfe \n\xe4"
-- expect: 255 254 32 10 228
local lines = watching.tell(d, nil, d, function() write(d .. "/" .. odd, "") end)
print(table.concat({lines[1]:sub(9):byte(1, -1)}, " "))

local watch <close> = fs.watch(d)
print(pcall(function() watch.close() end)) -- expect: false	$FILE:$LINE: fs.watch: close() is a method of what it gives: watch:close()
