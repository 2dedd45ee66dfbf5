-- Directories without permission, for somebody who is no root: our program is copied to where
-- anybody may run it.

local fs = async.fs
local root = arg[1]
if not root then
  local top <close> = assert(fs.temp_dir())
  local copy = top.path .. "/tinyasync"
  assert(fs.copy("/proc/self/exe", copy))
  assert(fs.copy(arg[0], top.path .. "/script.lua"))
  fs.mkdir(top.path .. "/place")
  async.process.run {"chmod", "755", copy, top.path}
  async.process.run {"chmod", "777", top.path .. "/place", top.path .. "/script.lua"}
  local command = {copy, "run", top.path .. "/script.lua", top.path .. "/place"}
  if async.process.read {"id", "-u"} == "0" then
    table.move(command, 1, 4, 5)
    table.move({"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"}, 1, 4, 1, command)
  end
  async.process.run(command)
  return
end

async.cd(root)
local function chmod(mode, ...) async.process.run {"chmod", mode, cwd = root, ...} end
fs.mkdir("tree/closed/in", {parents = true})
fs.mkdir "tree/open"
fs.mkdir "tree/bare"
fs.write("tree/open/file", "")
fs.write("tree/bare/file", "")
fs.mkdir "tree/fixed"
fs.write("tree/fixed/file", "")
chmod("0", "tree/closed")
chmod("111", "tree/bare")
chmod("555", "tree/fixed")

local _, why = pcall(function() for _ in fs.walk("tree", {sort = true}) do end end)
print((why:gsub("^.-:%d+: ", ""))) -- expect: cannot walk tree/bare: permission denied
for path in fs.walk("tree", {sort = true, on_error = print}) do print(path) end
-- expect: tree/bare
-- expect: tree/bare	cannot walk tree/bare: permission denied	EACCES
-- expect: tree/closed
-- expect: tree/closed	cannot walk tree/closed: permission denied	EACCES
-- expect: tree/fixed
-- expect: tree/fixed/file
-- expect: tree/open
-- expect: tree/open/file
for path in fs.glob "tree/*/*" do print(path) end
-- expect: tree/fixed/file
-- expect: tree/open/file
for path in fs.glob "tree/bare/file" do print(path) end -- expect: tree/bare/file

-- The rest is done, and which of them is told first is the directory's order.
local function told(done, message, code)
  print(done, (message:gsub("tree/[%a/]+", "SOME"):gsub("copy/%a+", "SOME")), code)
end
told(fs.copy("tree", "copy", {recursive = true})) -- expect: nil	cannot copy SOME to SOME: permission denied	EACCES
print(fs.exists "copy/open/file", fs.exists "copy/fixed/file") -- expect: true	true
told(fs.remove("tree", {recursive = true})) -- expect: nil	cannot remove SOME: permission denied	EACCES
print(fs.exists "tree/open", fs.exists "tree/fixed", fs.exists "tree/closed") -- expect: false	true	true

-- An empty one goes though it cannot be read.
chmod("755", "tree/closed", "tree/bare", "tree/fixed", "copy/fixed")
fs.mkdir "tree/open"
chmod("0", "tree/open")
print(fs.remove("tree", {recursive = true}), fs.exists "tree") -- expect: true	false
