# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# standard.sh -- Lua's own functions that wait for the outside.  What they give is compared
# with lua5.4's by tests/standard.

: "${patience:?}"

# Each waits for what another task does afterwards.
t_lua_s_own_waits_let_other_tasks_run() {
  local name code
  while read -r name code; do
    [[ $name ]] || continue
    at "$name"
    script <<LUA
local wait = "until test -e go; do sleep 0.05; done"
spawn(function()
  $code
  print "second"
end)
spawn(function()
  print "first"
  io.open("go", "w"):close()
end)
LUA
    run run script.lua < <(until [[ -e go ]]; do rest 0.01; done; echo input)
    expect_status 0
    expect_err ""
    expect_out $'first\nsecond'
  done <<'LUA'
execute assert(os.execute(wait))
read assert(io.popen(wait .. "; echo x"):read() == "x")
lines for line in io.popen(wait .. "; echo x"):lines() do assert(line == "x") end
close assert(io.popen(wait, "w"):close())
write assert(io.popen(wait .. "; cat >/dev/null", "w"):write(("x"):rep(1000000)):close())
flush local f = io.popen(wait .. "; cat >/dev/null", "w") f:setvbuf("no") f:write(("x"):rep(70000)) f:flush()
variable do local f <close> = io.popen(wait) end
input assert(io.read() == "input")
input_lines for line in io.lines() do assert(line == "input") end
input_method assert(io.stdin:read("L", "a"))
default io.input(io.popen(wait .. "; echo 12")) assert(io.read("n") == 12)
output io.output(io.popen(wait .. "; cat >/dev/null", "w")) io.write(("x"):rep(1000000)) io.close() io.output(io.stdout)
nested assert(coroutine.wrap(function() return pcall(io.read) end)())
LUA
}

t_several_tasks_may_read_standard_input() {
  script <<'LUA'
local sum, readers = 0, 0
for i = 1, 5 do
  spawn(function()
    local own = 0
    for line in io.lines() do
      own = own + 1
      sum = sum + line
      if own % 7 == 0 then sleep(0) end
    end
    readers = readers + 1
    if readers == 5 then print(sum, io.read()) end
  end)
end
LUA
  run run script.lua < <(for i in {1..1000}; do echo "$i"; ((i % 100)) || sleep 0.01; done)
  expect_status 0
  expect_out $'500500\tnil'
}

t_async_stdin_has_the_buffer_of_io_read() {
  script <<'LUA'
print(io.read(), async.stdin:read(), io.stdin:read("n"), async.stdin:read_some(3))
for line in io.lines() do print(line) break end
print(async.stdin:read("a"), io.read())
LUA
  run run script.lua < <(printf 'a\nb\n12 cd\ne\nf')
  expect_status 0
  expect_out $'a\tb\t12\t cd\n\ne\nf\tnil'
}

t_who_reads_the_stream_is_named_and_io_read_waits_for_it() {
  script <<'LUA'
local stdin = async.stdin
spawn({name = "first"}, function() print("first", stdin:read()) end)
spawn(function() print(pcall(stdin.read, stdin)) end)
spawn(function() print("then", io.read()) end)
spawn(function() io.open("go", "w"):close() end)
LUA
  run run script.lua < <(
    until [[ -e go ]]; do rest 0.01; done
    echo a
    sleep 0.1
    echo b
  )
  expect_status 0
  expect_out $'false\ttask #2 first is in the middle of reading standard input
first\ta\nthen\tb'
}

t_a_read_that_was_given_up_loses_nothing() {
  script <<'LUA'
print(async.move_on_after(0.05, io.read, "L", 3))
io.open("go", "w"):close()
print(io.read("a"))
LUA
  run run script.lua < <(
    printf 'half'
    until [[ -e go ]]; do rest 0.01; done
    printf ' a line\nand more'
  )
  expect_status 0
  expect_out $'nil\ttimeout\nhalf a line\nand more'
}

