-- Whatever may be wrong with a certificate is said in words that name whose it is.
-- options: --timeout=110

local net, process = async.net, async.process
local dir <close> = assert(async.temp_dir())
process.run{"tests/kit/certificates.sh", dir.path, "other", "self", "unknown", "expired", "early",
  "usage", "weak", "sha1", "client", "locked", "pattern", "nameless", "zone"}
local function at(name) return dir.path .. "/" .. name end

local function try(port, name, options)
  local s <close> = assert(net.connect("127.0.0.1", port))
  options = options or {}
  options.server_name = options.server_name or "db"
  options.ca = options.ca or at "root.pem"
  local done, message, code = s:start_tls(options)
  print(name, done and "done" or message, code)
end

-- What the server hears of it is another matter.
local function serve(name, options)
  local server <close> = assert(net.listen("127.0.0.1", 0))
  local task = spawn(function()
    local c <close> = assert(server:accept())
    c:start_tls{server = true, certificate = at(name .. ".pem"), key = at(name .. ".key")}
  end)
  try(server.port, name, options)
  task:await()
end

serve("db") -- expect: db	done	nil
serve("db", {server_name = "127.0.0.1"}) -- expect: db	done	nil
serve("expired") -- expect: expired	certificate of db has expired (2026-01-02)	TLS
serve("early") -- expect: early	certificate of db is not valid before 2099-03-04	TLS
serve("other")
-- expect: other	certificate of db is for other.example, a, b, c and 2 more, not for db	TLS
serve("db", {server_name = "db.example"})
-- expect: db	certificate of db.example is for db, localhost, 127.0.0.1, not for db.example	TLS
serve("db", {server_name = "127.0.0.2"})
-- expect: db	certificate of 127.0.0.2 is for db, localhost, 127.0.0.1, not for 127.0.0.2	TLS
serve("db", {server_name = "DB."}) -- expect: db	done	nil
serve("pattern", {server_name = "b.a.example"}) -- expect: pattern	done	nil
serve("pattern", {server_name = "c.b.a.example"})
-- expect: pattern	certificate of c.b.a.example is for *.a.example, 127.0.0.1, not for c.b.a.example	TLS
serve("pattern", {server_name = "127.0.0.1"})
-- expect: pattern	certificate of 127.0.0.1 is for names, *.a.example, 127.0.0.1, not for the address 127.0.0.1	TLS
-- A common name is no name of a host, whatever it says.
serve("nameless")
-- expect: nameless	certificate of db names no host: it has only a common name, 'db', and no subjectAltName	TLS
serve("nameless", {server_name = "127.0.0.1"})
-- expect: nameless	certificate of 127.0.0.1 names no host: it has only a common name, 'db', and no subjectAltName	TLS
-- The zone of an address is this machine's: no certificate has it.
serve("zone", {server_name = "fe80::1%eth0"}) -- expect: zone	done	nil
serve("zone", {server_name = "fe80::2%eth0"})
-- expect: zone	certificate of fe80::2 is for fe80::1, not for fe80::2	TLS
serve("self") -- expect: self	certificate of db is self-signed: nobody known vouches for it	TLS
serve("self", {ca = at "self.pem"}) -- expect: self	done	nil
serve("unknown")
-- expect: unknown	certificate of db was issued by 'Strange Root', which is not known here	TLS
serve("usage") -- expect: usage	certificate of db may not be used by a server	TLS
serve("expired", {verify = false}) -- expect: expired	done	nil

-- Such as no server of ours shows.
local function serve_weak(name)
  local server <close> = process.spawn{"openssl", "s_server", "-accept", "127.0.0.1:0", "-cert",
    at(name .. ".pem"), "-key", at(name .. ".key"), "-cipher", "DEFAULT:@SECLEVEL=0", "-naccept",
    "1", stdin = "pipe", stdout = "pipe", stderr = "null"}
  local port
  repeat port = server.stdout:read():match("^ACCEPT .*:(%d+)$") until port
  try(port, name)
end

serve_weak("weak") -- expect: weak	certificate of db has a key that is too weak (RSA of 1024 bits)	TLS
serve_weak("sha1") -- expect: sha1	certificate of db is signed with SHA1, which is too weak	TLS

-- The server's side, of clients; TLS 1.3 lets these hear of it when they read.
local function plain(text) return (tostring(text):gsub("127.0.0.1:%d+", "PEER")) end

local function serve_clients(name, other)
  local server <close> = assert(net.listen("127.0.0.1", 0))
  local task = spawn(function()
    local c <close> = assert(server:accept())
    local done, message, code = c:start_tls{server = true, certificate = at "db.pem",
      key = at "db.key", ca = at "root.pem"}
    print(name, done and c.tls.certificate.subject or plain(message), code)
  end)
  local s <close> = assert(net.connect("127.0.0.1", server.port))
  assert(s:start_tls{server_name = "db", ca = at "root.pem", certificate = name and at(name),
    key = other and at(other)})
  task:await()
  local _, message, code = s:read()
  print(plain(message), code)
