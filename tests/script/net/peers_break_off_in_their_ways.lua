-- The end, half a line, a reset and a refusal are told apart, and what came before is read first.
local net = async.net
local server <close> = assert(net.listen("127.0.0.1", 0))

local function both()
  local ours = assert(net.connect("127.0.0.1", server.port))
  return ours, assert(server:accept())
end

-- Closed in the middle of a line: that is the last one, and then there is the end.
local ours, theirs = both()
theirs:write "whole\nhal"
theirs:close()
-- expect: whole	hal	nil
print(ours:read("l", "l", "l"))
-- expect: nil
print(ours:read_some())

-- Closed while there was something that it had not read: a reset, behind what it has sent.
ours, theirs = both()
ours:write "never read"
theirs:write "said\n"
theirs:close()
-- expect: said	true	cannot read	ECONNRESET
local line = ours:read()
local none, message, code = ours:read()
print(line, none == nil, message:match "^cannot read", code)
-- A reset is the last word: whoever writes is told as well.
-- expect: true
print(select("#", ours:write "x") == 3)

-- Half closed: it reads the end, and is answered.
ours, theirs = both()
assert(ours:shutdown())
-- expect: nil
print(theirs:read())
theirs:write "answer"
theirs:close()
-- expect: answer	nil
print(ours:read "a", ours:read())
-- expect: nil	EPIPE
local done, _, why = ours:write "more"
print(done, why)

-- Nobody is there.
local port = server.port
server:close()
-- expect: nil	cannot connect to 127.0.0.1: connection refused	ECONNREFUSED
local stream, words, name = net.connect("127.0.0.1", port)
print(stream, (words:gsub(":%d+:", ":")), name)