# Who cannot wait takes from under who does: that one gets what comes then.
t_who_cannot_wait_reads_from_the_same_buffer() {
  script <<'LUA'
local function here(fn)
  local done
  table.sort({1, 2}, function() if not done then done = true fn() end return false end)
end
spawn(function() print("waited for", io.read("l", "l")) end)
spawn(function()
  io.open("go", "w"):close()
  here(function() print("here", io.read(), io.stdin:read("n", 1)) end)
  setmetatable({}, {__gc = function() print("finalizer", io.read("L")) end})
  collectgarbage()
end)
LUA
  run run script.lua < <(
    until [[ -e go ]]; do rest 0.01; done
    printf 'a\n12\nb'
    sleep 0.1
    printf 'c\nd\n'
    sleep 0.1
    printf 'e\n'
  )
  expect_status 0
  expect_out $'here\ta\t12\t\n\nfinalizer\tbc\n\nwaited for\td\te'
}

t_the_mode_of_standard_input_stays_as_it_was() {
  [[ -d /proc/self/fdinfo ]] || skip "no /proc"
  echo 'print(io.read(), async.stdin:read()) os.execute("grep flags: /proc/self/fdinfo/0")' >script.lua
  mkfifo fifo
  exec 7<>fifo
  grep flags: /proc/self/fdinfo/7 >own
  printf 'a\nb\n' >&7
  run run script.lua <&7
  grep flags: /proc/self/fdinfo/7 >afterwards
  expect_out $'a\tb\n'"$(cat own)"
  expect_text afterwards "$(cat own)"
}

# As under C, whose exit() gives back what it has read of a file.
t_what_was_not_read_of_a_file_is_there_for_who_comes_after() {
  seq 1000 >numbers
  local code
  for code in 'io.read() io.read("n")' 'io.read() os.exit(3)' 'io.read() os.exit(true, true)' \
    'io.read(1) io.stdin:flush() os.execute("head -c 3")' 'io.read() io.stdin:seek("cur", 5)'; do
    { lua5.4 -e "$code" || true; cat; } <numbers >own
    { "$program" run -e "$code" || true; cat; } <numbers >out
    cmp -s own out || fail "$code: $(head -c 50 out)"
  done
}

t_a_file_of_a_command_is_one_for_c_modules() {
  script <<'LUA'
local lfs, socket = require "lfs", require "cqueues.socket"
local f = io.popen("echo x; cat", "r")
print(lfs.setmode(f, "binary"), f:read())
local w = io.popen("cat", "w")
print(lfs.setmode(w, "binary"), w:close())
print(pcall(lfs.setmode, w, "binary"))
print(socket.dup(io.popen("true")):pollfd() > 2, socket.dup(io.popen("true", "w")):pollfd() > 2)
LUA
  timeout "$patience" lua5.4 script.lua >own 2>own_err </dev/null || skip "lfs or cqueues is not installed"
  run run script.lua </dev/null
  expect_out "$(cat own)"
}

# ------------------------------------------------------------------- their ends

# Each starts a command that says who it is, and is left.
t_who_is_cancelled_leaves_no_command() {
  local name code
  while read -r name code; do
    [[ $name ]] || continue
    at "$name"
    script <<LUA
local stays = "sleep 60 & echo \$\$ \$! >pid; wait"
local task = spawn(function() $code end)
while not io.open "pid" or not io.open("pid"):read() do sleep(0.01) end
task:cancel()
print(pcall(await, task))
print(os.execute [[
  for i in \$(cat pid); do case \$(ps -o stat= -p \$i) in "" | Z*) ;; *) exit 1 ;; esac; done]])
LUA
    run run script.lua
    expect_status 0
    expect_has out $'true\texit\t0'
    expect_has out "cancel"
  done <<'LUA'
execute os.execute(stays)
close io.popen(stays):close()
close_write io.popen(stays, "w"):close()
variable do local f <close> = io.popen(stays) sleep(60) end
opener kept = io.popen(stays) sleep(60)
in_shield async.shield(function() sleep(0) end) os.execute(stays)
LUA
}

# late(FUNCTION): with a deadline that is over when the command has said who it is.
child_is_there='local function is_there() local file <close> = io.open "child" return file and file:read() end
  local function late(fn)
    for _, seconds in ipairs {0.3, 3, 30} do
      async.move_on_after(seconds, fn)
      if is_there() then break end
    end
  end'

