-- However a loop is left the walk's descriptors are closed; one that was begun outside a loop can
-- be gone on with, and several go side by side.

local fs = async.fs
local top <close> = assert(fs.temp_dir())
async.cd(top.path)
for i = 1, 20 do
  fs.mkdir("d" .. i)
  for k = 1, 100 do fs.write(("d%d/%s%d"):format(i, ("long"):rep(20), k), "", {sync = false}) end
end
local function count_open() return #fs.list "/proc/self/fd" end
-- A thread may be at it still when the loop has ended.
local function settles(count)
  for _ = 1, 1000 do
    if count_open() <= count then return true end
    async.process.run {"sleep", "0.01"}
  end
  return count_open()
end
for _ in fs.walk "." do end -- the threads are there
async.process.run {"true"}
local before = count_open()

for _ in fs.walk "." do break end
print(settles(before)) -- expect: true
print((pcall(function() for _ in fs.walk "." do error "no" end end)), settles(before)) -- expect: false	true
for _ = 1, 20 do fs.walk(".")() end
collectgarbage()
collectgarbage()
print(settles(before + 1)) -- expect: true

local task = spawn(function()
  for _ in fs.walk "." do sleep(3600) end
end)
sleep(1)
task:cancel()
task:pawait()
print(settles(before + 1)) -- expect: true

local totals = async.map({1, 2, 3, 4}, function()
  local n = 0
  for _ in fs.walk "." do n = n + 1 end
  return n
end)
print(table.concat(totals, " ")) -- expect: 2020 2020 2020 2020

-- Where no task can wait it blocks.
local list = {3, 1, 2}
table.sort(list, function(a, b)
  local n = 0
  for _ in fs.walk "d1" do n = n + 1 end
  return n == 100 and a < b
end)
print(table.concat(list, " ")) -- expect: 1 2 3

-- Begun where it waits, gone on with where it cannot, and the other way round.
local next_entry = fs.walk "."
local n = 0
local function some(count) for _ = 1, count do n = n + (next_entry() and 1 or 0) end end
some(700)
table.sort({1, 2}, function() some(900) return false end)
some(1000)
print(n, next_entry()) -- expect: 2020	nil

-- Two tasks may not wait for one walk.
local shared = fs.walk "."
local function drain() while shared() do end return "drained" end
local first = spawn(drain)
local second = spawn(function() return pcall(drain) end)
local ok, why = await(second)
print(await(first), ok, why:match "another task is waiting for this walk") -- expect: drained	false	another task is waiting for this walk
