-- SPDX-License-Identifier: MIT
--
-- sockets.lua -- a soak of sockets: very many conversations, some dozens at a time, of which
-- some are cancelled wherever they are.  Who is left alone hears what it has said, byte for byte;
-- in the end descriptors, tasks and memory are what they were.
--
-- They go over TCP, paths, TLS on either, TLS that begins later, and a proxy; beside them there
-- are peers that reset, break off in the middle of a handshake, or never had one in mind.
--
--   tinyasync run tests/model/sockets.lua [COUNT, or SECONDS followed by s [SEED]]

package.path = "tests/?.lua;" .. package.path
local processes = require "kit.processes"

local net, dns, process = async.net, async.dns, async.process
local amount, seed = arg and arg[1] or "500", tonumber(arg and arg[2]) or os.time()
local AT_ONCE <const> = 40
local MOST <const> = 4096 -- KiB that it may have grown by: pools, and what the collector leaves
local WARM_UP <const> = 300 -- conversations: buffers and threads are made, and stay

print("seed " .. seed)
math.randomseed(seed)

-- A sanitizer gives no memory back.
local is_sanitized = process.try{"sh", "-c", "grep -qE '__(asan|tsan)_init' /proc/$PPID/exe"}.ok

local function resident()
  collectgarbage()
  collectgarbage()
  local file <close> = assert(io.open "/proc/self/status")
  return tonumber(file:read("a"):match "VmRSS:%s*(%d+)")
end

-- ------------------------------------------------------------------- servers

local folder <close> = async.temp_dir()
local function at(name) return folder.path .. "/" .. name end

process.run{"tests/kit/certificates.sh", folder.path}
local OURS <const> = {certificate = at "db.pem", key = at "db.key"}
local TRUST <const> = {ca = at "root.pem", server_name = "db"}

local function echo(stream)
  repeat
    local bytes = stream:read_some(math.random(1, 20000))
  until not bytes or not stream:write(bytes)
end

