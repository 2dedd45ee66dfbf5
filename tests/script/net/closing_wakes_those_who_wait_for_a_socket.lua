local net = async.net
local server = assert(net.listen("127.0.0.1", 0))
local socket = assert(net.udp("127.0.0.1"))
local dir <close> = async.temp_dir()
local path = dir.path .. "/socket"
local other = assert(net.listen_unix(path))
local tasks = {
  spawn(server.accept, server), spawn(server.accept, server),
  spawn(async.select, {server}), spawn(socket.recv, socket), spawn(other.accept, other),
  spawn(other.serve, other, print)
}
sleep(0)
for _, closing in ipairs{server, socket, other} do
  closing:close()
  closing:close()
end
-- expect: true	nil	closed	ECANCELED
-- expect: true	nil	closed	ECANCELED
-- expect: true	1	true	nil
-- expect: true	nil	closed	ECANCELED
-- expect: true	nil	closed	ECANCELED
-- expect: true	true	nil	nil
for _, task in ipairs(tasks) do
  local ok, one, two, three = task:pawait()
  if two == server then two = true end
  print(ok, one, two, three)
end
-- expect: false	the server is closed
-- expect: false	the socket is closed
-- expect: false	the server is closed
for _, call in ipairs{
  function() server:accept() end, function() socket:recv() end, function() other:serve(print) end
} do
  local ok, err = pcall(call)
  print(ok, (tostring(err):gsub("^.-:%d+: ", "")))
end
-- Its path has gone with it.
-- expect: false
print(async.fs.exists(path))
