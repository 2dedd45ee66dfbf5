-- Each is a task that is called after its peer; an error of one is reported, and the others, and
-- the server, go on.
local net = async.net
local server <close> = assert(net.listen("127.0.0.1", 0))
local peers = {}
local serving = spawn(function()
  return server:serve(function(connection)
    peers[async.current().name] = connection.peer
    for line in connection:lines() do
      if line == "boom" then error "no such thing" end
      connection:write(line:upper(), "\n")
    end
    connection:write "bye\n"
  end)
end)

local function dial() return assert(net.connect("127.0.0.1", server.port)) end
local function ask(connection, text)
  connection:write(text, "\n")
  return connection:read()
end

local one, two, three = dial(), dial(), dial()
-- expect: ONE	TWO	ONCE MORE
print(ask(one, "one"), ask(two, "two"), ask(one, "once more"))
-- expect: true
print(peers[two.local_address] == two.local_address and one.peer == server.address)
-- expect stderr: Error in task: $FILE:10: no such thing
-- expect stderr: 127.0.0.1:
-- expect: nil
print(ask(two, "boom"))
-- expect: THREE	ONE
print(ask(three, "three"), ask(one, "one"))
-- A half that is shut down is the end of what the handler reads; it can still answer.
one:shutdown()
-- expect: bye	nil
print(one:read(), one:read())
-- Who is idle when the server is closed is told the end.
server:close()
-- expect: bye	nil
print(three:read(), three:read())
-- expect: true	true
print(serving:pawait())
-- expect status: 1
