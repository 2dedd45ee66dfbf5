-- SPDX-License-Identifier: MIT
--
-- tls.lua -- TLS: an echo server, and what measures one, whoever's.
--
--   tinyasync run tls.lua serve DIRECTORY
--   tinyasync run tls.lua measure COUNT DIRECTORY SERVER...
--
-- A server is a command that prints its port; DIRECTORY has root.pem, db.pem and db.key, as of
-- tests/kit/certificates.sh.  Told are the server's processor time for COUNT requests of 64 bytes
-- over 100 connections (echo), and for a twentieth as many handshakes, 16 at a time (shake), in
-- microseconds for each; and its memory for as many idle connections (idle), in KiB.

local net, process = async.net, async.process
if arg[1] == "serve" then
  local own = {certificate = arg[2] .. "/db.pem", key = arg[2] .. "/db.key"}
  local server = assert(net.listen("127.0.0.1", 0, {tls = own, backlog = 4096}))
  io.stdout:write(server.port, "\n")
  io.stdout:flush()
  server:serve(function(c)
    while true do
      local bytes = c:read_some()
      if not bytes then break end
      c:write(bytes)
    end
  end)
  return
end

local count, directory = math.tointeger(arg[2]), arg[3]
local few = count // 20
local server <close> = process.spawn{stdout = "pipe", table.unpack(arg, 4)}
local port = tonumber(server.stdout:read())
local trust = {ca = directory .. "/root.pem", server_name = "db"}

local function read(path)
  local file <close> = assert(io.open(path))
  return file:read "a"
end

-- Seconds of the processor, of all its threads, and KiB, of the server.
local function used()
  local folder, spent = "/proc/" .. server.pid, 0
  for _, thread in ipairs(async.fs.list(folder .. "/task")) do
    spent = spent + read(folder .. "/task/" .. thread .. "/schedstat"):match "^%d+" / 1e9
  end
  return spent, tonumber(read(folder .. "/status"):match "VmRSS:%s*(%d+)")
end

local function connect(tls)
  return assert(net.connect("127.0.0.1", port, {tls = tls or trust}))
end

local function ask(s, times, text)
  for _ = 1, times do
    s:write(text)
    assert(s:read(#text) == text)
  end
end

local function echo()
  local streams = {}
  for i = 1, 100 do streams[i] = connect() end
  for _, s in ipairs(streams) do ask(s, 5, ("x"):rep(64)) end
  local before, began = used(), os.clock()
  async.map(streams, function(s) ask(s, count // 100, ("x"):rep(64)) end)
  local spent = (used() - before) / count * 1e6
  for _, s in ipairs(streams) do s:close() end
  return spent
end

-- Each with another name, so that none takes up an earlier connection.
local function handshakes()
  local before = used()
  local left = few
  local workers = {}
  for i = 1, 16 do
    workers[i] = function()
      while left > 0 do
        left = left - 1
        local s <close> = connect{verify = false, server_name = "n" .. left}
        ask(s, 1, "x")
      end
    end
  end
  async.all(workers)
  return (used() - before) / few * 1e6
end

local function idle()
  local streams = {}
  connect():close()
  local _, before = used()
  for i = 1, few do
    streams[i] = connect()
    ask(streams[i], 1, "x")
  end
  local _, after = used()
  return (after - before) / few
end

local memory = idle() -- first: what is used anew later is no more
print(("echo=%.2f shake=%.1f idle=%.1f"):format(echo(), handshakes(), memory))
os.exit(0)
