-- max bounds the tasks of serve: one that closes its connection early, and goes on, is one of them.
local net = async.net
local server <close> = assert(net.listen("127.0.0.1", 0))
local now, most, ended, goes_on = 0, 0, async.channel(9), async.event()
spawn({daemon = true}, function()
  server:serve(function(connection)
    now = now + 1
    most = math.max(most, now)
    connection:close()
    goes_on:wait()
    now = now - 1
    ended:send(true)
  end, {max = 2})
end)
local connections = {}
for i = 1, 5 do connections[i] = assert(net.connect("127.0.0.1", server.port)) end
-- expect: nil	nil
print(connections[1]:read(), connections[2]:read())
-- expect: nil	timeout
print(async.move_on_after(0.05, connections[3].read, connections[3]))
goes_on:set()
for _ = 1, 5 do ended:recv() end
-- expect: 2
print(most)
-- expect: nil
print(connections[5]:read())