end

process.run(process.sh("cat {} {} > {}", at "client.pem", at "client.key", at "both.pem"))
serve_clients("client.pem", "client.key") -- expect: client.pem	CN=db	nil
-- expect: nil	nil
serve_clients("both.pem") -- expect: both.pem	CN=db	nil
-- expect: nil	nil
serve_clients()
-- expect: nil	cannot start TLS with tcp PEER: the client has shown no certificate	TLS
-- expect: cannot read tcp PEER: the peer refused: it wants a certificate (certificate required)	TLS
serve_clients("unknown.pem", "unknown.key")
-- expect: unknown.pem	certificate of the client was issued by 'Strange Root', which is not known here	TLS
-- expect: cannot read tcp PEER: the peer refused: it does not know who issued the certificate (unknown CA)	TLS
serve_clients("expired.pem", "expired.key")
-- expect: expired.pem	certificate of the client has expired (2026-01-02)	TLS
-- expect: cannot read tcp PEER: the peer refused: certificate expired	TLS

-- What cannot be a server's own.
local function own(options)
  local server <close> = assert(net.listen("127.0.0.1", 0))
  local s <close> = assert(net.connect("127.0.0.1", server.port))
  options.server = true
  local _, message, code = s:start_tls(options)
  print((message:gsub("/%S*/", "")), code)
end
own{certificate = at "none.pem"}
-- expect: cannot read the certificate none.pem: no such file or directory	ENOENT
own{certificate = at "db.pem", key = at "none.key"}
-- expect: cannot read the key none.key: no such file or directory	ENOENT
own{certificate = at "db.key"}
-- expect: cannot set up TLS: the certificate db.key: there is none in it, as PEM	TLS
own{certificate = at "db.pem"} -- expect: cannot set up TLS: the key db.pem: there is none in it, as PEM	TLS
own{certificate = at "db.pem", key = at "client.key"}
-- expect: cannot set up TLS: the key client.key belongs to another certificate	TLS
own{certificate = at "db.pem", key = at "locked.key"}
-- expect: cannot set up TLS: the key locked.key is protected by a passphrase	TLS
own{certificate = at "weak.pem", key = at "weak.key"}
-- expect: cannot set up TLS: the certificate weak.pem: its key is too weak (RSA of 1024 bits)	TLS
own{certificate = at "sha1.pem", key = at "sha1.key"}
-- expect: cannot set up TLS: the certificate sha1.pem: it is signed with SHA1, which is too weak	TLS
own{certificate = at "db.pem", key = at "db.key", ca = at "none.pem"}
-- expect: cannot read the authorities none.pem: no such file or directory	ENOENT
own{certificate = at "db.pem", key = at "db.key", ca = at "db.key"}
-- expect: cannot set up TLS: the authorities db.key: no certificate or crl found	TLS

-- Of whom a certificate is wanted is said in full, by the options themselves.
local mute <close> = assert(net.listen("127.0.0.1", 0))
local open <close> = assert(net.connect("127.0.0.1", mute.port))
for _, name in ipairs{".", ".a.example", "*.a.example", "a..example", "db:443", "[::1]", "https://db"} do
  local done, message = pcall(open.start_tls, open, {server_name = name})
  print(done, (message:gsub("^.-: ", "")))
end
-- expect: false	start_tls: server_name must be the name of a host, got "."
-- expect: false	start_tls: server_name must be the name of a host, got ".a.example"
-- expect: false	start_tls: server_name must be the name of a host, got "*.a.example"
-- expect: false	start_tls: server_name must be the name of a host, got "a..example"
-- expect: false	start_tls: server_name must be the name of a host, got "db:443"
-- expect: false	start_tls: server_name must be the name of a host, got "[::1]"
-- expect: false	start_tls: server_name must be the name of a host, got "https://db"
local inherited = setmetatable({server = true}, {__index = {certificate = at "db.pem"}})
local done, message = pcall(open.start_tls, open, inherited)
print(done, (message:gsub("^.-: ", ""))) -- expect: false	start_tls: a server needs a certificate
print(pcall(open.start_tls, {}, {})) -- expect: false	bad argument #1 to '?' (Stream expected, got table)

-- Before anybody is called, or can call.
local function early(made, message, code) print(made, (message:gsub("/%S*/", "")), code) end
early(net.connect("127.0.0.1", 1, {tls = {ca = at "none.pem"}}))
-- expect: nil	cannot read the authorities none.pem: no such file or directory	ENOENT
early(net.connect_unix(at "nobody", {tls = {ca = at "none.pem", server_name = "db"}}))
-- expect: nil	cannot read the authorities none.pem: no such file or directory	ENOENT
early(net.listen_unix(at "nowhere/socket", {tls = {certificate = at "none.pem"}}))
-- expect: nil	cannot read the certificate none.pem: no such file or directory	ENOENT
early(net.listen("127.0.0.1", 0, {tls = {certificate = at "none.pem"}}))
-- expect: nil	cannot read the certificate none.pem: no such file or directory	ENOENT
