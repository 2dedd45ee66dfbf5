-- TLS inside a program that has an event loop of its own, both sides of it, by the module that is
-- loaded then.  The folder has the certificates.

local folder = ...
local net = async.net
local ours = {certificate = folder .. "/db.pem", key = folder .. "/db.key"}
local server <close> = assert(net.listen("localhost", 0, {tls = ours}))
spawn({daemon = true}, function()
  server:serve(function(stream)
    for line in stream:lines() do stream:write(line:upper(), "\n") end
  end)
end)

local trust = {ca = folder .. "/root.pem"}
local stream <close> = assert(net.connect("localhost", server.port, {tls = trust}))
assert(stream:write "hello\n")
print(stream:read(), stream.tls.certificate.subject)
local _, message, code = net.connect("localhost", server.port, {tls = {ca = trust.ca, server_name = "other"}})
print(code, (message:gsub(" is for.*", "")))
