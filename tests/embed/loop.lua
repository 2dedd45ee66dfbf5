-- SPDX-License-Identifier: MIT
--
-- loop.lua -- an event loop in few lines of Lua, for programs under plain lua5.4.
--
-- loop.call_later(seconds, fn) calls fn once, from loop.run(), which returns when
-- nothing is left or after loop.stop().  With loop.virtual set time is not waited
-- for but jumps.

local clock = require "clock"

local loop = {virtual = false}
local timers = {} -- the earliest last
local jumped = 0
local stopped

function loop.now()
  return loop.virtual and jumped or clock.now()
end

function loop.call_later(seconds, fn)
  local due = loop.now() + seconds
  local i = #timers
  while i > 0 and timers[i].due <= due do i = i - 1 end -- equal ones in order
  table.insert(timers, i + 1, {due = due, fn = fn})
end

local function wait_until(due)
  local seconds = due - loop.now()
  if seconds <= 0 then return end
  if loop.virtual then
    jumped = due
  else
    clock.sleep(seconds)
  end
end

-- How many functions wait to be called.
function loop.waiting()
  return #timers
end

function loop.stop()
  stopped = true
end

-- Forgets all that waits.
function loop.clear()
  timers = {}
end

-- Runs what is due until `seconds` have passed, or for ever.
function loop.run(seconds)
  local ends = loop.now() + (seconds or math.huge)
  stopped = false
  while not stopped and #timers > 0 do
    local timer = timers[#timers]
    if timer.due > ends then return wait_until(ends) end
    wait_until(timer.due)
    if timer.due <= loop.now() then
      table.remove(timers)
      timer.fn()
    end
  end
end

return loop
