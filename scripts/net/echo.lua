-- echo.lua: gives back what it is sent.
--   tinyasync run scripts/net/echo.lua [PORT]
-- Try it with: nc localhost 7777
local server = assert(async.net.listen("localhost", arg[1] or 7777))
print("listening at " .. server.address)
server:serve(function(connection)
  for line in connection:lines "L" do connection:write(line) end
end, {max = 1000})
