-- SPDX-License-Identifier: MIT
--
-- crowd.lua -- very many connections at once, each held by a task on both sides.
--
--   tinyasync run crowd.lua serve FILE              serves at several addresses until it is told to
--                                                   end; FILE gets its ports
--   tinyasync run crowd.lua visit FILE COUNT ROUNDS
--
-- The visitors connect and ask once each; when all have, all are idle; and then all are active at
-- once, for so many rounds.  Each compares all bytes that come back.  The server tells what a
-- connection takes, and how far the first was ever ahead of the last.
--
-- In a pass each has its turn once, in the order of creation.  Whoever comes early in it may have
-- the next request there before the next pass, and whoever comes late may not: on either side one
-- may be twice as fast as another.  So the first may be four times as far as the last, and what it
-- is ahead more than that has an end.

local net, fs = async.net, async.fs
local ADDRESSES = {"127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4"}

local function kib_resident()
  for line in io.lines "/proc/self/status" do
    local kib = line:match "^VmRSS:%s*(%d+)"
    if kib then return tonumber(kib) end
  end
end

local function descriptors() return #fs.list "/proc/self/fd" end

-- ------------------------------------------------------------------- serving

-- How often each connection was served; how many were at least so often; what the last has had, and
-- how far the first was ahead of four times that.
local held, present, rounds, reached, least, lead = 0, 0, {}, {}, 0, 0

local function note_round(connection)
  local round = (rounds[connection] or 0) + 1
  rounds[connection] = round
  reached[round] = (reached[round] or 0) + 1
  while (reached[least + 1] or 0) == present do least = least + 1 end
  lead = math.max(lead, round - 4 * least)
end

local function begin_storm() present, rounds, reached, least, lead = held, {}, {}, 0, 0 end

local function attend(connection)
  held = held + 1
  for line in connection:lines "L" do
    note_round(connection)
    connection:write(line)
  end
  held = held - 1
end

-- Answers whoever steers the test; true: it is over.
local function obey(steering, servers, start)
  for command in steering:lines() do
    if command == "look" then
      collectgarbage()
      collectgarbage()
      steering:write(("%d %d\n"):format(held, kib_resident()))
    elseif command == "storm" then
      begin_storm()
      steering:write "now\n"
    elseif command == "end" then
      for _, server in ipairs(servers) do server:close() end
      while held > 0 do sleep(0.01) end
      steering:write(("%d %d\n"):format(lead, descriptors() - start))
    end
  end
end

local function serve(file)
  local servers, ports = {}, {}
  for i, address in ipairs(ADDRESSES) do
    servers[i] = assert(net.listen(address, 0, {backlog = 4096}))
    ports[i] = servers[i].port
  end
  local entrance <close> = assert(net.listen("127.0.0.1", 0))
  ports[#ports + 1] = entrance.port
  assert(fs.write(file, table.concat(ports, "\n")))
  local steering <close> = assert(entrance:accept())
  local start = descriptors() - #servers
  for _, server in ipairs(servers) do spawn(function() server:serve(attend) end) end
  obey(steering, servers, start)
end

-- ------------------------------------------------------------------ visiting

local function ask(connection, number, round)
  local text = ("%d of round %d%s\n"):format(number, round, ("x"):rep(number % 40))
  assert(connection:write(text))
  local answer = assert(connection:read "L")
  if answer ~= text then error(("%d got %q in round %d"):format(number, answer, round)) end
end

local function visit(file, count, number_of_rounds)
  local ports = {}
  for line in io.lines(file) do ports[#ports + 1] = math.tointeger(line) end
  local steering <close> = assert(net.connect("127.0.0.1", ports[#ADDRESSES + 1]))
  local function tell(command)
    steering:write(command, "\n")
    return steering:read()
  end
  local before = tell "look":match "^0 (%d+)$"
  local start = descriptors()
  local connected, go, numbers = 0, async.event "go", {}
  for i = 1, count do numbers[i] = i end
  local some = async.semaphore(200)

  local function be_visitor(i)
    local connection <close> = some:with(function()
      local at = i % #ADDRESSES + 1
      local connection = assert(net.connect(ADDRESSES[at], ports[at]))
      ask(connection, i, 0)
      return connection
    end)
    connected = connected + 1
    if connected == count then
      spawn(function()
        local there, kib = tell "look":match "^(%d+) (%d+)$"
        print(("%d are held, %.1f KiB each"):format(there, (kib - before) / count))
        assert(tell "storm" == "now")
        go:set()
      end)
    end
    go:wait()
    for round = 1, number_of_rounds do ask(connection, i, round) end
  end

  async.map(numbers, be_visitor)
  local lead, more = tell "end":match "^(%d+) (%S+)$"
  print(("%d served %d times, lead %d"):format(count, number_of_rounds, lead))
  print(("descriptors left: %d there, %d here"):format(more, descriptors() - start))
end

if arg[1] == "serve" then
  serve(arg[2])
else
  visit(arg[2], math.tointeger(arg[3]), math.tointeger(arg[4]))
end
