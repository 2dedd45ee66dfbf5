-- By a time-out and by cancel(), and nothing is left behind: the same is done again.
local net = async.net
local server <close> = assert(net.listen("127.0.0.1", 0))
local ours = assert(net.connect("127.0.0.1", server.port))
local theirs = assert(server:accept())
local socket <close> = assert(net.udp("127.0.0.1"))

-- Nobody takes it: the system of the peer would have to answer, and there is none.
local unanswered = assert(net.listen("127.0.0.1", 0, {backlog = 1}))
local waiting = {}
for i = 1, 8 do
  waiting[i] = async.move_on_after(0.02, net.connect, "127.0.0.1", unanswered.port)
end

local waits = {
  {"accept", server.accept, server},
  {"read", ours.read, ours},
  {"recv", socket.recv, socket},
  {"connect", net.connect, "127.0.0.1", unanswered.port},
  {"wait", net.wait, "127.0.0.1", unanswered.port}
}
for _, wait in ipairs(waits) do
  for i = 1, 3 do
    local result, why = async.move_on_after(0.01, table.unpack(wait, 2))
    assert(result == nil and why == "timeout", wait[1])
  end
  local task = spawn(table.unpack(wait, 2))
  sleep(0)
  assert(task:status() == "waiting", wait[1])
  task:cancel "enough"
  local ok, err = task:pawait()
  -- expect: accept	false	cancelled: enough
  -- expect: read	false	cancelled: enough
  -- expect: recv	false	cancelled: enough
  -- expect: connect	false	cancelled: enough
  -- expect: wait	false	cancelled: enough
  print(wait[1], ok, err)
end

-- A write that nobody reads, which tears the stream; reading goes on.
local large = ("x"):rep(1 << 24)
-- expect: nil	timeout
print(async.move_on_after(0.05, ours.write, ours, large))
-- expect: nil	an earlier write was cut short	ECANCELED
print(ours:write "more")
theirs:write "still\n"
-- expect: still
print(ours:read())

-- What comes afterwards is for who waits then.
local late = spawn(server.accept, server)
local again <close> = assert(net.connect("127.0.0.1", server.port))
-- expect: true
print(late:await().peer == again.local_address)
socket:send("hello", "127.0.0.1", socket.port)
-- expect: hello	127.0.0.1	true
local data, host, port = socket:recv()
print(data, host, port == socket.port)
