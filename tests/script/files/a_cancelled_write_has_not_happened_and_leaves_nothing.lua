-- Who is cancelled in the middle of work in another thread goes on at once; what had not taken its
-- place does not, or it does whole, and no file is left beside it.

local fs = async.fs
local dir <close> = async.temp_dir()
async.cd(dir.path)
fs.write("file", "old")
local text = ("x"):rep(8 << 20)

for _, call in ipairs {
  function() fs.write("file", text) end,
  function() fs.write("new", text) end,
  function() fs.copy("file", "copied") end,
  function() fs.append("added", text) end,
} do
  local task = spawn(call)
  async.checkpoint()
  task:cancel()
  print(task:pawait())
end
-- expect: false	cancelled
-- expect: false	cancelled
-- expect: false	cancelled
-- expect: false	cancelled

-- The threads go on to their end.
local function is_settled()
  for _, name in ipairs(fs.list()) do
    if name:find "^%.tinyasync" then return false end
  end
  return true
end
for _ = 1, 1000 do
  if is_settled() then break end
  async.process.run{"sleep", "0.01"}
end
print(is_settled()) -- expect: true
local got = fs.read "file"
print(got == "old" or got == text) -- expect: true
print(not fs.exists "new" or fs.read "new" == text) -- expect: true

-- A read of it loses nothing: the next one has it.
fs.append("lines", "one\ntwo\n")
local file = fs.open "lines"
local reader = spawn(function() return file:read() end)
reader:cancel()
print(reader:pawait()) -- expect: false	cancelled
print(file:read()) -- expect: one

-- In the clean-up of a cancelled task the calls block, and do what they are for.
local ready = async.event()
local cleaner = spawn(function()
  local scratch <close> = fs.temp_dir()
  fs.write(scratch.path .. "/x", "")
  local last <close> = async.defer(function() print(fs.write("last", "words", {sync = false})) end)
  ready:set()
  sleep(60)
end)
ready:wait()
cleaner:cancel()
cleaner:pawait()
print(fs.read "last") -- expect: true
-- expect: words
