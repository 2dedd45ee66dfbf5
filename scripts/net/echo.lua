#!/usr/bin/env tinyasync
-- Gives back what it is sent, to a thousand at once.
--
--   tinyasync run scripts/net/echo.lua [PORT]
--
-- Try it with: nc localhost 7777

local options = async.args{
  "Gives back what it is sent.",
  {"[PORT]", "where to listen, 0 for any", type = "integer", min = 0, max = 65535, default = 7777},
}

local server = assert(async.net.listen("localhost", options.port))
print("listening at " .. server.address)
server:serve(function(connection)
  connection:copy_to(connection)
end, {max = 1000})
