-- No permission, nothing there, too long a path, names of any bytes: each refusal is nil, a message
-- with the path, or both, and the system's code.  Mistakes are raised, at the script's line.

local fs = async.fs
local dir <close> = async.temp_dir()
async.cd(dir.path)
local function code(value, _, code) return value == nil and code or value end

print(fs.read "none/file") -- expect: nil	cannot read none/file: no such file or directory	ENOENT
print(fs.write("none/file", "")) -- expect: nil	cannot write none/file: no such file or directory	ENOENT
print(fs.append("none/file", "")) -- expect: nil	cannot append to none/file: no such file or directory	ENOENT
print(fs.open "none") -- expect: nil	cannot open none: no such file or directory	ENOENT
print(fs.stat "none") -- expect: nil	cannot look at none: no such file or directory	ENOENT
print(fs.list "none") -- expect: nil	cannot list none: no such file or directory	ENOENT
print(fs.mkdir "none/there") -- expect: nil	cannot make the directory none/there: no such file or directory	ENOENT
print(fs.remove "none") -- expect: nil	cannot remove none: no such file or directory	ENOENT
print(fs.rename("none", "other")) -- expect: nil	cannot rename none to other: no such file or directory	ENOENT
print(fs.copy("none", "other")) -- expect: nil	cannot copy none to other: no such file or directory	ENOENT
print(fs.link("none", "none/x")) -- expect: nil	cannot make the link none/x to none: no such file or directory	ENOENT
print(fs.readlink ".") -- expect: nil	cannot read the link .: invalid argument	EINVAL
print(async.cd "none") -- expect: nil	cannot enter none: no such file or directory	ENOENT

local long = ("x"):rep(5000)
print(code(fs.read(long)), code(fs.write(long, "")), code(fs.stat(long)), code(fs.exists(long)))
-- expect: ENAMETOOLONG	ENAMETOOLONG	ENAMETOOLONG	ENAMETOOLONG
print(code(fs.rename("none", long)), code(fs.mkdir(long, {parents = true})), code(async.cd(long)))
-- expect: ENAMETOOLONG	ENAMETOOLONG	ENAMETOOLONG

-- A name is any bytes but two.
local odd = "\xff\xfe\n\x80"
print(fs.write(odd, "odd"), fs.read(odd), fs.list()[1] == odd, fs.copy(odd, odd .. "2"), fs.remove(odd))
-- expect: true	odd	true	true	true
assert(fs.remove(odd .. "2"))

-- The directory of a file, a file as a directory, and links in a circle.
fs.mkdir "dir"
fs.write("file", "")
fs.link("circle", "circle")
print(code(fs.read "dir"), code(fs.write("dir", "")), code(fs.open "dir"), code(fs.copy("dir", "x")))
-- expect: EISDIR	EISDIR	EISDIR	EISDIR
print(code(fs.write("dir/", "")), code(fs.write("", "")), code(fs.read ""), code(fs.append("dir", "")))
-- expect: EISDIR	ENOENT	ENOENT	EISDIR
print(code(fs.read "file/x"), code(fs.list "file"), code(fs.exists "file/x"), code(fs.mkdir "file"))
-- expect: ENOTDIR	ENOTDIR	false	EEXIST
print(code(fs.mkdir("file", {parents = true})), code(fs.mkdir("file/x", {parents = true})))
-- expect: EEXIST	ENOTDIR
print(code(fs.read "circle"), code(fs.write("circle", "")), code(fs.stat "circle"))
-- expect: ELOOP	ELOOP	ELOOP

local function raised(...) print((select(2, pcall(...)):gsub("^.-:%d+: ", ""))) end
raised(fs.read) -- expect: fs.read: expected a path, got nil
raised(fs.read, "a\0b") -- expect: fs.read: a path has no zero byte
raised(fs.rename, "a", 1) -- expect: fs.rename: expected a new path, got number
raised(fs.write, "a") -- expect: fs.write: expected a text, got nil
raised(fs.write, "a", "", {syn = true}) -- expect: fs.write: unknown option 'syn', did you mean 'sync'?
raised(fs.write, "a", "", {mode = 1 << 12}) -- expect: fs.write: mode must be permissions from 0 to 4095 (7777 in octal), got 4096
raised(fs.stat, "a", {follow = 1}) -- expect: fs.stat: follow must be true or false, got 1
raised(fs.stat, "a", "b") -- expect: fs.stat: options must be a table, got string
raised(fs.open, "a", "rw") -- expect: fs.open: the mode must be "r", "w", "a" or "x", with or without "+" and "b", got "rw"
raised(fs.copy, "a", "b", {recursive = true, sync = true}) -- expect: fs.copy: sync is for one file, and not with recursive
raised(fs.open, "a", "r", {max_line = -1}) -- expect: fs.open: max_line must be 0 or more bytes, got -1
raised(async.cd, {}) -- expect: cd: expected a directory, got table

-- Options where there are none, names that are not seen, and numbers that are none.
raised(fs.read, "a", {max = 3}) -- expect: fs.read: unknown option 'max'
raised(fs.exists, "a", {follow = false}) -- expect: fs.exists: unknown option 'follow'
raised(fs.list, ".", {sort = true}) -- expect: fs.list: unknown option 'sort'
raised(fs.readlink, "a", {follow = true}) -- expect: fs.readlink: unknown option 'follow'
raised(fs.rename, "a", "b", {sync = true}) -- expect: fs.rename: unknown option 'sync'
raised(async.cd, ".", {}) -- expect: cd: a directory is all it takes
raised(fs.walk, ".", {types = {}}) -- expect: fs.walk: types has no type in its list, so nothing would be found
raised(fs.walk, ".", {depth = 0 / 0}) -- expect: fs.walk: depth must be 1 or more levels, got nan
raised(fs.write, "a", "", {mode = 0 / 0}) -- expect: fs.write: mode must be permissions from 0 to 4095 (7777 in octal), got nan
print(fs.remove "") -- expect: nil	cannot remove '': no such file or directory	ENOENT
print(fs.remove("", {recursive = true})) -- expect: nil	cannot remove '': no such file or directory	ENOENT
print(fs.open "") -- expect: nil	cannot open '': no such file or directory	ENOENT
print(fs.rename("", "")) -- expect: nil	cannot rename '' to '': no such file or directory	ENOENT
print(fs.copy("none", "", {recursive = true})) -- expect: nil	cannot copy none to '': no such file or directory	ENOENT
