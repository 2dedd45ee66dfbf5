-- What is replaced keeps its permissions and, where the name is a link, the link; what is new has
-- those that the umask leaves.  A file that we may not write to stays.

local fs = async.fs
local dir <close> = async.temp_dir()
async.cd(dir.path)
local octal = function(text) return tonumber(text, 8) end
local function mode(path) return ("%o"):format(fs.stat(path).mode) end

os.execute "umask" -- expect: 0022
fs.write("new", "")
fs.append("added", "")
fs.open("opened", "w"):close()
print(mode "new", mode "added", mode "opened") -- expect: 644	644	644

fs.write("private", "", {mode = octal "4750"})
print(mode "private", fs.write("private", "again"), mode "private") -- expect: 4750	true	4750

fs.mkdir "deep"
fs.link("../private", "deep/link")
fs.link("deep/link", "link")
print(fs.write("link", "through two"), fs.read "private", mode "private") -- expect: true	through two	4750
print(fs.readlink "link", fs.readlink "deep/link") -- expect: deep/link	../private
fs.link("deep/made", "dangling")
print(fs.write("dangling", "made"), fs.read "deep/made", fs.readlink "dangling") -- expect: true	made	deep/made

-- A copy has its source's mode and times, whatever was there.
fs.write("target", "longer than that", {mode = octal "600"})
os.execute "touch -d @1000000000.5 private"
print(fs.copy("private", "target"), fs.read "target", mode "target") -- expect: true	through two	4750
print(fs.stat "target".mtime == 1000000000.5, fs.copy("target", "target"), fs.read "target")
-- expect: true	true	through two

print(#fs.list(), #fs.list "deep") -- expect: 8	2
print(fs.mkdir("closed", {mode = octal "700"}), mode "closed") -- expect: true	700
