# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# net.sh -- sockets where the shell is needed: few descriptors, sockets that were handed over,
# real peers, signals.

: "${program:?}" "${root:?}"

# Starts an echo server; $port is where, as soon as it listens.
start_echo() {
  script server.lua <<'END'
local server = assert(async.net.listen("127.0.0.1", 0))
local file = assert(io.open("port.new", "w"))
file:write(server.port, "\n")
file:close()
os.rename("port.new", "port")
server:serve(function(connection)
  for line in connection:lines "L" do connection:write(line) end
end)
END
  rm -f port
  start "$@" server.lua
  wait_for test -s port
  read -r port <port
}

stop_echo() {
  stop TERM
  expect_end "signal 15"
}

# 200 who come at once are all served, a few at a time: there is one report, and no error else.
t_few_descriptors_serve_many() {
  ulimit -Sn 64
  start_echo
  ulimit -Sn "$(ulimit -Hn)"
  run run -e '
    local port = math.tointeger(arg[1])
    local list = {}
    for i = 1, 200 do list[i] = i end
    local results = async.map(list, function(i)
      local connection <close> = assert(async.net.connect("127.0.0.1", port))
      connection:write(i, "\n")
      local answer = connection:read()
      sleep(0.01)
      return answer
    end)
    for i = 1, 200 do assert(results[i] == tostring(i), i) end
    print "all were served"' "$port"
  expect_out "all were served"
  expect_status 0
  stop_echo
  [[ $(grep -c "too many open files" err) == 1 ]] || fail "not one report: $(head -c 900 err)"
  expect_has err "Error in task: cannot accept at 127.0.0.1:$port: too many open files"
}

t_a_socket_that_was_handed_over_is_listened_on() {
  cat >hand_over.py <<'END'
import os, socket, sys
server = socket.socket()
server.bind(("127.0.0.1", 0))
server.listen()
port = server.getsockname()[1]
if os.fork() == 0:
    os.dup2(server.fileno(), 3)
    os.set_inheritable(3, True)
    os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()), LISTEN_FDNAMES="web")
    os.execv(sys.argv[1], sys.argv[1:])
server.close()
client = socket.create_connection(("127.0.0.1", port))
print(client.makefile().read(), end="")
print(os.WEXITSTATUS(os.wait()[1]))
END
  script <<'END'
local server = assert(async.net.listen_fd "web")
local connection = server:accept()
for _, which in ipairs{1, 2, "other"} do
  connection:write(select(2, async.net.listen_fd(which)), "\n")
end
connection:close()
END
  timeout 100 python3 -SI hand_over.py "$program" run script.lua >out 2>err || fail "$(cat err)"
  expect_out "cannot listen at socket 1: it was taken before
socket 2 is not among the 1 handed over (LISTEN_FDS)
socket other is not among the 1 handed over (LISTEN_FDS)
0"
}

t_real_peers_are_served() {
  command -v nc >/dev/null || skip "no nc"
  command -v socat >/dev/null || skip "no socat"
  command -v curl >/dev/null || skip "no curl"
  start_echo
  local text=$'one\ntwo'
  [[ $(printf '%s\n' "$text" | timeout 100 nc -N 127.0.0.1 "$port") == "$text" ]] || fail nc
  # Without -t the answer has to come within half a second.
  [[ $(printf '%s\n' "$text" | timeout 100 socat -t100 - "TCP:127.0.0.1:$port") == "$text" ]] ||
    fail socat
  # curl ends when the server does, and not before; where its input goes on it may wait for that
  # alone.
  printf '%s\n' "$text" | timeout 100 curl -sN "telnet://127.0.0.1:$port" >told &
  wait_for has told two
  stop_echo
  wait $! || true
  expect_text told "$text"
}

