-- tls=true or a table with net.connect, net.listen and serve; what is known of a connection;
-- and a connection is taken up again.
-- options: --timeout=110

local net, process = async.net, async.process
local dir <close> = assert(async.temp_dir())
process.run{"tests/kit/certificates.sh", dir.path, "hashed", "client", "expired"}
local function at(name) return dir.path .. "/" .. name end
local function plain(text) return (tostring(text):gsub("%d+%.%d+%.%d+%.%d+:%d+", "PEER"):gsub(":%d%d+", ":PORT")) end

local own = {certificate = at "db.pem", key = at "db.key", alpn = {"line/1", "line/2"}}
local server <close> = assert(net.listen("localhost", 0, {tls = own}))
spawn({daemon = true}, function()
  server:serve(function(c)
    for line in c:lines() do c:write(line:upper(), "\n") end
  end)
end)

local trust = {ca = at "root.pem", alpn = "line/2"}
do
  local s <close> = assert(net.connect("localhost", server.port, {tls = trust}))
  s:write("hello\n", "again\n")
  print(s:read(), s:read()) -- expect: HELLO	AGAIN
  local about = s.tls
  print(about.version, about.alpn, about.server_name, about.resumed) -- expect: TLSv1.3	line/2	localhost	false
  print(about.certificate.subject, about.certificate.issuer) -- expect: CN=db	CN=Test Root
  print(table.concat(about.certificate.names, " ")) -- expect: db localhost 127.0.0.1
  print(about.certificate.expires > os.time(), about.certificate.starts <= os.time()) -- expect: true	true
  print(about.cipher:match("^TLS_%w+") ~= nil, about.nothing) -- expect: true	nil
  s:shutdown()
  print(s:read()) -- expect: nil
  print(plain(s)) -- expect: stream tcp localhost:PORT
end

-- Whoever comes again need not show everything anew; the certificate is known all the same.
do
  local s <close> = assert(net.connect("localhost", server.port, {tls = trust}))
  s:write("more\n")
  print(s:read(), s.tls.resumed, s.tls.certificate.subject) -- expect: MORE	true	CN=db
end

-- A directory with hashed names is as good; an address stands for itself; other protocols do not.
do
  local s <close> = assert(net.connect("127.0.0.1", server.port, {tls = {ca = at "hashed"}}))
  print(s:write("x\n") == s, s:read(), s.tls.alpn, s.tls.server_name) -- expect: true	X	nil	nil
  local _, message, code = net.connect("localhost", server.port, {tls = {ca = at "root.pem", alpn = "tea"}})
  print(plain(message), code)
  -- expect: cannot connect to localhost:PORT: the peer refused: it has none of the protocols of alpn	TLS
end

-- The system's store does not know that root.
do
  local _, message, code = net.connect("localhost", server.port, {tls = true})
  print(message, code)
  -- expect: certificate of localhost was issued by 'Test Root', which is not known here	TLS
  local s <close> = assert(net.connect("localhost", server.port, {tls = {verify = false}}))
  print(s:write("y\n") == s, s:read(), s.tls.certificate.subject) -- expect: true	Y	CN=db
end

-- By accept the handshake comes with the first read or write; both may be under way.
do
  local other <close> = assert(net.listen_unix(at "socket", {tls = {certificate = at "db.pem",
    key = at "db.key", ca = at "root.pem"}}))
  local task = spawn(function()
    local c <close> = assert(other:accept())
    print(c.tls) -- expect: nil
    local reader = spawn(function() return c:read() end)
    c:write("from the server\n")
    print(reader:await(), c.tls.certificate.subject) -- expect: from the client	CN=db
  end)
  local s <close> = assert(net.connect_unix(at "socket", {tls = {ca = at "root.pem",
    server_name = "db", certificate = at "client.pem", key = at "client.key"}}))
  local reader = spawn(function() return s:read() end)
  s:write("from the client\n")
  task:await()
  print(reader:await()) -- expect: from the server
end

-- expect: server:accept: accept() is a method of a server: server:accept()
print((select(2, pcall(function() server.accept(print) end)):gsub("^.*servers_and_c%S*:%d+: ", "")))
