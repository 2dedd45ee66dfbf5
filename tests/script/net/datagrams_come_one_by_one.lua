local net = async.net
local one, two = assert(net.udp("127.0.0.1")), assert(net.udp("127.0.0.1", 0))
-- expect: true	true
print(one.port ~= two.port, one.address == "127.0.0.1:" .. one.port)
assert(one:send("first", "127.0.0.1", two.port) == one)
one:send("", "localhost", two.port)
one:send(12, "127.0.0.1", two.port)
-- expect: first	127.0.0.1	true
local data, host, port = two:recv()
print(data, host, port == one.port)
-- An empty one is one, too.
-- expect: ''	'12'
print("'" .. two:recv() .. "'", "'" .. two:recv() .. "'")
local large = ("0123456789"):rep(6000)
one:send(large, "127.0.0.1", two.port)
-- expect: true
print(two:recv() == large)

-- Of several who wait each gets one, and who sends in between is not forgotten.
local got = {}
for i = 1, 5 do spawn(function() table.insert(got, (two:recv())) end) end
sleep(0)
for i = 1, 5 do one:send(i, "127.0.0.1", two.port) end
while #got < 5 do sleep(0.001) end
table.sort(got)
-- expect: 1 2 3 4 5
print(table.concat(got, " "))

-- A socket of both sorts of addresses speaks with both.
local any <close> = assert(net.udp())
any:send("old", "127.0.0.1", one.port)
-- expect: old	127.0.0.1	true
data, host, port = one:recv()
print(data, host, port == any.port)
one:send("back", "127.0.0.1", any.port)
-- expect: back	127.0.0.1	true
data, host, port = any:recv()
print(data, host, port == one.port)

-- "localhost" is the same for who sends, from wherever, as for who receives.
local here <close> = assert(net.udp("localhost"))
any:send("to localhost", "localhost", here.port)
-- expect: to localhost
print((async.move_on_after(20, here.recv, here)))
