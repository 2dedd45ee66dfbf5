-- From one connection to another, however often the copy is given up, and however much of it.
local net = async.net
local function both()
  local server <close> = assert(net.listen("127.0.0.1", 0))
  local ours = assert(net.connect("127.0.0.1", server.port))
  return ours, assert(server:accept())
end

-- Bytes of which each says where it is.
local text = {}
for i = 1, 1 << 17 do text[i] = ("%015d\n"):format(i) end
text = table.concat(text):rep(8)

local from, source = both()
local target, to = both()
spawn(function()
  from:write(text)
  from:close()
end)
local got, reading = {}, spawn(function() return to:read "a" end)

-- Pieces, some with a count, some given up in the middle, and once by other means.
local copied, given_up = 0, 0
for i = 1, 40 do
  local count = async.move_on_after(i % 3 * 0.001, source.copy_to, source, target, 10000 * i)
  if count then copied = copied + count else given_up = given_up + 1 end
end
local some = source:read(12345)
target:write(some)
copied = copied + #some
source:copy_to(target)
target:close()
-- expect: true	true
print(reading:await() == text, given_up > 0)
-- expect: nil
print(source:read())

-- A target that nobody reads: what has not been written to it can still be read from the source.
from, source = both()
target, to = both()
spawn(function()
  from:write(text)
  from:close()
end)
-- expect: nil	timeout
print(async.move_on_after(0.2, source.copy_to, source, target))
target:shutdown()
local written = to:read "a"
local rest = source:read "a"
-- expect: true	true
print(#written > 0 and #rest > 0, written .. rest == text)

-- One that is gone.
from, source = both()
target, to = both()
local writing = spawn(from.write, from, text)
to:close()
local count, why, code
repeat count, why, code = source:copy_to(target) until not count
-- expect: true
print(code == "ECONNRESET" or code == "EPIPE")
writing:cancel()
