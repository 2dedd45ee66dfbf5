-- What a function does with the lines may take for ever; when the command is stopped it has the
-- time of grace.
-- options: --timeout=100
local process = async.process

local function timed(fn, ...)
  local began = async.now()
  local ok = pcall(fn, ...)
  return ok, async.now() - began < 5
end

local closed = 0
local function stuck()
  local guard <close> = async.defer(function() closed = closed + 1 end)
  sleep(1000)
end

-- expect: false	true
print(timed(process.run, {"yes", stdout = stuck, timeout = 0.1, grace = 0.1}))
-- expect: true	true
print(timed(async.move_on_after, 0.2, process.run, {"yes", stdout = stuck, grace = 0.1}))
-- expect: true	true
print(timed(async.move_on_after, 0.2, process.run, {"echo", "x", stdout = {"null", stuck}, grace = 0.1}))
-- expect: true	true
print(timed(function()
  local child <close> = process.spawn{"echo", "x", stdout = stuck, grace = 0.1}
  sleep(0.2)
end))
-- expect: 4
print(closed)

-- One that is slow gets every line.
local count = 0
process.run{"seq", 30000, stdout = function()
  count = count + 1
  if count % 10000 == 0 then sleep(0.2) end
end}
-- expect: 30000
print(count)

-- Its error is the command's.
-- expect: false	command 'yes' failed: planned
print(pcall(process.run, {"yes", stdout = function() error("planned", 0) end}))
