# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# gates.sh -- what a script may reach: --allow-read, --allow-write, --allow-run, --allow-net and
# --deny-net, and the wall that the kernel has behind them.

: "${program:?}" "${here:?}" "${root:?}"

# Files that examples of gates.lua reach, or not.
make_examples() {
  mkdir -p "$1"
  echo a=1 >"$1/there"
  ln -s there "$1/link"
  echo 'return 1' >"$1/module.txt"
  : >"$1/to_remove" >"$1/to_remove_too" >"$1/to_rename" >"$1/to_rename_too"
}

# Of the network too, but where `without` is set.
without=
walk_table() { # HOW OPTIONS ...
  run run "${@:2}" "$here/gates.lua" "$1" "$root/src/io/gate.c" "$PWD/reached" ${without:+network}
  expect_err ""
  expect_out "done"
}

t_every_function_that_reaches_something_has_a_row_among_the_gates() {
  walk_table names
}

# Not even where no kernel helps.
t_every_function_of_the_table_is_refused_what_is_not_allowed() {
  make_examples reached
  export TINYASYNC_LANDLOCK=off
  walk_table refused --allow-read="$root/src/io/gate.c"
  [[ $(cd reached && echo *) == "link module.txt there to_remove to_remove_too to_rename to_rename_too" ]] ||
    fail "changed: $(ls reached)"
}

t_every_function_of_the_table_does_what_is_allowed() {
  make_examples reached
  walk_table allowed --allow-read --allow-write --allow-run --allow-net
}

t_where_nothing_is_allowed_by_name_everything_is() {
  make_examples reached
  walk_table allowed
}

t_denying_the_network_closes_nothing_else() {
  make_examples reached
  without=network
  walk_table allowed --deny-net
}

# ------------------------------------------------------------------ the options

t_lists_that_name_nothing_are_refused() {
  run run --allow-net=db:port -e 'print "runs"'
  expect_refused "--allow-net: expected host or host:port, got 'db:port'"
  run run --deny-net=a:1,b:70000 -e 'print "runs"'
  expect_refused "--deny-net: expected host or host:port, got 'b:70000'"
  run run --allow-read= -e 'print "runs"'
  expect_refused "--allow-read: expected a path, got ''"
  run run --allow-run=a,,b -e 'print "runs"'
  expect_refused "--allow-run: expected a command's name or path, got ''"
}

t_one_thing_that_is_allowed_closes_all_others() {
  local option
  for option in --allow-read=. --allow-write=. --allow-run=true --allow-net=nowhere.invalid:1; do
    run run "$option" -e '
      local closed = {}
      if not async.fs.stat "." then closed[#closed + 1] = "read" end
      if not async.fs.append("text", "x") then closed[#closed + 1] = "write" end
      if not async.process.try {"true"} then closed[#closed + 1] = "run" end
      print(table.concat(closed, " "))'
    expect_status 0
    case $option in
      *-read*) expect_out "write run" ;;
      *-write*) expect_out "read run" ;;
      *-run*) expect_out "read write" ;;
      *) expect_out "read write run" ;;
    esac
  done
}

t_options_that_are_given_again_add_to_what_is_allowed() {
  echo 1 >one
  echo 2 >two
  run run --allow-read=one --allow-read=two -e 'print(async.fs.read "one" .. async.fs.read "two")'
  expect_out "1
2"
}

# ------------------------------------------------------------------ hostile paths

