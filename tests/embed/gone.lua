-- A peer that has gone is an error of the write, and no signal to the program.

local net = async.net
local server <close> = assert(net.listen("localhost", 0))
local client <close> = assert(net.connect("localhost", server.port))
server:accept():close()
local ok, message, code
repeat ok, message, code = client:write(("x"):rep(1000)) until not ok
print(code == "EPIPE" or code == "ECONNRESET" or message)
