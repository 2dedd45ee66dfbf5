-- A peer that sends a line without an end is refused by max_line, at both ends; what it has sent
-- can be read in pieces.  One that says nothing costs nothing.
local net = async.net
local server <close> = assert(net.listen("127.0.0.1", 0, {max_line = 1000}))
spawn({daemon = true}, function()
  server:serve(function(connection)
    local line, message, code = connection:read()
    if not code then return end
    connection:write(code, " ", message, "\n", #connection:read(500), "\n")
  end)
end)
local silent <close> = assert(net.connect("127.0.0.1", server.port))
local ours <close> = assert(net.connect("127.0.0.1", server.port, {max_line = 10}))
ours:write(("x"):rep(100000))
-- expect: nil	line longer than 10 bytes	EMSGSIZE
print(ours:read())
-- expect: EMSGSIZE
print(ours:read(8))
-- expect:  line longer than 1000 bytes
print(ours:read(28))

-- Blanks before a number are no more than a line, however they come.
local function number_after(blanks)
  local listener <close> = assert(net.listen("127.0.0.1", 0, {max_line = 10}))
  local client <close> = assert(net.connect("127.0.0.1", listener.port))
  local stream <close> = listener:accept()
  client:write((" "):rep(blanks), "42 ")
  client:shutdown()
  return stream:read "n"
end
-- expect: 42
print(number_after(10))
-- expect: nil	line longer than 10 bytes	EMSGSIZE
print(number_after(11))
-- expect: nil	line longer than 10 bytes	EMSGSIZE
print(number_after(100000))
