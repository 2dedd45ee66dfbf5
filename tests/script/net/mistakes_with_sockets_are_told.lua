local net = async.net
local function try(fn, ...)
  local ok, err = pcall(fn, ...)
  assert(not ok)
  local place, words = err:match "^(.-:%d+): (.*)$"
  assert(place and place:find("mistakes_with", 1, true), err)
  print(words)
end
-- expect: net.connect: expected a host, got nil
try(net.connect)
-- expect: net.connect: expected a host, got an empty text
try(net.connect, "", 80)
-- expect: net.connect: a host has no zero byte
try(net.connect, "a\0b", 80)
-- expect: net.connect: the port must be a number from 1 to 65535, got 0
try(net.connect, "localhost", 0)
-- expect: net.connect: the port must be a number from 1 to 65535, got 65536
try(net.connect, "localhost", 65536)
-- expect: net.connect: the port must be a number from 1 to 65535, got 80.5
try(net.connect, "localhost", 80.5)
-- expect: net.connect: the port must be a number from 1 to 65535, got "http!"
try(net.connect, "localhost", "http!")
-- expect: net.connect: the port must be a number from 1 to 65535, got nil
try(net.connect, "localhost")
-- expect: net.connect: options must be a table, got string
try(net.connect, "localhost", 80, "tls")
-- expect: net.connect: unknown option 'nodlay', did you mean 'nodelay'?
try(net.connect, "localhost", 80, {nodlay = true})
-- expect: net.connect: nodelay must be true or false, got 1
try(net.connect, "localhost", 80, {nodelay = 1})
-- expect: net.connect: keepalive must be true, or from 1 to 32767 seconds, got 0
try(net.connect, "localhost", 80, {keepalive = 0})
-- expect: net.connect: max_line must be 0 or more bytes, got -1
try(net.connect, "localhost", 80, {max_line = -1})
-- expect: net.connect: local_address must be an address, such as "10.0.0.1" or "10.0.0.1:4000", got "here"
try(net.connect, "localhost", 80, {local_address = "here"})
-- expect: net.connect: local_address must be an address, such as "10.0.0.1" or "10.0.0.1:4000", got "127.0.0.1:99999999999999999999"
try(net.connect, "localhost", 80, {local_address = "127.0.0.1:99999999999999999999"})
-- expect: net.listen: expected a host, such as "127.0.0.1", or "*" for all addresses, got nil
try(net.listen, nil, 80)
-- expect: net.listen: the port must be a number from 0 to 65535, got -1
try(net.listen, "*", -1)
-- expect: net.listen: backlog must be a number from 1 to 65535, got 0
try(net.listen, "*", 0, {backlog = 0})
-- expect: net.listen_unix: expected a path, got table
try(net.listen_unix, {})
-- expect: net.connect_unix: unknown option 'nodelay'
try(net.connect_unix, "/x", {nodelay = true})
-- expect: net.listen_fd: expected a number from 1 on, or a name, got 0
try(net.listen_fd, 0)
-- expect: net.wait: timeout must be 0 or more seconds, got "1"
try(net.wait, "localhost", 80, {timeout = "1"})
-- expect: net.wait: unknown option 'timout', did you mean 'timeout'?
try(net.wait, "localhost", 80, {timout = 1})

local server <close> = assert(net.listen("127.0.0.1", 0))
-- expect: server:serve: expected a function as argument 1, got nil
try(function() server:serve() end)
-- expect: server:serve: max must be a number of connections from 1 on, got 0
try(function() server:serve(print, {max = 0}) end)
-- expect: server:serve: unknown option 'mx', did you mean 'max'?
try(function() server:serve(print, {mx = 1}) end)
-- expect: server:serve: serve() is a method of a server: server:serve(handler)
try(function() server.serve(print) end)
local serving = spawn({daemon = true}, function() server:serve(print) end)
sleep(0)
-- expect: server:serve: it is served already
try(function() server:serve(print) end)
local socket <close> = assert(net.udp("127.0.0.1"))
-- expect: udp:send: expected a text, got table
try(function() socket:send({}, "127.0.0.1", 9) end)
-- expect: udp:send: expected a host, got nil
try(function() socket:send("x") end)
-- expect: udp:send: the port must be a number from 1 to 65535, got nil
try(function() socket:send("x", "127.0.0.1") end)

local function refused(stream, message, code)
  assert(stream == nil)
  print((message:gsub("%d%d%d%d+", "PORT"):gsub("x+x", "x")), code)
end
-- expect: cannot listen at 127.0.0.1:PORT: address already in use	EADDRINUSE
refused(net.listen("127.0.0.1", server.port))
-- expect: cannot listen at 192.0.2.1:0: cannot assign requested address	EADDRNOTAVAIL
refused(net.listen("192.0.2.1", 0))
-- expect: cannot listen at x: file name too long	ENAMETOOLONG
refused(net.listen_unix(("x"):rep(300)))
-- expect: cannot listen at /proc/x/y: no such file or directory	ENOENT
refused(net.listen_unix "/proc/x/y")
-- expect: cannot connect to /proc/x/y: no such file or directory	ENOENT
refused(net.connect_unix "/proc/x/y")
-- expect: no socket was handed over (LISTEN_FDS)	ENOENT
refused(net.listen_fd())
-- expect: cannot send to 127.0.0.1:9: message too long	EMSGSIZE
refused(socket:send(("x"):rep(70000), "127.0.0.1", 9))

-- What finds fields looks at whose they are.
local function field_of(kind, object, name) return debug.getmetatable(kind).__index(object, name) end
-- expect: nil	nil	nil	nil
print(field_of(server, io.stdout, "port"), field_of(socket, server, "address"),
  field_of(server, debug.upvalueid(field_of, 1), "port"), field_of(async.stdin, io.stdout, "label"))
