-- A file that grows, shrinks or is replaced under whoever reads it gives what it had, and no error;
-- writes of many tasks leave one of them, whole.
-- options: --timeout=40

local fs = async.fs
local dir <close> = async.temp_dir()
async.cd(dir.path)
local old, new = ("a"):rep(300000), ("b"):rep(200000)
fs.write("file", old, {sync = false})

local done = false
local writer = spawn(function()
  for i = 1, 30 do assert(fs.write("file", i % 2 == 0 and old or new, {sync = false})) end
  done = true
end)
local whole, reads = true, 0
repeat
  local text = assert(fs.read "file")
  whole = whole and (text == old or text == new)
  reads = reads + 1
  async.checkpoint()
until done
writer:await()
print(whole, reads > 3, #fs.list()) -- expect: true	true	1

local file = fs.open("file", "r+")
print(#file:read(1000)) -- expect: 1000
fs.open("file", "w"):close()
print(#file:read "a" < 200000, file:read()) -- expect: true	nil
fs.append("file", ("c"):rep(10))
file:seek "set"
print(file:read "a") -- expect: cccccccccc

async.all{
  function() assert(fs.write("one", old)) end,
  function() assert(fs.write("one", new)) end,
  function() assert(fs.write("one", "c")) end,
}
local text = fs.read "one"
print(text == old or text == new or text == "c", table.concat(fs.list(), " ")) -- expect: true	file one
