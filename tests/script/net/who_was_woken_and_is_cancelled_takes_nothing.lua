-- What has come is for who waits next: nothing is lost, and nobody waits for nothing.
local net = async.net
local server <close> = assert(net.listen("127.0.0.1", 0))
local socket <close> = assert(net.udp("127.0.0.1"))

-- Cancels the first who waits, when it was woken and has not gone on yet.  Where it was faster, all
-- is to be done again.
local function once(wait, come)
  local first, second = spawn(wait), spawn(wait)
  sleep(0)
  local comes = spawn(come)
  while first:status() == "waiting" do sleep(0) end
  local was_woken = first:status() ~= "done"
  first:cancel "enough"
  comes:await()
  if not was_woken then
    second:cancel()
    return
  end
  local ok, err = first:pawait()
  return tostring(ok) .. " " .. tostring(err), async.move_on_after(2, second.await, second)
end

local function often(wait, come)
  for _ = 1, 100 do
    local why, got = once(wait, come)
    if why then return why, got end
  end
end

-- expect: false cancelled: enough	true
print(often(function() return server:accept().peer ~= nil end, function()
  assert(net.connect("127.0.0.1", server.port)):close()
end))
-- expect: false cancelled: enough	datagram
print(often(function() return (socket:recv()) end, function()
  socket:send("datagram", "127.0.0.1", socket.port)
end))
