-- Waiting for something that cannot call back: look, wait a little longer each
-- time, give up after a while.
--
--   tinyasync run scripts/poll.lua

-- Calls `ready` until it gives a value.  The pause doubles, up to a second.
local function poll(ready)
  local pause = 0.05
  while true do
    local value = ready()
    if value then return value end
    sleep(pause)
    pause = math.min(pause * 2, 1)
  end
end

-- What is waited for: here another task sets it, it might as well be a file
-- that io.open finds at last.
local server = {}

spawn(function()
  sleep(0.5)
  server.port = 8080
end)

local looks = 0
local port = poll(function()
  looks = looks + 1
  return server.port
end)
print(("port %d, seen at the %dth look"):format(port, looks))

-- Where to give up is for the caller to say.
print(async.move_on_after(2, poll, function() return server.certificate end))
print(("%.2f seconds"):format(async.now()))

-- expect: port 8080, seen at the 5th look
-- expect: nil	timeout
-- expect: 2.75 seconds
