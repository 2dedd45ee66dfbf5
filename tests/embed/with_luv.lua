-- SPDX-License-Identifier: MIT
--
-- luv.lua -- the script under plain lua5.4, in libuv's loop by way of luv.
--
--   lua5.4 luv.lua SCRIPT

local async = require "tinyasync"
local uv = require "luv"

local function call_later(seconds, fn)
  local timer = uv.new_timer()
  uv.update_time()
  timer:start(math.ceil(seconds * 1000), 0, function()
    timer:close()
    fn()
  end)
end

local adapter <close> = async.adapter(call_later, nil, {
  on_error = function(message) print("Error in task: " .. message) end,
})

async.actions.alarm = function(request, wake)
  call_later(request.seconds, function() wake(request.seconds) end)
end

-- In libuv's pool of threads.
async.actions.double = function(request, wake)
  local work = uv.new_work(function(number)
    require "luv".sleep(50)
    return 2 * number
  end, wake)
  work:queue(request.number)
end

local host = {
  alarm = function(seconds) return await {action = "alarm", seconds = seconds} end,
  double = function(number) return await {action = "double", number = number} end,
}

adapter.spawn(function()
  assert(loadfile(arg[1]))(host)
  uv.stop()
end)
uv.run()
