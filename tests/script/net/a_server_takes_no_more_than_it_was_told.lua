-- The next one is taken when a connection ends.
local net = async.net
local server <close> = assert(net.listen("127.0.0.1", 0))
local now, most = 0, 0
spawn({daemon = true}, function()
  server:serve(function(connection)
    now = now + 1
    most = math.max(most, now)
    connection:write(connection:read(), "\n")
    now = now - 1
  end, {max = 3})
end)
local answers = async.map({1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, function(i)
  local connection <close> = assert(net.connect("127.0.0.1", server.port))
  sleep(0.01)
  connection:write(i, "\n")
  return connection:read()
end)
-- expect: 1 2 3 4 5 6 7 8 9 10
print(table.concat(answers, " "))
-- expect: 3
print(most)
