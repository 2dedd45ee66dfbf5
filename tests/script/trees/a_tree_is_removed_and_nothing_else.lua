-- What fs.remove takes away with all that is in it, and what it refuses.

local fs = async.fs
local top <close> = assert(fs.temp_dir())
async.cd(top.path)
local whole = {recursive = true}

fs.mkdir("tree/a/b", {parents = true})
for _, name in ipairs {"-rf", "new\nline", "\xff", ("n"):rep(255), ".hidden", "*"} do
  assert(fs.write("tree/a/" .. name, ""))
end
fs.mkdir "outside"
fs.write("outside/file", "untouched")
fs.link("../outside", "tree/link")
fs.link("tree", "way")

print(fs.remove("way", whole), fs.exists "tree/a", fs.exists "way") -- expect: true	true	false
fs.link("tree", "way")
print(fs.remove("way/", whole)) -- expect: nil	cannot remove way/: not a directory	ENOTDIR
print(fs.remove("tree", whole), fs.exists "tree", (fs.read "outside/file")) -- expect: true	false	untouched
print(fs.remove("tree", whole)) -- expect: nil	cannot remove tree: no such file or directory	ENOENT
print(fs.remove("outside/file/x", whole)) -- expect: nil	cannot remove outside/file/x: not a directory	ENOTDIR
fs.mkdir "some"
print(fs.remove("some/", whole), fs.exists "some") -- expect: true	false
for _, path in ipairs {".", "outside/.", "outside/..", "..", "/", "//", "outside/./"} do
  print(fs.remove(path, whole))
end
-- expect: nil	cannot remove .: invalid argument	EINVAL
-- expect: nil	cannot remove outside/.: invalid argument	EINVAL
-- expect: nil	cannot remove outside/..: invalid argument	EINVAL
-- expect: nil	cannot remove ..: invalid argument	EINVAL
-- expect: nil	cannot remove /: invalid argument	EINVAL
-- expect: nil	cannot remove //: invalid argument	EINVAL
-- expect: nil	cannot remove outside/./: invalid argument	EINVAL
print(fs.remove("", whole)) -- expect: nil	cannot remove '': no such file or directory	ENOENT
print(fs.remove("outside/file", whole), #fs.list "outside") -- expect: true	0
