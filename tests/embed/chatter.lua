-- Members of chat.lua: each says its lines, and hears those of all.
--
--   tinyasync run chatter.lua PORT_FILE

local MEMBERS <const>, LINES <const> = 20, 20

local function read_port()
  while true do
    local text = async.fs.read(arg[1])
    if text then return tonumber(text) end
    sleep(0.01)
  end
end

local port = read_port()

local function member(n, all_there)
  local stream <close> = assert(async.net.connect("localhost", port))
  stream:write("member", n, "\n")
  -- Who hears itself is in.
  stream:write("hello\n")
  repeat until stream:read() == ("member%d: hello"):format(n)
  all_there:release()
  all_there.gate:wait()
  for i = 1, LINES do stream:write("line ", i, "\n") end
  local heard, last = 0, {}
  while heard < MEMBERS * LINES do
    local who, number = stream:read():match "^member(%d+): line (%d+)$"
    if who then
      assert(tonumber(number) == (last[who] or 0) + 1, "the lines of each come in order")
      last[who], heard = tonumber(number), heard + 1
    end
  end
end

local gate, there = async.event(), 0
local all_there = {gate = gate}
function all_there:release()
  there = there + 1
  if there == MEMBERS then gate:set() end
end

async.scope(function(scope)
  for n = 1, MEMBERS do scope:spawn(member, n, all_there) end
end)
-- One that goes without a word, one that never reads, and one that ends it.
assert(async.net.connect("localhost", port)):close()
local deaf <close> = assert(async.net.connect("localhost", port))
deaf:write("deaf\n")
local last <close> = assert(async.net.connect("localhost", port))
last:write("last\n/quit\n")
print "all heard all"
