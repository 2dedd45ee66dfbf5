-- SPDX-License-Identifier: MIT
--
-- adapter.lua -- the script under plain lua5.4, in a loop that is written in Lua.
--
--   lua5.4 adapter.lua SCRIPT
--
-- tinyasync and the loop have to be on Lua's paths.

local async = require "tinyasync"
local loop = require "loop"

local adapter <close> = async.adapter(loop.call_later, loop.now, {
  on_error = function(message) print("Error in task: " .. message) end,
})

-- Awaitables of this program's: their handlers start what wakes the task.
async.actions.alarm = function(request, wake)
  loop.call_later(request.seconds, function() wake(request.seconds) end)
end

async.actions.double = function(request, wake) -- there are no threads here
  loop.call_later(0.05, function() wake(2 * request.number) end)
end

local host = {
  alarm = function(seconds) return await {action = "alarm", seconds = seconds} end,
  double = function(number) return await {action = "double", number = number} end,
}

adapter.spawn(function()
  assert(loadfile(arg[1]))(host)
  loop.stop()
end)
loop.run()
