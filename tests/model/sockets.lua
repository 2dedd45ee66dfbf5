-- SPDX-License-Identifier: MIT
--
-- sockets.lua -- a soak of sockets: very many conversations, some dozens at a time, of which
-- some are cancelled wherever they are.  Who is left alone hears what it has said, byte for byte;
-- in the end descriptors, tasks and memory are what they were.
--
--   tinyasync run tests/model/sockets.lua [COUNT, or SECONDS followed by s [SEED]]

package.path = "tests/?.lua;" .. package.path
local processes = require "kit.processes"

local net, dns = async.net, async.dns
local amount, seed = arg and arg[1] or "500", tonumber(arg and arg[2]) or os.time()
local AT_ONCE <const> = 40
local MOST <const> = 4096 -- KiB that it may have grown by: pools, and what the collector leaves
local WARM_UP <const> = 300 -- conversations: buffers and threads are made, and stay

print("seed " .. seed)
math.randomseed(seed)

-- A sanitizer gives no memory back.
local is_sanitized = async.process.try{"sh", "-c", "grep -q __asan_init /proc/$PPID/exe"}.ok

local function resident()
  collectgarbage()
  collectgarbage()
  local file <close> = assert(io.open "/proc/self/status")
  return tonumber(file:read("a"):match "VmRSS:%s*(%d+)")
end

-- ------------------------------------------------------------------- servers

local folder <close> = async.temp_dir()
local path = folder.path .. "/socket"

local function echo(stream)
  repeat
    local bytes = stream:read_some(math.random(1, 20000))
  until not bytes or not stream:write(bytes)
end

local function count_bytes(stream)
  local all = stream:read "a"
  if all then stream:write(#all, "\n") end
end

local function serve(server, handler)
  spawn({daemon = true}, function() server:serve(handler) end)
  return server
end

local echoing <close> = serve(assert(net.listen("localhost", 0)), echo)
local counting <close> = serve(assert(net.listen_unix(path)), count_bytes)
local datagrams <close> = assert(net.udp("127.0.0.1", 0))

spawn({daemon = true}, function()
  while true do
    local data, host, port = datagrams:recv()
    if data then datagrams:send(data, host, port) elseif port == "ECANCELED" then return end
  end
end)

-- ------------------------------------------------------------- conversations

local function text(most)
  local words = {}
  for i = 1, math.random(0, 20) do
    words[i] = string.char(math.random(97, 122)):rep(math.random(most // 20))
  end
  return table.concat(words)
end

-- A writer and a reader at the same time.
local function hears_itself()
  local stream <close> = assert(net.connect("localhost", echoing.port))
  local said = text(math.random(2) == 1 and 200 or 200000)
  local writer = spawn(function()
    for at = 1, #said, 7000 do
      if not stream:write(said:sub(at, at + 6999)) then return end -- the reader was cancelled
    end
    stream:shutdown()
  end)
  local _ <close> = async.defer(function() writer:cancel() end)
  assert(stream:read "a" == said, "what was heard is not what was said")
  await(writer)
end

local function speaks_in_lines()
  local stream <close> = assert(net.connect("127.0.0.1", echoing.port))
  for i = 1, math.random(30) do
    local line = text(300) .. i
    assert(stream:write(line, "\n"))
    assert(stream:read() == line, "another line was heard")
  end
end

local function is_counted()
  local stream <close> = assert(net.connect_unix(path))
  local said = text(100000)
  assert(stream:write(said) and stream:shutdown())
  assert(stream:read "n" == #said, "not all was counted")
end

local function goes_without_a_word()
  local stream <close> = assert(net.connect("localhost", echoing.port))
  if math.random(2) == 1 then stream:write(text(50000)) end
end

local function meets_a_server_that_closes()
  local server <close> = assert(net.listen("localhost", 0))
  local tasks = {}
  for i = 1, math.random(5) do
    tasks[i] = spawn(function()
      local stream <close> = net.connect("localhost", server.port)
      if stream and stream:write "x" then stream:read() end
    end)
  end
  local accepting = spawn(server.serve, server, function(stream) stream:read_some() end, {max = 2})
  sleep(math.random() * 0.005)
  server:close()
  accepting:pawait()
  for _, task in ipairs(tasks) do task:pawait() end
end

local function is_refused()
  local server = assert(net.listen("localhost", 0))
  local port = server.port
  server:close()
  local stream, _, code = net.connect("127.0.0.1", port)
  -- Another conversation may listen there by now.
  if stream then stream:close() else assert(code == "ECONNREFUSED", code) end
end

local function asks_for_names()
  assert(dns.resolve("localhost", "inet")[1] == "127.0.0.1")
  dns.resolve("no such name")
end

local function waits_for_a_server()
  local server = assert(net.listen("localhost", 0))
  assert(net.wait("localhost", server.port, {timeout = 30}))
  server:close()
  net.wait("localhost", server.port, {timeout = 0.01})
end

local function exchanges_datagrams()
  local socket <close> = assert(net.udp("127.0.0.1", 0))
  local said = "datagram " .. math.random(1000)
  -- One may get lost where too many are waiting.
  async.move_on_after(1, function()
    assert(socket:send(said, "127.0.0.1", datagrams.port))
    assert(socket:recv() == said, "another datagram was heard")
  end)
end

local conversations = {
  hears_itself, hears_itself, speaks_in_lines, is_counted, goes_without_a_word,
  meets_a_server_that_closes, is_refused, asks_for_names, waits_for_a_server, exchanges_datagrams,
}

local function one()
  local talk = conversations[math.random(#conversations)]
  local way = math.random(4)
  if way == 1 then
    async.move_on_after(math.random() * 0.01, talk)
  elseif way == 2 then
    local task = spawn(talk)
    for _ = 1, math.random(8) do sleep(0) end
    task:cancel()
    local ok, problem = task:pawait()
    assert(ok or task:status() == "cancelled", problem)
  else
    talk()
  end
end

-- `goes_on` says whether there is to be one more.
local function talk_while(goes_on)
  local done = 0
  async.scope(function(scope)
    for _ = 1, AT_ONCE do
      scope:spawn(function()
        while goes_on(done) do
          done = done + 1
          one()
        end
      end)
    end
  end)
  return done
end

-- ------------------------------------------------------------------ what is left

local function settle(descriptors, tasks)
  local ok = processes.wait_until(function()
    collectgarbage()
    return processes.descriptors() <= descriptors and #async.tasks() <= tasks
  end)
  if ok then return end
  print(async.tree())
  error(string.format("%d descriptors and %d tasks, not %d and %d", processes.descriptors(),
    #async.tasks(), descriptors, tasks))
end

for _ = 1, 10 do sleep(0) end -- the servers have begun
local descriptors, tasks = processes.descriptors(), #async.tasks()
talk_while(function(done) return done < WARM_UP end)
settle(descriptors, tasks)
local memory = resident()

local seconds = tonumber(amount:match "^(%d+)s$")
local count, until_time = tonumber(amount), async.now() + (seconds or 0)
local done = talk_while(function(n)
  return seconds and async.now() < until_time or count and n < count
end)

settle(descriptors, tasks)
local grown = resident() - memory
assert(is_sanitized or grown <= MOST, grown .. " KiB more are in use")
print(string.format("ok sockets (%d conversations)", done))
