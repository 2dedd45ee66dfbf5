-- Beside channels and tasks; who is ready keeps what it has.
local net = async.net
local server <close> = assert(net.listen("127.0.0.1", 0))
local socket <close> = assert(net.udp("127.0.0.1"))
local channel = async.channel(1)
local ours = assert(net.connect("127.0.0.1", server.port))
-- expect: 1	true
local index, value = async.select{server, channel}
print(index, value == server)
local theirs = assert(server:accept())
-- expect: nil	timeout
print(async.select{theirs, server, socket, channel, timeout = 0})

local function heard() return (async.select{theirs, server, socket, channel}) end
local waiting = spawn(heard)
sleep(0)
ours:write "to read"
-- expect: 1	7
print(waiting:await(), #theirs:read_some())
waiting = spawn(heard)
sleep(0)
local more = assert(net.connect("127.0.0.1", server.port))
-- expect: 2	true
print(waiting:await(), server:accept().peer == more.local_address)
waiting = spawn(heard)
sleep(0)
socket:send("x", "127.0.0.1", socket.port)
-- expect: 3	x
print(waiting:await(), (socket:recv()))
waiting = spawn(heard)
sleep(0)
channel:send(1)
-- expect: 4
print(waiting:await())
-- An end is something to be read, and a closed server is ready.
more:close()
ours:close()
-- expect: 1	nil
print(heard(), theirs:read())
server:close()
-- expect: 1
print((async.select{server, channel}))
-- expect: false	the server is closed
local ok, err = pcall(server.accept, server)
print(ok, (err:gsub("^.-:%d+: ", "")))

-- Of several who wait in both ways each gets one.
local busy <close> = assert(net.listen("127.0.0.1", 0))
local got = 0
for _ = 1, 3 do
  spawn(function()
    if busy:accept() then got = got + 1 end
  end)
  spawn(function()
    async.select{busy}
    if busy:accept() then got = got + 1 end
  end)
end
sleep(0)
local kept = {}
for i = 1, 6 do kept[i] = assert(net.connect("127.0.0.1", busy.port)) end
while got < 6 do sleep(0.001) end
-- expect: 6
print(got)
