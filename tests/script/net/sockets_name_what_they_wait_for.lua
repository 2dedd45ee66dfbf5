local net = async.net
local server <close> = assert(net.listen("127.0.0.1", 0))
local ours <close> = assert(net.connect("127.0.0.1", server.port))
local theirs <close> = assert(server:accept())
local socket <close> = assert(net.udp("127.0.0.1"))
local full <close> = assert(net.listen("127.0.0.1", 0, {backlog = 1}))
for _ = 1, 8 do async.move_on_after(0.02, net.connect, "127.0.0.1", full.port) end

local function status_of(fn, ...)
  local task = spawn({daemon = true}, fn, ...)
  local status, what = task:status()
  while status ~= "waiting" do
    sleep(0)
    status, what = task:status()
  end
  task:cancel()
  return (what:gsub(tostring(server.port), "SERVER"):gsub(tostring(full.port), "FULL")
    :gsub("%d%d%d%d+", "PORT"))
end
-- expect: accept 127.0.0.1:SERVER
print(status_of(server.accept, server))
-- expect: read tcp 127.0.0.1:SERVER
print(status_of(ours.read, ours))
-- expect: read tcp 127.0.0.1:PORT
print(status_of(theirs.read, theirs))
-- expect: write tcp 127.0.0.1:PORT
print(status_of(theirs.write, theirs, ("x"):rep(1 << 24)))
-- expect: recv udp 127.0.0.1:PORT
print(status_of(socket.recv, socket))
-- expect: connect 127.0.0.1:FULL
print(status_of(net.connect, "127.0.0.1", full.port))
-- expect: connect 127.0.0.1:FULL
print(status_of(net.wait, "127.0.0.1", full.port))
