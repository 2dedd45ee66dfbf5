-- Walks that follow links end though these lead back, and tell of each path once.

local fs = async.fs
local top <close> = assert(fs.temp_dir())
async.cd(top.path)
fs.mkdir("a/b", {parents = true})
fs.mkdir "x"
fs.link("..", "a/b/up")
fs.link(".", "a/self")
fs.link("../a", "x/a")
fs.link("../x", "a/x")

local count, seen = 0, {}
for path, kind in fs.walk("a", {follow = true, sort = true}) do
  count = count + 1
  assert(not seen[path])
  seen[path] = true
  print(path, kind)
end
-- expect: a/b	directory
-- expect: a/b/up	directory
-- expect: a/self	directory
-- expect: a/x	directory
-- expect: a/x/a	directory

-- A directory may be come by in two ways, where none of them is a circle.
fs.mkdir "two"
fs.mkdir "one"
fs.write("one/file", "")
fs.link("../one", "two/first")
fs.link("../one", "two/second")
for path in fs.walk("two", {follow = true, sort = true}) do print(path) end
-- expect: two/first
-- expect: two/first/file
-- expect: two/second
-- expect: two/second/file