local function count_bytes(stream)
  local all = stream:read "a"
  if all then stream:write(#all, "\n") end
end

local function echo_in_secret(stream)
  if stream:read() ~= "STARTTLS" or not stream:write "ready\n" then return end
  local options = {server = true, certificate = OURS.certificate, key = OURS.key}
  if stream:start_tls(options) then echo(stream) end
end

local function hang_up(stream) stream:read_some(1) end

local BEGINNINGS <const> = {"", "HTTP/1.1 400 Bad Request\r\n", "\21\3\3\0\2\2\40",
  "\22\3\3\0\80\2\0\0\76\3\3"}

local function nonsense()
  local text = {BEGINNINGS[math.random(#BEGINNINGS)]}
  for i = 2, math.random(300) do text[i] = string.char(math.random(0, 255)) end
  return table.concat(text)
end

local function talk_nonsense(stream)
  if math.random(2) == 1 then stream:read_some() end
  stream:write(nonsense())
end

local function serve(server, handler)
  spawn({daemon = true}, function() server:serve(handler) end)
  return server
end

-- As serve(), but who fails in a handshake is no failure of the server's that is reported.
local function take_each(server, handler)
  local function attend(stream)
    local _ <close> = stream
    handler(stream)
  end
  spawn({daemon = true}, function()
    while true do
      local stream, _, code = server:accept()
      if code == "ECANCELED" then return end
      if stream then spawn({daemon = true}, attend, stream) end
    end
  end)
  return server
end

local echoing <close> = serve(assert(net.listen("localhost", 0)), echo)
local counting <close> = serve(assert(net.listen_unix(at "counting")), count_bytes)
local resetting <close> = serve(assert(net.listen("127.0.0.1", 0)), hang_up)
local garbling <close> = serve(assert(net.listen("127.0.0.1", 0)), talk_nonsense)
local proxying <close> = serve(assert(net.listen("127.0.0.1", 0)), function(stream)
  local other <close> = net.connect("127.0.0.1", echoing.port)
  if not other then return end
  local back = spawn(function()
    other:copy_to(stream)
    stream:shutdown()
  end)
  local _ <close> = async.defer(function() back:cancel() end)
  stream:copy_to(other)
  other:shutdown()
  await(back)
end)
local datagrams <close> = assert(net.udp("127.0.0.1", 0))

-- Where it was built without the module of TLS there are only the others.
local secure <close>, _, missing = net.listen("localhost", 0, {tls = OURS})
local has_tls = missing ~= "ENOPKG"
local secure_path <close> = has_tls and assert(net.listen_unix(at "secure", {tls = OURS})) or nil
local secure_counting <close> = has_tls and assert(net.listen("localhost", 0, {tls = OURS})) or nil
local later <close> = take_each(assert(net.listen("localhost", 0)), echo_in_secret)
if has_tls then
  take_each(assert(secure), echo)
  take_each(secure_path, echo)
  take_each(secure_counting, count_bytes)
end

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

local function dial_later()
  local stream = assert(net.connect("localhost", later.port))
  local started
  local _ <close> = async.defer(function() if not started then stream:close() end end)
  assert(stream:write "STARTTLS\n" and stream:read() == "ready")
  started = assert(stream:start_tls(TRUST))
  return stream
end

local ways_to_echo = {
  function() return net.connect("localhost", echoing.port) end,
  function() return net.connect("127.0.0.1", echoing.port) end,
  function() return net.connect("127.0.0.1", proxying.port) end,
}
if has_tls then
  local more = {
    function() return net.connect("localhost", secure.port, {tls = TRUST}) end,
    function() return net.connect_unix(at "secure", {tls = TRUST}) end,
    dial_later,
  }
  table.move(more, 1, #more, #ways_to_echo + 1, ways_to_echo)
end

-- To somebody who gives back what it hears.
local function dial() return assert(ways_to_echo[math.random(#ways_to_echo)]()) end

-- A writer and a reader at the same time.
local function hears_itself()
  local stream <close> = dial()
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
  local stream <close> = dial()
  for i = 1, math.random(30) do
    local line = text(300) .. i
    assert(stream:write(line, "\n"))
    assert(stream:read() == line, "another line was heard")
  end
end

-- A read that is given up has taken nothing.
local function hears_all_however_often_it_gives_up()
  local stream <close> = dial()
  local lines = {}
  for i = 1, math.random(40) do lines[i] = text(3000) .. i .. "\n" end
  local writer = spawn(function()
    for _, line in ipairs(lines) do
      if not stream:write(line) then return end
      if math.random(3) == 1 then sleep(math.random() * 0.002) end
    end
    stream:shutdown()
  end)
  local _ <close> = async.defer(function() writer:cancel() end)
  for _, line in ipairs(lines) do
    local heard, why
    repeat
      heard, why = async.move_on_after(math.random() * 0.002, stream.read, stream, "L")
    until heard or why ~= "timeout"
    assert(heard == line, why or "a line was lost")
  end
  assert(stream:read_some() == nil)
  await(writer)
end

local function is_counted()
  local stream <close> = assert(has_tls and math.random(2) == 1 and
    net.connect("localhost", secure_counting.port, {tls = TRUST}) or net.connect_unix(at "counting"))
  local said = text(100000)
  assert(stream:write(said) and stream:shutdown())
  assert(stream:read "n" == #said, "not all was counted")
end

local function goes_without_a_word()
  local stream <close> = dial()
  if math.random(2) == 1 then stream:write(text(50000)) end
end

-- What is not read when it is closed resets the connection.
local function is_reset()
  local stream <close> = assert(net.connect("127.0.0.1", resetting.port))
  local done, message, code
  repeat done, message, code = stream:write(("x"):rep(5000)) until not done
  assert(code == "ECONNRESET" or code == "EPIPE", message)
end

local function talks_nonsense_to_tls()
  local port = math.random(2) == 1 and secure.port or later.port
  local stream <close> = assert(net.connect("localhost", port))
  if port == later.port then stream:write "STARTTLS\n" end
  stream:write(nonsense())
  if math.random(2) == 1 then stream:shutdown() end
  if math.random(2) == 1 then async.move_on_after(0.005, stream.read, stream, "a") end
end

-- It may be over before the first word, which is an error of the system.
local function hears_nonsense_from_tls()
  local stream, message, code = net.connect("127.0.0.1", garbling.port, {tls = TRUST})
  assert(not stream, "nonsense is no handshake")
  assert(code == "TLS" or code == "ECONNRESET" or code == "EPIPE", message)
end

local function trusts_nobody_of_that_name()
  local options = {ca = TRUST.ca, server_name = "other"}
  local stream, message = net.connect("localhost", secure.port, {tls = options})
  assert(not stream and message:find "^certificate of other is for db", message)
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
  dns.reverse "127.0.0.1"
end

local selections = 0

-- At a path of its own: to a port others may come, who look for somebody who has left it.
local function selects_what_comes()
  selections = selections + 1
  local own = at("select" .. selections)
  local server <close> = assert(net.listen_unix(own))
  local ours <close> = assert(net.connect_unix(own))
  assert(async.select{ours, server} == 2)
  local theirs <close> = assert(server:accept())
  assert(async.select{ours, server, timeout = 0.001} == nil)
  assert(ours:write "x" and async.select{ours, theirs, server} == 2)
  assert(theirs:read(1) == "x")
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
  hears_itself, hears_itself, speaks_in_lines, hears_all_however_often_it_gives_up, is_counted,
  goes_without_a_word, is_reset, meets_a_server_that_closes, is_refused, asks_for_names,
  waits_for_a_server, exchanges_datagrams, selects_what_comes,
}
if has_tls then
  local more = {talks_nonsense_to_tls, hears_nonsense_from_tls, trusts_nobody_of_that_name}
  table.move(more, 1, #more, #conversations + 1, conversations)
end

local function one()
  local talk = conversations[math.random(#conversations)]
  local way = math.random(4)
  if way == 1 then
    async.move_on_after(math.random() * 0.02, talk)
  elseif way == 2 then
    local task = spawn(talk)
    for _ = 1, math.random(30) do sleep(0) end
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
print(string.format("ok sockets (%d conversations, %d KiB more, %d descriptors)", done, grown,
  processes.descriptors()))
