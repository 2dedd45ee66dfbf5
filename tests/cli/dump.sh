# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# dump.sh -- SIGQUIT and SIGUSR1: what all tasks are doing, while they go on.

: "${program:?}" "${here:?}" "${guard:?}" "${ready:?}" "${told:?}" "${till_told:?}" "${busy_till_told:?}"

t_sigquit_and_sigusr1_show_all_tasks_and_the_script_goes_on() {
  local signal
  for signal in QUIT USR1; do
    at $signal
    script <<LUA
$told
local jobs = async.channel(4, "jobs")
local go = async.event "go"
local function work()
  return jobs:recv()
end
local worker = spawn({name = "worker", daemon = true}, function()
  work()
end)
spawn({name = "waiter"}, function()
  for _ in coroutine.wrap(function()
    go:wait()
  end) do end
end)
spawn({name = "asker"}, function()
  $till_told
  go:set()
  sleep(0)
  print "went on"
  os.exit(7, true)
end)
sleep(0)
print "ready"
sleep(60)
LUA
    start script.lua
  done
  for signal in QUIT USR1; do
    at $signal
    wait_for has out ready
    stop $signal
    wait_for has err asker
    tell
  done
  for signal in QUIT USR1; do
    at $signal
    expect_end "exit 7"
    expect_out $'ready\nwent on'
    sed -i -E 's/ for [0-9.]+s$/ for TIME/; /asker/,$d' err
    expect_err $'4 tasks
#1 script.lua: waiting, sleep 60s at script.lua:24 for TIME
	[C]: in function \'sleep\'
	script.lua:24: in main chunk
  #2 worker: waiting, recv on channel \'jobs\' (0 of 4) at script.lua:5 (daemon) for TIME
  	[C]: in method \'recv\'
  	script.lua:5: in upvalue \'work\'
  	script.lua:8: in function <script.lua:7>
  #3 waiter: waiting, event \'go\' at script.lua:12 for TIME
  	[C]: in method \'wait\'
  	script.lua:12: in function <script.lua:11>
  	[C]: in for iterator \'for iterator\'
  	script.lua:11: in function <script.lua:10>'
  done
}

# Runs the script of its input, asks for a dump when that is ready, tells it to
# go on, and waits for its end.  One that computes then is let do so first.
dumped() {
  script
  start "$@" script.lua
  wait_for has out ready
  [[ ! ${computes:-} ]] || computes_on
  stop USR1
  wait_for grep -qE '^[0-9]+ tasks?$' err
  tell
  wait_for test -s ended
}

# Ends a script that is told to.
asker="$told
spawn({name = 'asker'}, function() $till_told os.exit(3) end)"

t_equal_tracebacks_are_shown_once() {
  dumped <<LUA
local function fetch() sleep(60) end
$asker
for _ = 1, 5 do spawn({name = "fetch"}, fetch) end
spawn({name = "other"}, fetch)
sleep(0)
print "ready"
sleep(60)
LUA
  expect_end "exit 3"
  expect_has err "8 tasks"
  grep -qE '^  5 tasks fetch: waiting, sleep 60s at script.lua:1 for ' err || fail "$(cat err)"
  expect_has err "#3 fetch, #4 fetch, #5 fetch, #6 fetch, #7 fetch"
  expect_has err "#8 other: waiting"
  (($(grep -c "in upvalue 'fetch'\|in function <script.lua:1>" err) == 2)) || fail "$(cat err)"
}

t_a_busy_step_is_shown_where_it_is() {
  computes=yes dumped <<LUA
$told
local function work()
  $busy_till_told
end
spawn({name = "later"}, sleep, 0)
$ready
coroutine.wrap(function()
  pcall(work)
end)()
os.exit(7)
LUA
  expect_end "exit 7"
  sed -i "/'io.open'/d; /upvalue 'told'/d; s/running at script.lua:1/running at script.lua:3/" err
  expect_err $'2 tasks
#1 script.lua: running at script.lua:3
	script.lua:3: in function <script.lua:2>
	[C]: in function \'pcall\'
	script.lua:8: in function <script.lua:7>
	script.lua:7: in main chunk
  #2 later: runnable'
}

t_a_busy_callback_of_a_c_function_is_shown() {
  computes=yes dumped <<LUA
$told $ready
string.gsub("x", "x", function()

  $busy_till_told
end)
print "went on"
LUA
  expect_end "exit 0"
  expect_out $'ready\nwent on'
  expect_has err "#1 script.lua: running at script.lua:"
  expect_has err "in function 'string.gsub'"
}

