-- SPDX-License-Identifier: MIT
--
-- echo.lua -- an echo server; writes its port, and serves until it is ended.
local server = assert(async.net.listen("127.0.0.1", 0, {backlog = 4096}))
io.write(server.port, "\n")
server:serve(function(connection)
  local bytes = connection:read_some()
  while bytes do
    connection:write(bytes)
    bytes = connection:read_some()
  end
end)
