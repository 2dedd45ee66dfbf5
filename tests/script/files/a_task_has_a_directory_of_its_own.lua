-- async.cd changes it for the task, and for those that it spawns from then on: for files, commands,
-- what they are given, and Lua's own that start them.  The process stays where it is.

local fs, process = async.fs, async.process
local dir <close> = async.temp_dir()
local ours = async.cd()
assert(fs.mkdir(dir.path .. "/a/b", {parents = true}))
local top = dir.path:gsub("%p", "%%%0")
local function of(text) return (text:gsub(top, "TOP", 1)) end
local function here() return of(async.cd()) end

print(async.cd(dir.path), here()) -- expect: true	TOP
local early = spawn(function() sleep(0.1) return here() end)
print(async.cd "a", here(), async.cd "b", here(), async.cd "..", here()) -- expect: true	TOP/a	true	TOP/a/b	true	TOP/a
print(early:await()) -- expect: TOP
spawn(function() async.cd "b" print(here()) end):await() -- expect: TOP/a/b
print(here()) -- expect: TOP/a

print(of(process.read{"pwd"}), of(process.read{"pwd", cwd = "b"})) -- expect: TOP/a	TOP/a/b
print(process.run{"echo", "text", stdout = {file = "out"}}.ok, #fs.read "out") -- expect: true	5
print(process.read{"cat", stdin = {file = "../a/out"}}) -- expect: text
fs.write("b/tool", "#!/bin/sh\npwd\n", {mode = tonumber("755", 8)})
print(of(process.read{"b/tool"}), of(process.read{"./tool", cwd = "b"})) -- expect: TOP/a	TOP/a/b
print(of(io.popen("pwd"):read()), os.execute "test -f out") -- expect: TOP/a	true	exit	0
print(of(select(2, pcall(process.run, {"false"})).message))
-- expect: command 'false' failed with status 1 (in TOP/a)
print(fs.open("c", "w").path == dir.path .. "/a/c", fs.link("c", "l"), fs.readlink "l") -- expect: true	true	c

print(async.cd "out") -- expect: nil	cannot enter out: not a directory	ENOTDIR
print(here(), async.cd(ours), async.cd() == ours) -- expect: TOP/a	true	true
print(async.cd "/", async.cd "tmp", async.cd()) -- expect: true	true	/tmp
