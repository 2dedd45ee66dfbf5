-- proxy.lua: passes connections on, and says how many bytes went where.
--   tinyasync run scripts/net/proxy.lua PORT HOST:PORT
-- Try it with: tinyasync run scripts/net/proxy.lua 8080 example.org:80
local host, port = (arg[2] or ""):match "^(.*):(%d+)$"
if not port then
  io.stderr:write "usage: proxy.lua PORT HOST:PORT\n"
  os.exit(2)
end
local server = assert(async.net.listen("localhost", arg[1]))
print("listening at " .. server.address)

-- The end of one side is the end for the other; the way back stays open.
local function pass_on(from, to)
  local count, why = from:copy_to(to)
  to:shutdown()
  return count or why
end

server:serve(function(client)
  local began = async.now()
  local target <close>, why = async.net.connect(host, port)
  if not target then
    print(client.peer, why)
    return
  end
  local counts = async.all{
    function() return pass_on(client, target) end,
    function() return pass_on(target, client) end
  }
  print(("%s: %s bytes there, %s back, %.1f s"):format(client.peer, counts[1], counts[2],
    async.now() - began))
end)
