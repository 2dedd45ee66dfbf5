#!/usr/bin/env tinyasync
-- Passes connections on, and says how many bytes went where.
--
--   tinyasync run scripts/net/proxy.lua PORT HOST:PORT
--
-- Try it with: tinyasync run scripts/net/proxy.lua 8080 example.org:80

local function address(text)
  local host, port = text:match "^%[(.+)%]:(%d+)$"
  if not host then host, port = text:match "^([^:]+):(%d+)$" end
  port = math.tointeger(tonumber(port))
  if not port or port < 1 or port > 65535 then
    return nil, "expected HOST:PORT or [ADDRESS]:PORT, got " .. text
  end
  return {host = host, port = port}
end

local options = async.args{
  "Passes connections on, and says how many bytes went where.",
  {"PORT", "where to listen, 0 for any", type = "integer", min = 0, max = 65535},
  {"TARGET", "where to pass them on to, as HOST:PORT", type = address},
}

local server = assert(async.net.listen("localhost", options.port))
print("listening at " .. server.address)

-- The end of one side is the end for the other; the way back stays open.
local function pass_on(from, to)
  local count, why = from:copy_to(to)
  to:shutdown()
  return count and count .. " bytes" or why
end

server:serve(function(client)
  local began = async.now()
  local target <close>, why = async.net.connect(options.target.host, options.target.port)
  if not target then
    print(client.peer .. ": " .. why)
    return
  end
  local passed = async.all{
    function() return pass_on(client, target) end,
    function() return pass_on(target, client) end,
  }
  print(("%s: there %s, back %s, %.1f s"):format(client.peer, passed[1], passed[2],
    async.now() - began))
end)
