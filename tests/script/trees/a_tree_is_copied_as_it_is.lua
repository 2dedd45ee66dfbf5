-- What fs.copy makes of a tree, and what it refuses.

local fs = async.fs
local top <close> = assert(fs.temp_dir())
async.cd(top.path)
local function run(...) return async.process.run {cwd = top.path, ...} end
local whole = {recursive = true}

local hostile = {"-rf", "new\nline", " ", "*", "\xff\xfe", ("n"):rep(255), "a\\b", "'\""}
fs.mkdir("from/sub", {parents = true})
for _, name in ipairs(hostile) do assert(fs.write("from/sub/" .. name, name)) end
fs.link("/etc/passwd", "from/out")
fs.link("gone", "from/sub/broken")
run("mkfifo", "-m", "640", "from/fifo")
run("chmod", "751", "from/sub")
run("chmod", "4640", "from/sub/-rf")
run("touch", "-d", "2001-02-03 04:05:06", "from/sub/-rf", "from/sub")
run("truncate", "-s", "20M", "from/hole")

print(fs.copy("from", "to", whole)) -- expect: true
local function listing(dir)
  return async.process.read {"sh", "-c", [[find . -printf '%P %y %m %l %s\0' | sort -z | tr '\0' '|';
    find . ! -type l ! -type p -printf '%P %TY%Tm%Td%TH%TM%TS\0' | sort -z | tr '\0' '|']], cwd = top.path .. "/" .. dir}
end
local function strip(text) return (text:gsub("(%./?) d %d+", "%1")) end
print(strip(listing "from") == strip(listing "to")) -- expect: true
for _, name in ipairs(hostile) do assert(fs.read("to/sub/" .. name) == name) end
print(tonumber((async.process.read {"du", "-k", "to/hole", cwd = top.path}):match "^%d+") < 1000) -- expect: true

-- Into what is there already: files are replaced, what is only there stays, links are not followed.
fs.write("to/only", "mine")
fs.remove "to/out"
fs.write("outside", "untouched")
fs.link("../outside", "to/out")
fs.write("from/new", "new")
print(fs.copy("from", "to", whole), fs.read "to/only", fs.read "to/new", (fs.read "outside")) -- expect: true	mine	new	untouched
print(fs.readlink "to/out") -- expect: /etc/passwd

print(fs.copy("from", "from/sub/in", whole)) -- expect: nil	cannot copy from to from/sub/in: invalid argument	EINVAL
print(fs.exists "from/sub/in") -- expect: false
print(fs.copy("from", "from", whole)) -- expect: nil	cannot copy from to from: invalid argument	EINVAL
fs.link("from/sub", "way")
print(fs.copy("from", "way/in", whole)) -- expect: nil	cannot copy from to way/in: invalid argument	EINVAL
print(fs.copy("gone", "to", whole)) -- expect: nil	cannot copy gone to to: no such file or directory	ENOENT
print(fs.copy("from", "gone/to", whole)) -- expect: nil	cannot copy from to gone/to: no such file or directory	ENOENT

-- One that cannot be copied is told of, and the rest is there.
fs.mkdir "some"
fs.mkdir "some/a"
fs.write("some/z", "z")
fs.write("some/a/y", "y")
fs.mkdir "other"
fs.write("other/a", "no directory")
print(fs.copy("some", "other", whole)) -- expect: nil	cannot copy some/a to other/a: not a directory	ENOTDIR
print(fs.read "other/z", (fs.read "other/a")) -- expect: z	no directory
fs.mkdir "third"
fs.mkdir "aside"
fs.link("../aside", "third/a")
print(fs.copy("some", "third", whole)) -- expect: nil	cannot copy some/a to third/a: not a directory	ENOTDIR
print(#fs.list "aside", (fs.read "third/z")) -- expect: 0	z
print(fs.copy("from/fifo", "fifo2", whole), fs.stat "fifo2".type) -- expect: true	fifo
print(fs.copy("/dev/null", "null", whole)) -- expect: nil	cannot copy /dev/null to null: operation not supported	EOPNOTSUPP
