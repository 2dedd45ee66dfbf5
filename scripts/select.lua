-- One task, several things to wait for: prices from two markets, a wish to stop,
-- and the time, should nothing happen at all.
--
--   tinyasync run scripts/select.lua

local london, tokyo = async.channel(0, "london"), async.channel(0, "tokyo")
local stop = async.event("stop")

local function log(...) print(("%.1f"):format(async.now()), ...) end

spawn({name = "watcher"}, function()
  while true do
    -- The first that is ready counts; `stop` stands first, so it goes first.
    local which, price = async.select {stop, london, tokyo, timeout = 0.5}
    if which == 1 then
      return log("stopped")
    elseif which == 2 then
      log("london", price)
    elseif which == 3 then
      log("tokyo", price)
    else
      log("nothing new")
    end
  end
end)

london:send(101)
sleep(0.2)
tokyo:send(99)
london:send(102)
sleep(1.2)
tokyo:send(98)
stop:set()

-- Tasks can be selected, too: their index comes with what pawait() gives.
local lookup = spawn(function()
  sleep(0.1)
  error("no such share", 0)
end)
log(async.select {london, lookup})

-- expect: 0.0	london	101
-- expect: 0.2	tokyo	99
-- expect: 0.2	london	102
-- expect: 0.7	nothing new
-- expect: 1.2	nothing new
-- expect: 1.4	tokyo	98
-- expect: 1.4	stopped
-- expect: 1.5	2	false	no such share
