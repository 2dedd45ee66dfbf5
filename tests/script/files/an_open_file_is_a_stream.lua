-- Every format, lines, places, and writes in the middle of what was read.

local fs = async.fs
local dir <close> = async.temp_dir()
async.cd(dir.path)

local file <close> = fs.open("file", "w+")
print(file:write("one\n", 2, " 3\n", ("z"):rep(200000), "\nend") == file) -- expect: true
print(file:seek "set", file:read()) -- expect: 0	one
print(file:read("n", "n"), file:read "L" == "\n") -- expect: 2	true
print(#file:read "L", file:seek(), file:read "a", file:read()) -- expect: 200001	200009	end	nil
print(file:seek("set", 1), file:read(1), file:write "E", file:seek()) -- expect: 1	n	stream file	3
file:seek "set"
print(file:read_some(3), (file:read_until "3":gsub("\n", "|"))) -- expect: onE	|2 3
print(file:seek("end", -3), file:read "a", file:seek "end") -- expect: 200009	end	200012
print(select(3, file:seek("set", -1)), (pcall(file.seek, file, "middle"))) -- expect: EINVAL	false

local copy = fs.open("copy", "x")
file:seek "set"
print(file:copy_to(copy), copy:close(), fs.read "copy" == fs.read "file") -- expect: 200012	true	true
print(select(3, fs.open("copy", "x"))) -- expect: EEXIST
for _, mode in ipairs {"wx", "w+x", "wx+", "wbx"} do
  print(select(3, fs.open("copy", mode))) -- expect: EEXIST
  assert(fs.open("made " .. mode, mode)):close()
end
-- expect: EEXIST
-- expect: EEXIST
-- expect: EEXIST
do
  local added <close> = fs.open("copy", "a+")
  added:write "more"
  added:seek("end", -7)
  print(added:read "a") -- expect: endmore
end
local count = 0
for line in fs.open "copy":lines() do count = count + #line end
print(count) -- expect: 200013
print(fs.open("copy", "r", {max_line = 10}):read("l", "l", "l")) -- expect: nil	line longer than 10 bytes	EMSGSIZE
print(fs.open "copy":write "x") -- expect: nil	cannot write to copy: bad file descriptor	EBADF

-- Who reads much lets others run.
local turns = 0
local other = spawn(function() while true do turns = turns + 1 async.checkpoint() end end)
fs.write("large", ("x"):rep(1 << 20))
turns = 0
print(#fs.open "large":read "a", turns > 5) -- expect: 1048576	true
other:cancel()
file:close()
print(pcall(file.read, file)) -- expect: false	the stream is closed

-- From what was read ahead no place is so far back.
local seen <close> = fs.open "large"
print(#seen:read(10), seen:seek("cur", math.mininteger)) -- expect: 10	nil	cannot seek in large: invalid argument	EINVAL
print(seen:seek(), seen:seek("cur", -11)) -- expect: 10	nil	cannot seek in large: invalid argument	EINVAL
print(seen:seek("cur", -10)) -- expect: 0
