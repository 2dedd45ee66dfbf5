-- needs: copas
-- path: /usr/share/lua/5.2/?.lua
local copas, socket = require "copas", require "socket"
local server = socket.bind("127.0.0.1", 0)
local _, port = server:getsockname()
local served, ended = 0, 0
copas.addserver(server, function(peer)
  peer = copas.wrap(peer)
  for line in function() return (peer:receive "*l") end do peer:send(line:upper() .. "\n") end
  served = served + 1
end)
for i = 1, 3 do
  copas.addthread(function()
    local client = socket.tcp()
    copas.connect(client, "127.0.0.1", port)
    for word = 1, 2 do
      copas.send(client, "hello " .. word .. "\n")
      assert(copas.receive(client) == "HELLO " .. word)
    end
    print(select(2, coroutine.running()), coroutine.isyieldable())
    print(pcall(error, "caught", 0))
    client:close()
    ended = ended + 1
  end)
end
local deadline = socket.gettime() + 10
while (served < 3 or ended < 3) and socket.gettime() < deadline do copas.step(0.1) end
print("served", served, "ended", ended, select(2, coroutine.running()))
