-- A set-user-id or set-group-id bit is copied only where the copy has the same owner or group;
-- whoever is not root copies what is its own.

local fs = async.fs
local dir <close> = async.temp_dir()
async.cd(dir.path)
local function run(...) return pcall(async.process.run, {cwd = dir.path, ...}) end
local function mode(path) return ("%o"):format(fs.stat(path).mode) end

fs.write("theirs", "x", {sync = false})
local is_root = run("chown", "65534:65534", "theirs")
run("chmod", "6755", "theirs")
fs.write("mine", "y", {sync = false, mode = tonumber("6755", 8)})
print(mode "theirs", mode "mine") -- expect: 6755	6755

local wanted = is_root and "755" or "6755"
print(fs.copy("theirs", "copy"), mode "copy" == wanted) -- expect: true	true
print(fs.copy("theirs", "tree", {recursive = true}), mode "tree" == wanted) -- expect: true	true
print(fs.copy("mine", "own"), mode "own") -- expect: true	6755

-- Over another's file, which stays that one's.
print(fs.copy("mine", "theirs"), mode "theirs" == wanted, fs.read "theirs") -- expect: true	true	y
