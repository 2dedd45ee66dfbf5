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
  timeout 40 python3 -SI hand_over.py "$program" run script.lua >out 2>err || fail "$(cat err)"
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
  [[ $(printf '%s\n' "$text" | timeout 20 nc -N 127.0.0.1 "$port") == "$text" ]] || fail nc
  [[ $(printf '%s\n' "$text" | timeout 20 socat - "TCP:127.0.0.1:$port") == "$text" ]] || fail socat
  # curl ends when the server does, and not before.
  (printf '%s\n' "$text" && wait_for has told two) |
    timeout 20 curl -sN "telnet://127.0.0.1:$port" >told || true
  expect_text told "$text"
  stop_echo
}

t_real_servers_are_called() {
  command -v nc >/dev/null || skip "no nc"
  command -v socat >/dev/null || skip "no socat"
  script <<'END'
local net, process = async.net, async.process
local dir <close> = async.temp_dir()
local path = dir.path .. "/socket"
-- A port that is free, or was a moment ago.
local free <close> = assert(net.listen("127.0.0.1", 0))
local port = free.port
free:close()
local servers = {
  {"nc", {"nc", "-lN", "127.0.0.1", tostring(port), stdin = "said by it\n"}},
  {"socat", {"socat", "-t5", "TCP-LISTEN:" .. port .. ",bind=127.0.0.1,reuseaddr", "SYSTEM:tr a-z A-Z"}},
}
for _, server in ipairs(servers) do
  local cmd = server[2]
  cmd.stdout = "capture"
  local child <close> = assert(process.spawn(cmd))
  local connection
  while not connection do
    connection = net.connect("127.0.0.1", port)
    if not connection then sleep(0.01) end
  end
  connection:write "said by us\n"
  connection:shutdown()
  print(server[1], connection:read "a", child:wait().stdout)
  connection:close()
end
local child <close> = assert(process.spawn{"socat", "-t5", "UNIX-LISTEN:" .. path, "SYSTEM:tr a-z A-Z"})
while not async.fs.exists(path) do sleep(0.01) end
local connection <close> = assert(net.connect_unix(path))
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

# Each of them has a task, keeps its bytes, and gets its turn; of that a run that takes a part of
# sweeps has fewer.
t_a_crowd_is_held_and_served() {
  local count=10000 rounds=12 most
  ! takes_part || count=1000
  most=$(ulimit -Hn)
  [[ $most == unlimited ]] || ((count + 100 <= most)) || count=$((most - 100))
  ulimit -Sn "$((count + 100))"
  start "$root/tests/cli/crowd.lua" serve ports
  wait_for test -s ports
  run run "$root/tests/cli/crowd.lua" visit ports "$count" "$rounds"
  expect_status 0
  expect_end "exit 0"
  expect_has out "$count are held, "
  expect_has out "descriptors left: 0 there, 0 here"
  read_text out
  [[ $text =~ "served $rounds times, lead "([0-9]+) ]] || fail "it was not told who was ahead: $text"
  ((BASH_REMATCH[1] <= 8)) || fail "not each had its turn: $text"
  echo "note: ${text%%$'\n'*}; lead ${BASH_REMATCH[1]}"
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

# What is in scripts/net, as one who uses it would.
t_the_scripts_for_sockets_work() {
  script <<'END'
local net, process = async.net, async.process
local program, folder = arg[-2], arg[1]

local function begin(name, ...)
  local command = {program, "run", folder .. "/" .. name .. ".lua", ...}
  command.stdout = "pipe"
  local child = assert(process.spawn(command))
  local address = child.stdout:read():match "^listening at (.*)$"
  return child, math.tointeger(tonumber(address:match "%d+$"))
end
local function dial(port) return assert(net.connect("127.0.0.1", port)) end

do
  local echo <close>, port = begin("echo", "0")
  local connection <close> = dial(port)
  connection:write "hello\n"
  print("echo", connection:read())

  local proxy <close>, front = begin("proxy", "0", "127.0.0.1:" .. port)
  local through <close> = dial(front)
  through:write "one\ntwo\n"
  through:shutdown()
  print("proxy", (through:read "a":gsub("\n", " ")))
  print((proxy.stdout:read():gsub("^127.0.0.1:%d+", "PEER"):gsub("[%d.]+ s$", "TIME")))

  local free <close> = assert(net.listen("127.0.0.1", 0))
  local closed = free.port
  free:close()
  print((process.read{program, "run", folder .. "/ports.lua", port .. "," .. closed, "127.0.0.1"}
    :gsub(":" .. port, ":PORT")))
end

do
  local chat <close>, port = begin("chat", "0")
  local ada <close>, bob = dial(port), dial(port)
  ada:write "Ada\n"
  print(ada:read())
  bob:write "Bob\n"
  print(bob:read())
  print(ada:read())
  bob:write "hello, all\n"
  print(ada:read())
  bob:close()
  print(ada:read())
end

-- The first connection is cut before the second answer, and nobody is there for a while.
do
  local server = assert(net.listen("127.0.0.1", 0))
  local port = server.port
  local client <close> = assert(process.spawn{program, "run", folder .. "/line_client.lua",
    "127.0.0.1", tostring(port), stdin = "one\ntwo\nthree\n", stdout = "pipe", stderr = "null"})
  local connection = server:accept()
  connection:write(connection:read():upper(), "\n")
  server:close()
  connection:close()
  print(client.stdout:read())
  sleep(0.05)
  local again <close> = assert(net.listen("127.0.0.1", port))
  spawn({daemon = true}, function()
    again:serve(function(c)
      for line in c:lines() do c:write(line:upper(), "\n") end
    end)
  end)
  print(client.stdout:read "a", client:wait().status)
end
END
  run run script.lua "$root/scripts/net"
  expect_out $'echo\thello
proxy\tone two 
PEER: 8 bytes there, 8 back, TIME
127.0.0.1:PORT\topen
1 of 2 are open
Your name? Here are: Ada
Your name? Here are: Ada, Bob
Bob has come
Bob: hello, all
Bob has left
ONE
TWO
THREE
\t0'
  expect_status 0
}