t_real_servers_are_called() {
  command -v nc >/dev/null || skip "no nc"
  command -v socat >/dev/null || skip "no socat"
  script <<'END'
local net, process = async.net, async.process
local dir <close> = async.temp_dir()
local path = dir.path .. "/socket"
local servers = {
  {"nc", {"nc", "-lvN", "127.0.0.1", "0", stdin = "said by it\n"}},
  {"socat", {"socat", "-d", "-d", "-t100", "TCP-LISTEN:0,bind=127.0.0.1", "SYSTEM:tr a-z A-Z"}},
}
for _, server in ipairs(servers) do
  local cmd, port = server[2]
  cmd.stdout, cmd.stderr = "capture", "pipe"
  local child <close> = assert(process.spawn(cmd))
  repeat port = child.stderr:read():match "istening on .*[: ](%d+)$" until port
  local connection <close> = assert(net.connect("127.0.0.1", port))
  connection:write "said by us\n"
  connection:shutdown()
  print(server[1], connection:read "a", child:wait().stdout)
end
local child <close> = assert(process.spawn{"socat", "-t100", "UNIX-LISTEN:" .. path, "SYSTEM:tr a-z A-Z"})
local connection
repeat sleep(0.01) connection = net.connect_unix(path) until connection
connection:write "by a path\n"
connection:shutdown()
print(connection:read "a")
END
  run run script.lua
  expect_status 0
  expect_out "nc	said by it
	said by us

socat	SAID BY US
	
BY A PATH"
}

t_real_peers_speak_by_paths_and_datagrams() {
  command -v nc >/dev/null || skip "no nc"
  command -v socat >/dev/null || skip "no socat"
  script <<'END'
local net, process = async.net, async.process
local server <close> = assert(net.listen_unix "socket")
spawn({daemon = true}, function()
  server:serve(function(c)
    for line in c:lines() do c:write(line:upper(), "\n") end
  end)
end)
print(process.read{"nc", "-NU", "socket", stdin = "nc\nby a path\n"})
print(process.read{"socat", "-t20", "-", "UNIX-CONNECT:socket", stdin = "socat\nby a path\n"})

local ours <const> = assert(net.udp("127.0.0.1"))
spawn({daemon = true}, function()
  while true do
    local data, host, port = ours:recv()
    ours:send(data:upper(), host, port)
  end
end)
for _, command in ipairs{{"nc", "-u", "127.0.0.1", ours.port},
  {"socat", "-", "UDP4:127.0.0.1:" .. ours.port}} do
  command.stdin, command.stdout = "pipe", "pipe"
  local child <close> = assert(process.spawn(command))
  child.stdin:write(command[1], " by a datagram\n")
  print(child.stdout:read())
end
END
  run run script.lua
  expect_status 0
  expect_out $'NC\nBY A PATH\nSOCAT\nBY A PATH\nNC BY A DATAGRAM\nSOCAT BY A DATAGRAM'
}

# Whoever is idle is let go at once.
t_a_signal_ends_a_server() {
  start_echo --grace=30
  run run -e '
    local connection = assert(async.net.connect("127.0.0.1", math.tointeger(arg[1])))
    connection:write "x\n"
    print(connection:read())
    assert(os.execute("kill -TERM " .. io.open("pid"):read()))
    print(connection:read())' "$port"
  expect_status 0
  expect_out "x
nil"
  expect_end "signal 15"
}

# A path that a killed server has left is taken by the next one.
t_a_killed_server_leaves_no_path_in_the_way() {
  script server.lua <<'END'
local server = assert(async.net.listen_unix "socket")
local file = assert(io.open("port.new", "w"))
file:write "x\n"
file:close()
os.rename("port.new", "port")
server:accept():write "served\n"
END
  start server.lua
  wait_for test -s port
  stop KILL
  expect_end "signal 9"
  [[ -S socket ]] || fail "nothing was left"
  rm port
  start server.lua
  wait_for test -s port
  run run -e 'print(async.net.connect_unix("socket"):read())'
  expect_out served
  expect_end "exit 0"
  [[ ! -e socket ]] || fail "the path was left"
}

# What is in scripts/net, as one who uses it would: begin() starts one that listens.
# shellcheck disable=SC2016 # Lua
using_scripts='local net, process = async.net, async.process
local program, folder = arg[-2], arg[1]
local function words(name, ...) return {program, "run", folder .. "/" .. name .. ".lua", ...} end
local function begin(...)
  local command = words(...)
  command.stdout = "pipe"
  local child = assert(process.spawn(command))
  local address = child.stdout:read():match "^listening at (.*)$"
  return child, math.tointeger(tonumber(address:match "%d+$"))
end
local function dial(port) return assert(net.connect("127.0.0.1", port)) end
'

# use_scripts <CODE: runs it, after the above.
use_scripts() {
  local code
  IFS= read -rd '' code || true
  printf %s "$using_scripts$code" >script.lua
  run run script.lua "$root/scripts/net"
  expect_status 0
}

