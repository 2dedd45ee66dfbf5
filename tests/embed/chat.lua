-- A chat server inside a program that has an event loop of its own: see outside.h.  Its port goes
-- into the file that is named; who says /quit ends it.

local port_file = ...
local net = async.net
local MOST_LINES = 1000 -- that a member may be behind

local quit = async.event "quit"
local members, joined, said = {}, 0, 0

local function tell_all(line)
  for inbox in pairs(members) do
    if not inbox:try_send(line) then inbox:close() end
  end
end

local function hand_on(stream, inbox)
  for line in inbox:iter() do
    if not stream:write(line, "\n") then return end
  end
end

local function listen_to(stream, inbox, name)
  for line in stream:lines() do
    if line == "/quit" then return quit:set() end
    said = said + 1
    tell_all(name .. ": " .. line)
  end
end

-- A member for as long as it listens.
local function serve(stream)
  local name = stream:read "l"
  if not name then return end
  joined = joined + 1
  local inbox = async.channel(MOST_LINES, name)
  members[inbox] = true
  local _ <close> = async.defer(function() members[inbox] = nil end)
  async.scope(function(scope)
    scope:spawn(hand_on, stream, inbox)
    listen_to(stream, inbox, name)
    inbox:close()
  end)
end

local server <close> = assert(net.listen("localhost", 0))
assert(async.fs.write(port_file, tostring(server.port)))
spawn({daemon = true}, function() server:serve(serve) end)

-- What the host does goes on meanwhile: a timer of its own wakes us, and so do threads.
local ticks = 0
local ticker = spawn(function()
  while not quit:is_set() do ticks = next_tick() end
end)
assert(async.dns.resolve("localhost", "inet")[1] == "127.0.0.1")

quit:wait()
await(ticker)
print(("%d joined, %d lines, %s"):format(joined, said, ticks > 0 and "the host ticks" or "no ticks"))