# Each of the two: the gate alone, and with the kernel's wall.
t_no_spelling_of_a_path_leads_out_of_what_is_allowed() {
  mkdir inside
  echo secret >outside
  ln -s ../outside inside/link
  ln -s .. inside/up
  ln -s up/inside/up/outside inside/winding
  script hostile.lua <<'E'
local here = arg[1]
local paths = {"outside", "inside/../outside", "./inside/.././outside", "inside/link", "inside/link/",
  "inside/up/outside", "inside/winding", "inside//..//outside", here .. "/outside",
  here .. "/inside/../outside", "/proc/self/cwd/outside", "/proc/self/root" .. here .. "/outside",
  "/proc/thread-self/cwd/outside", "/proc/" .. arg[2] .. "/cwd/outside",
  "inside/none/../../outside", "inside/up/inside/up/outside",
  "inside/" .. ("./"):rep(500) .. "../outside", "inside/" .. ("x/"):rep(3000) .. "../outside"}
for _, path in ipairs(paths) do
  for name, read in pairs {read = async.fs.read, open = io.open, async_open = async.fs.open,
    stat = async.fs.stat, lines = function(at) return pcall(io.lines, at) end} do
    local found, message = read(path)
    if found or not message:find "not allowed to read" then
      print(name, #path > 80 and #path or path, message)
    end
  end
end
async.cd "inside"
print(async.fs.read "../outside" == nil, async.fs.read "own")
E
  echo own >inside/own
  for TINYASYNC_LANDLOCK in on off; do
    export TINYASYNC_LANDLOCK
    run run --allow-read=inside hostile.lua "$PWD" "$$"
    expect_err ""
    expect_out "true	own"
  done
}

# The descriptor is the run's own: what it is open for is not what is allowed.
t_descriptors_of_the_run_are_no_way_to_files() {
  echo secret >outside
  mkdir inside
  script reads.lua <<'E'
print((io.open "/proc/self/fd/0"), (io.open "/dev/stdin"), (io.open("/dev/fd/0")))
print((io.open "/proc/self/fd/7"))
print(io.read "l")
E
  status=0
  timeout 20 "$program" run --allow-read=inside reads.lua <outside 7<outside >out 2>err || status=$?
  expect_out "nil	nil	nil
nil
secret"
}

t_trees_are_walked_through_no_link_that_leads_out() {
  mkdir -p inside/deep outside/more
  echo secret >outside/secret
  ln -s ../outside inside/away
  export TINYASYNC_LANDLOCK=off
  run run --allow-read=inside -e '
    local found = {}
    local function tell(path, message) found[#found + 1] = message end
    for path in async.fs.walk("inside", {follow = true, sort = true, on_error = tell}) do
      found[#found + 1] = path
    end
    for path in async.fs.glob "inside/*/secret" do found[#found + 1] = path end
    for path in async.fs.glob "inside/**/*" do found[#found + 1] = path end
    print(table.concat(found, "\n"))
    for _, pattern in ipairs {"inside/away/*", "inside/away/secret", "inside/../outside/*", "out*/*"} do
      print(pcall(function() for path in async.fs.glob(pattern) do print(path) end end))
    end'
  expect_err ""
  expect_out "inside/away
not allowed to read inside/away (--allow-read=inside/away would allow it)
inside/deep
inside/away
inside/deep
false	-e:11: not allowed to read inside/away/ (--allow-read=inside/away/ would allow it)
false	-e:11: not allowed to read inside/away/secret (--allow-read=inside/away/secret would allow it)
false	-e:11: not allowed to read inside/../outside/ (--allow-read=inside/../outside/ would allow it)
false	-e:11: not allowed to read . (--allow-read=. would allow it)"
}

t_what_is_written_lands_in_no_link_that_leads_out() {
  mkdir inside outside
  echo old >outside/file
  ln -s ../outside/file inside/link
  ln -s ../outside/new inside/dangling
  ln -s ../outside inside/away
  export TINYASYNC_LANDLOCK=off
  run run --allow-write=inside -e '
    local fs = async.fs
    local function refused(done, message) return not done and message:find "not allowed" ~= nil end
    print(refused(fs.write("inside/link", "x")), refused(fs.write("inside/dangling", "x")),
      refused(fs.append("inside/link", "x")), refused(io.open("inside/dangling", "w")),
      refused(fs.mkdir "inside/away/x"), refused(fs.mkdir("inside/none/../away/x", {parents = true})),
      refused(fs.remove "inside/away/file"), refused(fs.remove("inside/away/", {recursive = true})),
      refused(os.remove "inside/away/file"), refused(os.rename("inside/away/file", "inside/mine")),
      refused(fs.rename("inside/link", "outside/x")), refused(fs.link("outside/file", "outside/x")),
      refused(fs.link("outside/file", "inside/hard", {hard = true})),
      refused(fs.copy("outside/file", "inside/copy")))
    print(fs.remove "inside/link", fs.write("inside/file", "mine"), fs.link("/", "inside/root"))'
  expect_err ""
  expect_out "true	true	true	true	true	true	true	true	true	true	true	true	true	true
true	true	true"
  [[ $(echo outside/*) == outside/file && $(<outside/file) == old ]] || fail "changed: $(ls outside)"
}

# ------------------------------------------------------------------ commands

t_a_command_is_started_by_its_own_path_alone() {
  mkdir bin
  ln -s /bin/sh bin/true
  printf '#!/bin/sh\necho tool\n' >tool
  chmod +x tool
  run run --allow-run=true,./tool -e '
    local p = async.process
    local function try(cmd)
      local result, message = p.try(cmd)
      print(result and result.ok, message and message:match "not allowed to run %S+")
    end
    try {"true"}
    try {"/bin/true"}
    try {"./tool"}
    try {"tool", cwd = ".", env = {PATH = "."}}
    try {"bin/true"}
    try {"./true", cwd = "bin"}
    try {"true", env = {PATH = "bin"}}
    try {"sh", "-c", "true"}
    try {"env", "true"}
    try(p.sh "true")
    try(p.pipe({"true"}, {"cat"}))
    try {"cat", pty = true}
    try {"true", env = {LD_PRELOAD = "./evil.so"}}
    try {"true", env = {LD_LIBRARY_PATH = "."}}
    print(p.which "true" ~= nil, (p.which "cat"), (p.which "no-such-command"))
    try {"./no-such-command"}'
  expect_err ""
  expect_out "true	nil
true	nil
true	nil
true	nil
nil	not allowed to run bin/true
nil	not allowed to run ./true
nil	not allowed to run true
nil	not allowed to run sh
nil	not allowed to run env
nil	not allowed to run sh
nil	not allowed to run cat
nil	not allowed to run cat
nil	not allowed to run true
nil	not allowed to run true
true	nil	nil
nil	not allowed to run ./no-such-command"
}

t_a_refused_command_is_told_without_its_secrets() {
  run run --allow-run=true -e '
    print(async.process.try {async.secret "hush-hush", "word"})
    print(pcall(async.process.run, {"curl", async.secret "hush-hush"}))'
  expect_out "nil	not allowed to run ***	EACCES
false	not allowed to run curl (--allow-run=curl would allow it)"
}

# ------------------------------------------------------------------ ways around

t_what_lua_has_to_look_into_functions_is_closed() {
  run run --allow-read=. -e '
    for _, name in ipairs {"getupvalue", "setupvalue", "getregistry", "getlocal", "upvaluejoin",
      "setmetatable", "getuservalue"} do
      print((select(2, pcall(debug[name], io.open, 1)):gsub("^.-: ", "")))
    end
    print(debug.getinfo(1, "f").func, debug.getinfo(print).func == print)
    print(load(string.dump(function() return 1 end)))
    print(load("return 1", "text", "bt")(), (load("return x", "text", nil, {x = 2}))())
    print(package.loadlib("./x.so", "*"))
    print((select(2, pcall(require, "lpeg")):match "not allowed to load modules of C"))'
  expect_err ""
  expect_out "not allowed where there is any --allow- option
not allowed where there is any --allow- option
not allowed where there is any --allow- option
not allowed where there is any --allow- option
not allowed where there is any --allow- option
not allowed where there is any --allow- option
not allowed where there is any --allow- option
nil	true
nil	attempt to load a binary chunk (mode is 't')
1	2
nil	not allowed to load modules of C (--allow-run without names would allow it)	open
not allowed to load modules of C"
}

# When the Runner has gone Lua's own functions are back in their places.
t_finalizers_at_the_very_end_have_gates_too() {
  echo secret >outside
  mkdir inside
  run run --allow-read=inside -e '
    kept = setmetatable({}, {__gc = function()
      print((io.open "outside"), (os.execute "echo ran"), (io.popen "echo ran"), (os.remove "outside"))
    end})'
  expect_err ""
  expect_out "nil	nil	nil	nil"
  expect_text outside secret
}

t_threads_have_the_gates_of_their_run() {
  echo secret >outside
  mkdir inside
  export TINYASYNC_LANDLOCK=off
  run run --allow-read=inside -e '
    print(async.thread(function()
      local function refused(found, message) return not found and message:find "not allowed" ~= nil end
      return refused(io.open "outside"), refused(async.fs.read "outside"), refused(loadfile "outside"),
        refused(os.remove "outside"), refused(async.fs.write("inside/x", "")),
        (pcall(io.lines, "outside")), (pcall(dofile, "outside")), debug.getinfo(1, "f").func
    end))
    print(pcall(async.map, {"outside"}, function(path) error((select(2, io.open(path))), 0) end,
      {threads = true}))'
  expect_err ""
  expect_out "true	true	true	true	true	false	false	nil
false	not allowed to read outside (--allow-read=outside would allow it)"
}

# ------------------------------------------------------------------ modules

t_modules_beside_the_script_need_no_option() {
  mkdir tool
  echo 'return "neighbour"' >tool/near.lua
  echo 'return "here"' >here.lua
  echo 'password' >tool/secret.txt
  script tool/main.lua <<'E'
package.path = arg[0]:match "^(.*/)" .. "?.lua;" .. package.path
print((require "near"), (require "here"))
print(async.fs.read "tool/near.lua")
print(pcall(dofile, "tool/near.lua"))
package.path = "tool/?.txt;tool/secret.txt"
print(select(2, pcall(require, "secret")):match "not allowed.-%)")
E
  run run --allow-run=true tool/main.lua
  expect_err ""
  expect_out "neighbour	here
nil	not allowed to read tool/near.lua (--allow-read=tool/near.lua would allow it)	EACCES
false	not allowed to read tool/near.lua (--allow-read=tool/near.lua would allow it)
not allowed to read tool/secret.txt (--allow-read=tool/secret.txt would allow it)"
}

# ------------------------------------------------------------------ the wall

# The kernel's; a child shows it, which has no gate.
needs_wall() { # VERSION
  python3 -c 'import ctypes, sys
sys.exit(ctypes.CDLL(None).syscall(444, None, 0, 1) < '"${1:-1}"')' 2>/dev/null ||
    skip "this kernel has no Landlock of version ${1:-1}"
}

t_children_reach_no_file_that_the_script_may_not() {
  needs_wall
  mkdir inside
  echo text >inside/text
  echo secret >outside
  run run --allow-read=inside --allow-write=inside --allow-run=sh,cat -e '
    local p = async.process
    print(p.read {"cat", "inside/text"})
    for _, command in ipairs {"cat outside", "cat inside/../outside", "cat /etc/passwd",
      "echo x >outside", "echo x >new", "rm outside", "mv inside/text text", "ln outside inside/hard",
      "ln -s ../outside inside/link && cat inside/link", "exec 3<outside"} do
      local result = p.try {"sh", "-c", command}
      if result.ok or result.stdout ~= "" then print(command, result.stdout) end
    end
    print(p.try {"sh", "-c", "echo y >inside/new && cat inside/new && rm inside/new"}.stdout)'
  expect_err ""
  expect_out "text
y"
  expect_text outside secret
}

t_without_the_wall_children_reach_what_they_like() {
  mkdir inside
  echo secret >outside
  TINYASYNC_LANDLOCK=off run run --allow-read=inside --allow-run=cat -e '
    print(async.process.read {"cat", "outside"})'
  expect_out secret
}

# What a file lies beside is open to us, for what replaces it, and closed to them.
t_children_write_to_a_file_and_not_beside_it() {
  needs_wall
  echo old >file
  run run --allow-write=file --allow-run=sh -e '
    print(async.fs.write("file", "new\n"))
    print(async.process.try {"sh", "-c", "echo more >>file"}.ok)
    print(async.process.try {"sh", "-c", "echo x >beside"}.ok)
    print(async.fs.write("beside", "x"))'
  expect_err ""
  expect_out "true
true
false
nil	not allowed to write beside (--allow-write=beside would allow it)	EACCES"
  expect_text file "new
more"
}

t_what_commands_need_to_run_is_left_open_to_them() {
  run run --allow-read=. --allow-write=. --allow-run -e '
    local p = async.process
    print(p.read {"sh", "-c", "echo a | sort | tr a b"})
    print(p.run({"sh", "-c", "exit 0", pty = true}).ok)
    print(p.read {"perl", "-e", "use POSIX; print 1"})
    local dir <close> = async.fs.temp_dir {dir = "."}
    print(dir ~= nil, os.date "%Y" ~= nil)
    print(p.read {"sh", "-c", "printf %s text >made; cat made"})'
  expect_err ""
  expect_out "b
true
1
true	true
text"
}

t_who_has_a_wall_gains_no_rights() {
  needs_wall
  run run --allow-run=cat --allow-read=/proc -e '
    print(async.process.read({"cat", "/proc/self/status"}):match "NoNewPrivs:%s*(%d)")'
  expect_out 1
  run run --allow-read --allow-write --allow-run --allow-net -e '
    print(async.process.read({"cat", "/proc/self/status"}):match "NoNewPrivs:%s*(%d)")'
  expect_out 0
  run run -e '
    print(async.process.read({"cat", "/proc/self/status"}):match "NoNewPrivs:%s*(%d)")'
  expect_out 0
}

t_children_have_no_network_where_it_is_not_allowed() {
  needs_wall 4
  local option
  for option in --deny-net --allow-run=python3; do
    run run "$option" -e '
      local result = async.process.try {"python3", "-c", [[
import socket
s = socket.socket()
for call in lambda: s.bind(("127.0.0.1", 0)), lambda: s.connect(("127.0.0.1", 1)):
    try:
        call()
    except PermissionError:
        print("refused")
    except OSError:
        print("tried")
]]}
      io.write(result.stdout, result.stderr)'
    expect_err ""
    expect_out "refused
refused"
  done
}

# ------------------------------------------------------------------ the network

t_hosts_are_reached_at_the_ports_that_are_allowed() {
  script net.lua <<'E'
local net, dns = async.net, async.dns
local server <close> = assert(net.listen("127.0.0.1", 0))
local function said(made, message, code)
  if made then made:close() end
  return made and "made" or code == "EACCES" and message:match "not allowed to (%l+)" or code
end
print(said(net.listen("127.0.0.2", 0)), said(net.listen("*", 0)))
print(said(net.connect("127.0.0.1", 1)), said(net.connect("127.0.0.1", 2)))
print(said(net.connect("localhost", 1)), said(net.connect("127.1", 1)))
print(net.wait("127.0.0.1", 2, {timeout = 1}))
print(dns.resolve("127.0.0.1")[1], (select(3, dns.resolve "example.org")))
local socket <close> = assert(net.udp())
print(socket:send("data", "127.0.0.1", 1) == socket, said(socket:send("data", "127.0.0.1", 2)))
print(said(net.udp("127.0.0.1", 2)), said(net.connect_unix "socket"), said(net.connect_unix "@name"))
print(async.thread(function()
  return (select(3, async.net.connect("127.0.0.1", 2))), (select(3, async.dns.resolve "x"))
end))
E
  for TINYASYNC_LANDLOCK in on off; do
    export TINYASYNC_LANDLOCK
    run run --allow-net=127.0.0.1:0,127.0.0.1:1 net.lua
    expect_err ""
    expect_out "listen	listen
ECONNREFUSED	connect
connect	connect
nil	not allowed to connect to 127.0.0.1:2 (--allow-net=127.0.0.1:2 would allow it)	EACCES
127.0.0.1	EACCES
true	send
receive	connect	connect
EACCES	EACCES"
  done
}

t_what_is_denied_is_denied_whatever_its_name() {
  run run '--deny-net=127.0.0.1:1,[::1]:1' -e '
    local net = async.net
    print(net.connect("127.0.0.1", 1))
    print(net.connect("localhost", 1))
    print(net.connect("::ffff:127.0.0.1", 1))
    print(net.connect("0.0.0.0", 1))
    print((select(3, net.connect("127.0.0.1", 2))))
    print(async.process.read {"echo", "runs"})'
  expect_err ""
  expect_out "nil	not allowed to connect to 127.0.0.1:1 (--deny-net forbids it)	EACCES
nil	not allowed to connect to localhost:1 (--deny-net forbids it)	EACCES
nil	not allowed to connect to [::ffff:127.0.0.1]:1 (--deny-net forbids it)	EACCES
nil	not allowed to connect to 0.0.0.0:1 (--deny-net forbids it)	EACCES
ECONNREFUSED
runs"
}

t_without_a_list_all_of_the_network_is_denied() {
  run run --deny-net --allow-net=127.0.0.1 --allow-read --allow-write -e '
    local net = async.net
    print(net.connect("127.0.0.1", 1))
    print(net.listen("127.0.0.1", 0))
    print(net.udp())
    print(net.listen_unix "socket")
    print(async.dns.resolve "localhost")'
  expect_err ""
  expect_out "nil	not allowed to connect to 127.0.0.1:1 (--deny-net forbids it)	EACCES
nil	not allowed to listen at 127.0.0.1:0 (--deny-net forbids it)	EACCES
nil	not allowed to receive at *:0 (--deny-net forbids it)	EACCES
nil	not allowed to listen at socket (--deny-net forbids it)	EACCES
nil	not allowed to resolve localhost (--deny-net forbids it)	EACCES"
}

t_a_socket_of_unix_is_a_file_that_is_read_and_written() {
  mkdir inside
  run run --allow-read=inside --allow-write=inside -e '
    local net = async.net
    local server <close> = assert(net.listen_unix "inside/socket")
    spawn(function()
      local peer <close> = server:accept()
      peer:write "hello"
    end)
    local stream <close> = assert(net.connect_unix "inside/socket")
    print(stream:read "a")
    print(net.listen_unix "socket")
    print((select(3, net.connect_unix "@name")))'
  expect_err ""
  expect_out "hello
nil	not allowed to listen at socket (--allow-read=socket would allow it)	EACCES
EACCES"
}

# They are read by OpenSSL.
t_files_for_tls_are_read_where_that_is_allowed() {
  want_tls
  mkdir inside
  cp db.pem db.key root.pem inside
  export TINYASYNC_LANDLOCK=off
  run run --allow-net --allow-read=inside -e '
    local net = async.net
    local function listen(certificate, key, ca)
      local server, message = net.listen("127.0.0.1", 0,
        {tls = {certificate = certificate, key = key, ca = ca}})
      print(message and message:match "not allowed to read (%S+)" or message)
      return server
    end
    listen("db.pem", "inside/db.key")
    listen("inside/db.pem", "db.key")
    listen("inside/db.pem", "inside/db.key", "root.pem")
    local server <close> = listen("inside/db.pem", "inside/db.key")
    local daemon = spawn({daemon = true}, server.serve, server, function(c) c:write(c:read()) end)
    local function connect(ca)
      local s <close>, message = net.connect("127.0.0.1", server.port, {tls = {ca = ca}})
      print(s and s:write "said\n" and s:read "a" or message:match "not allowed to read (%S+)")
    end
    connect "root.pem"
    connect "none.pem"
    connect "inside/root.pem"'
  expect_err ""
  expect_out "db.pem
db.key
root.pem
nil
root.pem
none.pem
said"
}
