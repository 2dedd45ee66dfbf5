-- A change may take a disk milliseconds: eight of them are a step.

local fs = async.fs
local dir <close> = async.temp_dir()
async.cd(dir.path)
local turns = 0
local other = spawn(function() while true do turns = turns + 1 async.checkpoint() end end)
async.checkpoint()
turns = 0
for _ = 1, 40 do
  fs.mkdir "a"
  fs.rename("a", "b")
  fs.remove "b"
end
print(turns >= 120 // 8 - 1, turns <= 120 // 8) -- expect: true	true
turns = 0
for _ = 1, 64 do fs.exists "a" end
print(turns <= 1) -- expect: true
other:cancel()
