-- Servers and clients of others: openssl's, and Python's, which begins in plain text as
-- PostgreSQL does; old versions of TLS; renegotiation.
-- options: --timeout=110

local net, process = async.net, async.process
local dir <close> = assert(async.temp_dir())
process.run{"tests/kit/certificates.sh", dir.path, "client", "plain"}
local function at(name) return dir.path .. "/" .. name end
local trust = {ca = at "root.pem", server_name = "db"}
local own = {certificate = at "db.pem", key = at "db.key"}

-- ------------------------------------------------------------ openssl s_server

local function port_of(child)
  local port
  repeat port = child.stdout:read():match("^ACCEPT .*:(%d+)$") until port
  return port
end

local function echo_server(...)
  return process.spawn{"openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", at "plain.pem",
    "-key", at "plain.key", "-rev", "-naccept", "1", "-cipher", "DEFAULT:@SECLEVEL=0",
    stdin = "pipe", stdout = "pipe", stderr = "null", ...}
end

local function ask(...)
  local child <close> = echo_server(...)
  local s, message, code = net.connect("127.0.0.1", port_of(child), {tls = trust})
  if not s then return print((message:gsub(":%d+", ":PORT")), code) end
  s:write("desrever\n")
  print(s:read(), s.tls.version)
  s:close()
end

ask "-tls1_3" -- expect: reversed	TLSv1.3
ask "-tls1_2" -- expect: reversed	TLSv1.2
ask "-tls1_1"
-- expect: cannot connect to 127.0.0.1:PORT: the peer refused: it speaks neither TLS 1.2 nor 1.3 (protocol version)	TLS
ask "-tls1"
-- expect: cannot connect to 127.0.0.1:PORT: the peer refused: it speaks neither TLS 1.2 nor 1.3 (protocol version)	TLS

-- ------------------------------------------------------------ openssl s_client

local server <close> = assert(net.listen("127.0.0.1", 0, {tls = own}))
local function serve_one(handler)
  return spawn(function()
    local c <close> = assert(server:accept())
    return handler(c)
  end)
end

for _, version in ipairs{"-tls1_3", "-tls1_2"} do
  local serving = serve_one(function(c)
    print(c:read(), c.tls.version)
    c:write("hello\n")
  end)
  local child <close> = process.spawn{"openssl", "s_client", "-connect",
    "127.0.0.1:" .. server.port, "-CAfile", at "root.pem", "-verify_hostname", "db",
    "-verify_return_error", "-quiet", version, stdin = "pipe", stdout = "pipe", stderr = "null"}
  child.stdin:write("good day\n")
  print(child.stdout:read(), child.stdout:read())
  serving:await()
end
-- expect: good day	TLSv1.3
-- expect: hello	nil
-- expect: good day	TLSv1.2
-- expect: hello	nil

-- Old ones are turned away, and told so.
local serving = serve_one(function(c) print((select(2, c:read()):gsub("tcp [%d.:]+%d", "PEER"))) end)
local result = process.try{"openssl", "s_client", "-connect", "127.0.0.1:" .. server.port,
  "-tls1_1", "-cipher", "DEFAULT:@SECLEVEL=0"}
serving:await()
-- expect: cannot read PEER: the peer speaks no TLS that is new enough (1.2 or later)
print(result.ok, result.stderr:match("protocol version")) -- expect: false	protocol version

-- Nobody negotiates anew, and whoever insists goes.
local first = async.event()
serving = serve_one(function(c)
  print(c:read()) -- expect: before
  first:set()
  local _, message = c:read()
  print((message:gsub("tcp [%d.:]+%d", "PEER")))
  -- expect: cannot read PEER: the peer refused: it found nothing in common (handshake failure)
end)
do
  local child <close> = process.spawn{"openssl", "s_client", "-connect",
    "127.0.0.1:" .. server.port, "-tls1_2", stdin = "pipe", stdout = "null", stderr = "null"}
  child.stdin:write("before\n")
  first:wait()
  child.stdin:write("R\n")
  serving:await()
end

-- ---------------------------------------------------------------------- Python

-- As PostgreSQL: eight bytes ask for TLS, "S" grants it.
local python = [[
import socket, ssl, struct, sys
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1], sys.argv[2])
listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen()
print(listener.getsockname()[1], flush=True)
plain, _ = listener.accept()
assert struct.unpack("!II", plain.recv(8)) == (8, 80877103)
plain.sendall(b"S")
secret = context.wrap_socket(plain, server_side=True)
while True:
    data = secret.recv(70000)
    if not data: break
    secret.sendall(data.swapcase())
secret.unwrap()
]]

do
  local child <close> = process.spawn{"python3", "-c", python, at "db.pem", at "db.key",
    stdout = "pipe"}
  local s <close> = assert(net.connect("127.0.0.1", child.stdout:read()))
  s:write(string.pack(">I4I4", 8, 80877103))
  print(s:read(1), s:start_tls(trust) == s) -- expect: S	true
  local text = ("Some Text 0123"):rep(20000)
  local writer = spawn(function() return s:write(text):shutdown() == s end)
  local got = s:read("a")
  print(#got, got == text:gsub("%a", function(c) return c:upper() == c and c:lower() or c:upper() end))
  -- expect: 280000	true
  print(writer:await(), s:read(), child:wait().ok) -- expect: true	nil	true
end

-- The other way round: it is called by name, shows a certificate and wants a protocol.
local python_client = [[
import socket, ssl, sys
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.load_verify_locations(sys.argv[2])
context.load_cert_chain(sys.argv[3], sys.argv[4])
context.set_alpn_protocols(["later", "swap"])
secret = context.wrap_socket(socket.create_connection(("127.0.0.1", int(sys.argv[1]))),
    server_hostname="db")
text = b"Some Text 0123" * 20000
secret.sendall(text)
got = b""
while len(got) < len(text): got += secret.recv(70000)
print(secret.version(), secret.selected_alpn_protocol(), got == text.swapcase())
secret.unwrap()
]]

do
  local strict <close> = assert(net.listen("127.0.0.1", 0, {tls = {
    certificate = own.certificate, key = own.key, ca = at "root.pem", alpn = "swap"}}))
  serving = spawn(function()
    local c <close> = assert(strict:accept())
    local text = c:read(280000)
    c:write((text:gsub("%a", function(l) return l:upper() == l and l:lower() or l:upper() end)))
    return c:read(), c.tls.server_name, c.tls.alpn, c.tls.certificate.subject
  end)
  print(process.read{"python3", "-c", python_client, strict.port, at "root.pem", at "client.pem",
    at "client.key"}) -- expect: TLSv1.3 swap True
  print(serving:await()) -- expect: nil	db	swap	CN=db
end
