-- An address of IPv4 is one, however it was written.
local net = async.net
local server <close> = assert(net.listen("127.0.0.1", 0))
local ours, why, code = net.connect("::ffff:127.0.0.1", server.port)
if not ours and (code == "EAFNOSUPPORT" or code == "ENETUNREACH" or code == "EADDRNOTAVAIL") then
  print "true	true" -- the system has no IPv6
else
  assert(ours, why)
  local theirs <close> = assert(server:accept())
  -- expect: true	true
  print(ours.peer == theirs.local_address, ours.local_address == theirs.peer)
  ours:close()
end
