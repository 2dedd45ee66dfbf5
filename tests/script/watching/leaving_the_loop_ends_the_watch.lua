-- options: --timeout=100
package.path = "tests/?.lua;" .. package.path
local watching = require "kit.watching"
local write, sh, settle, told = watching.write, watching.sh, watching.settle, watching.told
local d <const>, gone <close> = watching.directory()

local fs = async.fs
do -- what is made once stays: threads that look, libuv's own pipe
  local first <close> = fs.watch(d, {recursive = true})
end
local before = watching.descriptors()
local function see() print(watching.descriptors() == before and "same" or watching.descriptors()) end

local function write_soon() spawn(function() sleep(0.1) write(d .. "/f", "") end) end

write_soon()
local function leave()
  for _ in fs.watch(d) do break end
end
leave()
-- expect: same
see()

-- A loop that makes a closure: Lua 5.4.4 leaves it to the collector.
write_soon()
for event in fs.watch(d) do
  local function name() return event.path end
  if name() then break end
end
collectgarbage()
collectgarbage()
-- expect: same
see()

-- Cancelled while it waits, and while another task closes it.
async.move_on_after(0.1, function()
  for event in fs.watch(d) do print(event.kind) end
end)
-- expect: same
see()
local watch = fs.watch(d)
local reader = spawn(function()
  for event in watch do print(event.kind) end
  return "over"
end)
sleep(0.05)
watch:close()
watch:close()
-- expect: over
print(reader:await())
-- expect: same
see()
-- expect: the watch is closed
print((select(2, pcall(watch)):gsub("^%S+: ", "")))

-- Forgotten.
fs.watch(d)
collectgarbage()
collectgarbage()
-- expect: same
see()

-- What a cancelled reader was to get the next one gets.
local kept <close> = fs.watch(d)
-- expect: nil
print((async.move_on_after(0.05, kept)))
write(d .. "/g", "")
for i = 1, 300 do
  local event = async.move_on_after(0.002 * i, kept)
  if event then
    -- expect: created g
    print(event.kind .. " " .. event.path:match "[^/]+$")
    break
  end
end

-- One reads at a time.
local first = spawn(function() return kept() end)
sleep(0.01)
-- expect: another task waits for this watch
print((select(2, pcall(kept)):gsub("^%S+: ", "")))
first:cancel()
first:pawait()
-- expect: nil
print((async.move_on_after(0.05, kept)))
-- One that is open at the end goes with the rest.
_G.left = fs.watch(d, {recursive = true})