t_a_dump_leaves_a_script_s_own_hook_in_place() {
  dumped <<LUA
$told
local calls, before = 0, 0
local function hook() calls = calls + 1 end
debug.sethook(hook, "", 1000)
$ready
$busy_till_told
before = calls
for _ = 1, 10000 do end
print(calls > before, debug.gethook() == hook)
LUA
  expect_end "exit 0"
  expect_out $'ready\ntrue\ttrue'
  expect_has err "1 task"
}

t_ten_thousand_tasks_are_shown_in_bounds() {
  at alike
  script <<LUA
for _ = 1, 10000 do spawn({name = "alike"}, sleep, 60) end
$asker
sleep(0)
print "ready"
sleep(60)
LUA
  start script.lua
  at named
  script <<LUA
for i = 1, 10000 do spawn({name = "task" .. i}, sleep, 60) end
$asker
sleep(0)
print "ready"
sleep(60)
LUA
  start script.lua
  wait_for has out ready
  stop USR1
  wait_for has err "10002 tasks"
  tell
  at alike
  wait_for has out ready
  stop USR1
  wait_for has err "10002 tasks"
  tell
  expect_end "exit 3"
  expect_has err "10000 tasks alike: waiting, sleep 60s"
  expect_has err "more"
  (($(wc -c <err) < 2000)) || fail "$(wc -c <err) bytes"
  at named
  expect_end "exit 3"
  expect_has err "more"
  (($(wc -l <err) < 5000)) || fail "$(wc -l <err) lines"
}

# The tree may be deep, and names long.
t_a_deep_tree_is_shown_in_bounds() {
  dumped <<LUA
$told
local function down(depth)
  if depth == 0 then
    print "ready"
    $till_told
    os.exit(3)
  end
  spawn({name = ("long"):rep(100)}, down, depth - 1)
  sleep(60)
end
down(2000)
LUA
  expect_end "exit 3"
  expect_has err "2001 tasks"
  (($(wc -c <err) < 10000000)) || fail "$(wc -c <err) bytes"
}

t_clean_up_under_way_is_shown_too() {
  script <<LUA
$told
spawn({name = "slow"}, async.shield, function() $till_told end)
$guard
sleep(0)
print "ready"
sleep(60)
LUA
  start --grace=60 script.lua
  wait_for has out ready
  stop TERM
  wait_for has out closed
  stop QUIT
  wait_for has err "#2 slow: "
  tell
  expect_end "signal 15"
}

t_a_busy_shield_is_shown_when_the_run_ends() {
  script <<LUA
$told
async.shield(function()
  $ready $busy_till_told
  print "worked"
end)
LUA
  start --grace=60 script.lua
  wait_for has out ready
  stop TERM
  stop USR1
  wait_for has err "#1 script.lua: running at script.lua:"
  tell
  expect_end "signal 15"
  expect_out $'ready\nworked'
}

t_every_signal_asks_for_a_dump_of_its_own() {
  local count
  script <<<"$told print 'ready' $till_told os.exit(7)"
  start script.lua
  wait_for has out ready
  for count in 1 2 3; do
    stop USR1
    while (($(grep -c '^1 task$' err) < count)); do
      [[ ! -e ended ]] || fail "it ended after $((count - 1)) dumps"
      sleep 0.02
    done
  done
  tell
  expect_end "exit 7"
}

t_a_dump_comes_after_what_was_printed() {
  script <<<"$told io.write 'printed' io.stderr:write 'ready' $busy_till_told io.write 'more'"
  lua5.4 -E "$here/how.lua" "$(shell_words "$program" run script.lua) 2>&1" >out </dev/null &
  wait_for has out ready
  stop USR1
  wait_for has out task
  tell
  wait_for test -s ended
  [[ $(head -n 1 out) == printedready1\ task ]] || fail "$(cat out)"
  [[ $(tail -n 1 out) == *more ]] || fail "$(cat out)"
}

# Virtual time goes on while it is shown.
t_a_dump_under_virtual_time_changes_nothing() {
  dumped --virtual-time <<LUA
$told
sleep(1)
$ready $busy_till_told
sleep(1000)
print(async.now())
LUA
  expect_end "exit 0"
  expect_out $'ready\n1001.0'
  expect_has err "#1 script.lua: running at script.lua:"
}
