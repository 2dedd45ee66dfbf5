-- Waiting for something that cannot call back: look, wait a little longer each
-- time, give up after a while.
--
--   tinyasync run scripts/poll.lua

-- Calls `ready` until it gives a value, which is returned; nil and a message
-- after `limit` seconds.  The pause doubles, up to a second.
local function poll_until(limit, ready)
  local give_up_at = async.now() + limit
  local pause = 0.05
  while true do
    local value = ready()
    if value then return value end
    local left = give_up_at - async.now()
    if left <= 0 then return nil, ("not ready after %g seconds"):format(limit) end
    sleep(math.min(pause, left))
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
local port = poll_until(5, function()
  looks = looks + 1
  return server.port
end)
print(("port %d, seen at the %dth look"):format(port, looks))

print(poll_until(2, function() return server.certificate end))

-- expect: port 8080, seen at the 5th look
-- expect: nil	not ready after 2 seconds