t_the_echo_script_echoes() {
  use_scripts <<'END'
local echo <close>, port = begin("echo", "0")
local one, other = dial(port), dial(port)
one:write "hello\n"
other:write "no newline"
print(one:read(), other:read(10))
one:write(("x"):rep(100000)):shutdown()
print(#one:read "a")
END
  expect_out $'hello\tno newline\n100000'
}

t_the_proxy_passes_on_and_says_what() {
  use_scripts <<'END'
local target = assert(net.listen("127.0.0.1", 0))
local proxy <close>, port = begin("proxy", "0", "127.0.0.1:" .. target.port)
local function said()
  return (proxy.stdout:read():gsub("127.0.0.1:%d+", "PEER"):gsub("[%d.]+ s$", "TIME"))
end
local client, server <close> = dial(port), target:accept()
client:write "one\ntwo\n"
client:shutdown()
print(server:read "a")
server:write "the way back is open"
server:close()
print(client:read "a")
print(said())
target:close()
print(dial(port):read "a")
print(said())
END
  expect_out $'one\ntwo\n\nthe way back is open
PEER: there 8 bytes, back 20 bytes, TIME\n
PEER: cannot connect to PEER: connection refused'
}

t_the_port_check_names_those_that_answer() {
  use_scripts <<'END'
local open = assert(net.listen("127.0.0.1", 0))
local caller <close> = dial(open.port) -- nobody listens where we have called from
local ports = open.port .. "," .. caller.local_address:match "%d+$"
print((process.read(words("ports", ports, "127.0.0.1")):gsub(open.port, "PORT")))
print(process.read(words("ports", "9-10", "255.255.255.255")):match "[%d.]+:10\t%C+")
for _, text in ipairs{"0", "70000", "9-8", "http", "1,,2"} do
  print((process.try(words("ports", text, "x")).stderr:gsub("\n", "")))
end
END
  expect_has out $'127.0.0.1:PORT\topen\n1 of 2 are open
255.255.255.255:10\tcannot connect to 255.255.255.255:10: network is unreachable'
  local text
  for text in 0 70000 9-8 http 1,,2; do
    expect_has out "ports.lua: PORTS: expected ports, such as 22,80,8000-8010, got $text (see"
  done
}

t_the_chat_lets_all_others_hear() {
  use_scripts <<'END'
local chat <close>, port = begin("chat", "0")
local ada, bob = dial(port), dial(port)
ada:write "Ada\r\n"
print(ada:read())
bob:write "Bob\n"
print(bob:read())
print(ada:read())
bob:write "hello,\27[2J all\n"
print(ada:read())
bob:close()
print(ada:read())

-- Who says nothing but hears nothing either is let go, and keeps nobody waiting.
local deaf, eve = dial(port), dial(port)
deaf:write "deaf\n"
print(ada:read())
eve:write "Eve\n"
print(ada:read())
local left
spawn(function()
  print(eve:read())
  left = eve:read()
end)
while not left do
  for _ = 1, 100 do eve:write(("x"):rep(900), "\n") end
  for _ = 1, 100 do ada:read() end
end
print(left)
END
  expect_out $'Your name? Here are: Ada
Your name? Here are: Ada, Bob
Bob has come
Bob: hello,[2J all
Bob has left
deaf has come
Eve has come
Your name? Here are: Ada, Eve, deaf
deaf has left'
}

# The first connection is cut before the second answer, and nobody is there for a while; then one
# ends without an answer.
t_the_line_client_connects_again() {
  use_scripts <<'END'
local server = assert(net.listen("127.0.0.1", 0))
local port = server.port
local function start(...)
  local command = words("line_client", ...)
  command.stdin, command.stdout, command.stderr = "one\ntwo\nthree\n", "pipe", "pipe"
  return assert(process.spawn(command))
end
local function serve(where)
  spawn({daemon = true}, function()
    where:serve(function(c)
      for line in c:lines() do c:write(line:upper(), "\n") end
    end)
  end)
end
local function is_told(client, text)
  local told
  repeat told = assert(client.stderr:read(), text) until told:find(text, 1, true)
end

local client <close> = start("--timeout=100", "127.0.0.1", port)
local connection = server:accept()
connection:write(connection:read():upper(), "\n")
server:close()
connection:close()
print(client.stdout:read())
is_told(client, "refused")
local again <close> = assert(net.listen("127.0.0.1", port))
local ended = again:accept()
ended:read()
ended:close()
is_told(client, "the connection has ended")
serve(again)
print(client.stdout:read "a", client:wait().status)

-- One that is silent is not waited for, and a late answer of its is none to another line.
local slow <close> = assert(net.listen("127.0.0.1", 0))
local other <close> = start("--timeout=0.3", "127.0.0.1", slow.port)
local silent <close> = slow:accept()
is_told(other, "timeout")
silent:write "late\n"
serve(slow)
print(other.stdout:read "a")

-- Nobody listens where we have called from.
local caller <close> = dial(slow.port)
local failing <close> = start("--tries=2", "127.0.0.1", caller.local_address:match "%d+$")
print(select(2, failing.stderr:read "a":gsub("connection refused", "")), failing:wait().status)
END
  expect_out $'ONE\nTWO\nTHREE\n\t0\nONE\nTWO\nTHREE\n\n2\t1'
}

t_the_redis_client_speaks_with_redis() {
  command -v redis-server >/dev/null || skip "no redis-server"
  use_scripts <<'END'
local dir <close> = async.temp_dir()
local socket = dir.path .. "/socket"
local server <close> = process.spawn{"redis-server", "--port", "0", "--unixsocket", socket,
  "--dir", dir.path, "--save", "", stdout = "null"}
while not net.connect_unix(socket) do sleep(0.01) end
local function redis(...) return process.try(words("redis", "--server", socket, ...)) end
local function ask(...) return (redis(...).stdout:gsub("\n$", "")) end

print(ask("SET", "greeting", "hello,\r\nworld"), #ask("GET", "greeting"), ask("STRLEN", "greeting"))
print(ask("GET", "nothing"), ask("RPUSH", "list", "a", "", "c"))
print(ask("LRANGE", "list", "0", "-1"))
print(ask("EVAL", "return {1, {'two', {3}}, {}}", "0"))
local refused = redis("INCR", "greeting")
print(refused.status, refused.stderr:match "^%C*")

-- What is published before somebody listens is lost: the answer is how many have heard it.
local command = words("redis", "--server", socket, "subscribe", "news", "weather")
command.stdout, command.stderr = "pipe", "capture"
local listener <close> = process.spawn(command)
while ask("PUBLISH", "weather", "fine") == "0" do sleep(0.01) end
print(listener.stdout:read())
print(ask("PUBLISH", "other", "unheard"), ask("PUBLISH", "news", "heard"))
print(listener.stdout:read())
server:stop()
print(listener:wait().status, listener:wait().stderr:match "^%C*")

local other = assert(net.listen("127.0.0.1", 0))
spawn(function() other:accept():write "HTTP/1.1 400 Bad Request\r\n\r\n" end)
command = words("redis", "--server=localhost:" .. other.port, "PING")
print(process.try(command).stderr:match "^%C*")
END
  expect_out $'OK\t13\t13
nil\t3
a\n\nc
1\ntwo\n3
1\tError in task: ERR value is not an integer or out of range
weather\tfine
0\t1
news\theard
1\tError in task: the server has hung up
Error in task: this is no Redis: HTTP/1.1 400 Bad Request'
}

t_the_scripts_for_sockets_say_how_they_are_called() {
  use_scripts <<'END'
local usage = {
  certificates = {"HOST...", "x:0"}, chat = {"[PORT]", "x"}, echo = {"[PORT]", "65536"},
  line_client = {"HOST PORT", "localhost"}, ports = {"PORTS HOST...", "80"},
  proxy = {"PORT TARGET", "80", "localhost"}, redis = {"COMMAND..."},
}
for path in async.fs.glob(folder .. "/*.lua") do
  local name = path:match "([%w_]+)%.lua$"
  local expected = assert(usage[name], name)
  local help = process.read(words(name, "--help"))
  assert(help:match "^%C*" == ("Usage: %s.lua [options] %s"):format(name, expected[1]), help)
  local mistaken = process.try(words(name, table.unpack(expected, 2)))
  assert(mistaken.status == 2 and mistaken.stdout == "", name)
  assert(mistaken.stderr:find("^" .. name .. ".lua: .*%(see '" .. name .. ".lua %-%-help'%)\n$"),
    mistaken.stderr)
  local line = async.fs.read(path):match "^#!/usr/bin/env tinyasync\n%-%- %u.-\n%-%-   (tinyasync run %C*)"
  assert(line and line:find("scripts/net/" .. name .. ".lua", 1, true), path)
  usage[name] = nil
end
assert(not next(usage))
END
}
