-- What async.fs does with single files, from the first byte to the last.

local fs = async.fs
local there = os.tmpname()
os.remove(there)
local function at(name) return there .. "/" .. name end

print(fs.mkdir(at "a/b", {parents = true}), fs.mkdir(at "a/b", {parents = true})) -- expect: true	true
print(fs.write(at "a/x", "one\n"), fs.append(at "a/x", "two\n")) -- expect: true	true
print((fs.read(at "a/x"):gsub("\n", "|"))) -- expect: one|two|
print(fs.stat(at "a/x").size, fs.stat(at "a/x").type) -- expect: 8	file
print(table.concat(fs.list(at "a"), " ")) -- expect: b x
print(fs.rename(at "a/x", at "a/y"), fs.exists(at "a/x"), fs.exists(at "a/y")) -- expect: true	false	true
print(fs.copy(at "a/y", at "a/z"), #fs.read(at "a/z")) -- expect: true	8
print(fs.link("z", at "a/l"), fs.readlink(at "a/l")) -- expect: true	z
print(fs.stat(at "a/l").type, fs.stat(at "a/l", {follow = false}).type) -- expect: file	link
print(fs.link(at "a/z", at "a/h", {hard = true}), fs.stat(at "a/z").links) -- expect: true	2
for _, name in ipairs {"a/y", "a/z", "a/l", "a/h", "a/b", "a", "."} do
  if name == "." then name = "" end
  assert(fs.remove(at(name)))
end
print(fs.exists(there)) -- expect: false