# Its file is found to be forgotten at the latest at the end, and nobody waits for it then.
t_a_command_that_a_cancelled_task_reads_is_stopped() {
  local name code
  while read -r name code; do
    [[ $name ]] || continue
    at "$name"
    script <<<"$child_is_there $code"
    SECONDS=0
    run run script.lua
    ((SECONDS < 120)) || fail "it took $SECONDS s"
    expect_status 0
    wait_for gone "$(cat child)"
  done <<'LUA'
task local t = spawn(function() io.popen("echo $$ >child; exec sleep 600"):read() end) while not is_there() do sleep(0.05) end t:cancel()
deadline late(function() return io.popen("echo $$ >child; exec sleep 600"):read() end)
writer late(function() io.popen("echo $$ >child; exec sleep 600", "w"):write(("x"):rep(1e6)) end)
LUA
}

gone() { ! kill -0 "$1" 2>/dev/null; }

t_commands_of_lua_s_functions_end_with_the_run() {
  local name code
  while read -r name code; do
    [[ $name ]] || continue
    at "$name"
    script <<<"$code"
    start --grace=5 script.lua
    wait_for test -s child
    stop TERM
    expect_end "signal 15"
    wait_for gone "$(cat child)"
  done <<'LUA'
execute os.execute "echo $$ >child; exec sleep 60"
read io.popen("echo $$ >child; exec sleep 60"):read()
kept f = io.popen("echo $$ >child; exec sleep 60") sleep(60)
close io.popen("echo $$ >child; exec sleep 60"):close()
sort table.sort({"echo $$ >child; exec sleep 60", "x"}, function() os.execute "echo $$ >child; exec sleep 60" end)
sort_popen table.sort({1, 2}, function() io.popen("echo $$ >child; exec sleep 60"):close() end)
sort_read table.sort({1, 2}, function() io.popen("echo $$ >child; exec sleep 60"):read() end)
left io.popen "echo $$ >child; exec sleep 60"
LUA
}

# As under Lua, where nothing else can wait.
t_clean_up_of_who_was_cancelled_runs_commands_and_reads() {
  script <<'LUA'
local task = spawn(function()
  local guard <close> = async.defer(function()
    print(os.execute "exit 3")
    print(io.popen("echo a command"):read())
    print(io.read())
    io.popen("cat >written", "w"):write(("x"):rep(100000))
  end)
  sleep(60)
end)
sleep(0.1)
task:cancel()
LUA
  run run script.lua < <(echo input)
  expect_status 0
  expect_out $'nil\texit\t3\na command\ninput'
  (($(wc -c <written) == 100000)) || fail "$(wc -c <written) bytes were written"
  script <<'LUA'
local guard <close> = async.defer(function() os.execute "sleep 0.2; echo removed" end)
print "ready"
sleep(60)
LUA
  start --grace=60 script.lua
  wait_for has out ready
  stop INT
  expect_end "signal 2"
  expect_out $'ready\nremoved'
}

t_os_exit_in_the_middle_of_lua_s_waits() {
  local code
  for code in 'os.exit(7)' 'os.exit(7, true)'; do
    script <<LUA
spawn(io.read)
spawn(os.execute, "sleep 60")
spawn(function() local f <close> = io.popen("sleep 60") f:read() end)
spawn(function() io.popen("sleep 60", "w"):write(("x"):rep(1000000)) end)
sleep(0.1)
$code
LUA
    mkfifo fifo
    exec 7<>fifo
    run run script.lua <&7
    rm fifo
    expect_status 7
    expect_err ""
  done
}

t_reports_name_what_lua_s_functions_wait_for() {
  script <<'LUA'
spawn({name = "reader"}, io.read)
spawn({name = "runner"}, os.execute, "sleep 60")
spawn({name = "pipe"}, function() io.popen("exec sleep 60"):read() end)
sleep(0.1)
print(async.tree())
os.exit(0)
LUA
  mkfifo fifo
  exec 7<>fifo
  run run script.lua <&7
  expect_status 0
  expect_has out "read standard input"
  expect_has out "'sh -c 'sleep 60''"
  expect_has out "read stdout of 'sh -c 'exec sleep 60''"
}
