# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# ending.sh -- how a run is ended: the grace time, --timeout, --on-error=stop,
# os.exit, a deadlock, a reader that leaves, and which of them decides the
# status.

: "${program:?}" "${closing:?}" "${guard:?}" "${ready:?}" "${told:?}" "${till_told:?}" "${till_left:?}" "${patience:?}" "${began:?}"

# Clean-up that takes its time, and says when it begins.
slow='local guard <close> = async.defer(function()
  async.shield(function() io.stderr:write "cleaning\n" sleep(0.1) end)
  print "closed"
end)'

# The same, until it is told to go on.
held="$told local guard <close> = async.defer(function()
  async.shield(function() io.stderr:write 'cleaning\\n' $till_told end)
  print 'closed'
end)"

failing='local failing <close> = async.defer(function() error "x" end)'

# ------------------------------------------------------------------- grace

t_the_grace_is_exact_under_virtual_time() {
  run run --virtual-time --grace=2.5 -e '
    spawn({name = "slow"}, function()
      local guard <close> = async.defer(function() print("closed", async.now()) end)
      async.shield(sleep, 60)
    end)
    spawn(function() async.shield(sleep, 3.5) print("made it", async.now()) end)
    sleep(1)
    os.exit(4, true)'
  expect_status 4
  expect_out $'made it\t3.5\nclosed\t3.5'
  expect_err "tinyasync: 1 task did not end within 2.5 seconds of grace: #2 slow"
}

t_the_grace_passes_while_tasks_only_take_turns() {
  run run --virtual-time --grace=1 -e '
    spawn({name = "turning"}, async.shield, function() while true do sleep(0) end end)
    sleep(1)
    os.exit(4, true)'
  expect_status 4
  expect_err "tinyasync: 1 task did not end within 1 second of grace: #2 turning"
}

t_the_grace_is_real_time_otherwise() {
  run run --grace=0.2 -e '
    spawn({name = "slow"}, async.shield, sleep, 60)
    local guard <close> = async.defer(function() print "closed" end)
    sleep(0)
    os.exit(4, true)'
  expect_status 4
  expect_out closed
  expect_err "tinyasync: 1 task did not end within 0.2 seconds of grace: #2 slow"
}

t_without_grace_all_is_closed_at_once() {
  script <<<"spawn({name = 'slow'}, async.shield, sleep, 60) sleep(0) $guard $ready sleep(60)"
  start --grace=0 script.lua
  wait_for has out ready
  stop INT
  expect_end "signal 2"
  expect_out $'ready\nclosed'
  expect_has err "#2 slow"
}

t_an_endless_grace_waits_for_the_end() {
  run run --virtual-time --grace=inf -e '
    spawn(function() async.shield(sleep, 1e6) print(async.now()) end)
    sleep(1)
    os.exit(4, true)'
  expect_status 4
  expect_out 1000000.0
  expect_err ""
}

t_what_nothing_can_wake_in_clean_up_is_closed_at_once() {
  run_late --grace=1000 -e "
    local guard <close> = async.defer(function() async.shield(function() async.event 'e':wait() end) end)
    $began sleep(60)"
  expect_status 124
  expect_has err "tinyasync: 1 task waits in clean-up, and nothing can wake it: #1 -e"
}

# Each clean-up is short, and all of them are long.
t_the_grace_ends_in_the_middle_of_a_pass() {
  local ended
  script <<LUA
for i = 1, 100 do
  spawn(function()
    local guard <close> = async.defer(function()
      local start = os.clock()
      repeat until os.clock() - start > 0.05
      print "closed"
    end)
    sleep(100)
  end)
end
spawn(function() $began sleep(100) end)
LUA
  run_late --grace=0.2 script.lua
  expect_status 124
  expect_has err "did not end within 0.2 seconds of grace"
  ended=$(tail -n 1 err)
  [[ $ended == "tinyasync: "*" are left without clean-up" ]] || fail "$ended"
  (($(wc -l <out) < 90)) || fail "$(wc -l <out) were closed"
}

# ----------------------------------------------------------------- timeout

t_a_timeout_names_the_line_of_an_endless_step() {
  local clock
  script <<LUA
$guard
local function forever()
  $began while true do end
end
while true do
  pcall(coroutine.wrap(function() pcall(forever) end))
end
LUA
  for clock in --seed=1 --virtual-time; do
    run_late "$clock" script.lua
    expect_status 124
    expect_out closed
    expect_err "tinyasync: timed out with 1 task unfinished
tinyasync: interrupted #1 script.lua at script.lua:3"
  done
}

t_clean_up_may_wait_after_a_timeout() {
  script <<<"spawn(function() $slow $began sleep(60) end) $slow sleep(60)"
  run_late script.lua
  expect_status 124
  expect_out $'closed\nclosed'
  expect_err $'tinyasync: timed out with 2 tasks unfinished\ncleaning\ncleaning'
}

t_a_timeout_waits_no_longer_than_the_grace() {
  run_late --grace=0.2 -e "$guard async.shield(function() $began sleep(60) end)"
  expect_status 124
  expect_out closed
  expect_has err "tinyasync: 1 task did not end within 0.2 seconds of grace: #1 -e"
}

t_busy_clean_up_after_a_timeout_ends_with_the_grace() {
  run_late --grace=0.2 -e "$guard
    local busy <close> = async.defer(function() while true do end end)
    $began sleep(60)"
  expect_status 124
  expect_out closed
  expect_has err "tinyasync: interrupted #1 -e at -e:2"
}

t_a_timeout_reaches_what_a_shield_lets_out() {
  run run --virtual-time --timeout=1 -e '
    async.shield(sleep, 3)
    print(async.now())
    sleep(1)
    print "never"'
  expect_status 124
  expect_out 3.0
}

# ------------------------------------------------------------ --on-error=stop

t_on_error_stop_unwinds_the_others() {
  run run --on-error=stop --traceback=off -e "
    spawn(function() $slow sleep(60) end)
    spawn({daemon = true}, function() $slow sleep(60) end)
    sleep(0)
    spawn(error, 'boom')
    $guard
    sleep(60)"
  expect_status 1
  expect_out $'closed\nclosed\nclosed'
  expect_err $'Error in task: boom\ncleaning\ncleaning'
}

t_on_error_stop_keeps_the_rest_from_starting() {
  run run --on-error=stop --traceback=off -e "spawn(error, 'boom') spawn(print, 'never')"
  expect_status 1
  expect_out ""
  expect_err "Error in task: boom"
}

t_on_error_stop_tells_of_errors_in_clean_up_too() {
  run run --on-error=stop --traceback=off -e "
    spawn(function()
      local guard <close> = async.defer(function() error('again', 0) end)
      sleep(60)
    end)
    sleep(0)
    error('boom', 0)"
  expect_status 1
  expect_err $'Error in task: boom\nError in task: again'
}

# ----------------------------------------------------------------- os.exit

t_os_exit_with_true_ends_the_task_where_it_is() {
  local code
  while read -r code; do
    at exit "$code"
    script <<<"$guard spawn(function() $guard sleep(60) end) sleep(0) $code print 'went on' sleep(0) print 'never'"
    run run script.lua
    expect_status 3
    expect_out $'closed\nclosed'
    expect_err ""
  done <<'LUA'
os.exit(3, true)
pcall(os.exit, 3, true)
while true do pcall(os.exit, 3, true) end
xpcall(os.exit, print, 3, true)
xpcall(error, function() os.exit(3, true) end)
coroutine.wrap(os.exit)(3, true)
pcall(coroutine.wrap(function() pcall(coroutine.wrap(function() pcall(os.exit, 3, true) end)) end))
coroutine.resume(coroutine.create(function() coroutine.resume(coroutine.create(os.exit), 3, true) end))
for _ in coroutine.wrap(function() os.exit(3, true) end) do end
async.shield(os.exit, 3, true)
pcall(async.shield, function() pcall(async.shield, pcall, os.exit, 3, true) end)
string.gsub("x", "x", function() os.exit(3, true) end)
pcall(string.gsub, "x", "x", function() pcall(os.exit, 3, true) end)
async.shield(table.sort, {3, 2, 1}, function() pcall(os.exit, 3, true) end)
local x = setmetatable({}, {__index = function() os.exit(3, true) end}).x
tostring(setmetatable({}, {__tostring = function() os.exit(3, true) end}))
do local x <close> = async.defer(function() os.exit(3, true) end) end
async.with_timeout(60, os.exit, 3, true)
async.scope(function(s) s:spawn(os.exit, 3, true) end)
async.all{function() os.exit(3, true) end}
await(spawn(os.exit, 3, true))
LUA
}

# What other C code does with an error nobody knows; most of it goes on.  A line is the
# module that is needed, and the code.
t_os_exit_with_true_ends_the_run_behind_c_code_too() {
  local module code
  while read -r module code; do
    lua5.4 -e "require '$module'" 2>/dev/null || continue
    at exit "$code"
    script <<LUA
spawn(function() $guard sleep(60) end)
$guard
local leave = function() os.exit(3, true) print "went on" end
sleep(0)
async.shield(pcall, function()
  coroutine.wrap(function() $guard $code end)()
end)
print "went on"
while true do end
LUA
    run run --grace=5 script.lua
    expect_status 3
    expect_out $'closed\nclosed\nclosed'
    expect_err ""
  done <<'LUA'
string load(leave)
string print(load(coroutine.wrap(function() pcall(leave) end)))
string setmetatable({}, {__gc = leave}) collectgarbage()
string setmetatable({}, {__gc = function() pcall(coroutine.wrap(leave)) end}) collectgarbage()
luv local uv = require "luv" uv.new_timer():start(1, 0, leave) uv.run()
luv local uv = require "luv" uv.new_timer():start(1, 1, function() pcall(leave) end) uv.run()
cqueues local cq = require "cqueues".new() cq:wrap(leave) repeat cq:loop(0.01) until cq:empty()
cqueues local cq = require "cqueues".new() cq:wrap(function() while true do pcall(leave) end end) cq:loop()
lpeg local l = require "lpeg" print(pcall(l.match, l.P "a" / leave, "a"))
LUA
}

t_os_exit_with_true_behind_c_code_waits_no_longer_than_the_grace() {
  run run --grace=0.2 -e 'local guard <close> = async.defer(function() while true do end end)
    load(function() os.exit(3, true) end)'
  expect_status 3
  expect_out ""
}

t_os_exit_with_true_behind_c_code_closes_the_state() {
  script <<'LUA'
X = setmetatable({}, {__gc = function() print "finalized" end})
local guard <close> = async.defer(function() print "closed" async.shield(sleep, 1) print "never" end)
load(function() os.exit(3, true) end)
LUA
  run run script.lua
  expect_status 3
  expect_out $'closed\nfinalized'
  LUA_INIT='X = setmetatable({}, {__gc = function() print "finalized" end}) os.exit(6, true)' \
    run run -e 'print "never"'
  expect_status 6
  expect_out finalized
}

t_os_exit_with_true_waits_for_clean_up() {
  run run -e "spawn(function() $slow sleep(60) end) sleep(0) os.exit(true, true)"
  expect_status 0
  expect_out closed
  run run -e "spawn(function() $slow sleep(60) end) sleep(0) os.exit(false, true)"
  expect_status 1
  expect_out closed
}

t_os_exit_alone_ends_at_once() {
  run run -e "spawn(function() $guard sleep(60) end) $guard sleep(0) print 'said' os.exit(9)"
  expect_status 9
  expect_out said
}

t_os_exit_waits_no_longer_than_the_grace() {
  run run --grace=0.1 -e "spawn({name = 'slow'}, async.shield, sleep, 60) sleep(0) os.exit(3, true)"
  expect_status 3
  expect_err "tinyasync: 1 task did not end within 0.1 seconds of grace: #2 slow"
  run run --grace=0.1 -e "local busy <close> = async.defer(function() while true do end end) os.exit(3, true)"
  expect_status 3
  expect_has err "interrupted #1 -e at -e:1"
}

# ---------------------------------------------------------------- deadlock

t_a_deadlock_names_tasks_waits_holders_and_cycles() {
  script <<'LUA'
local x, y = async.lock "x", async.lock "y"
local function take(first, second)
  local guard <close> = async.defer(function() print(async.current().name, "closed") end)
  local one <close> = first:acquire()
  sleep(0)
  local two <close> = second:acquire()
end
spawn({name = "a"}, take, x, y)
spawn({name = "b"}, take, y, x)
spawn({name = "c", daemon = true}, function()
  local jobs = async.channel(2, "jobs")
  jobs:recv()
end)
print "said before"
LUA
  expect_status_of 3 timeout -k 1 "$patience" "$program" run script.lua >out 2>&1
  expect_out "said before
deadlock: 3 tasks wait and nothing can wake them
  #2 a: lock 'y' held by #3 b at script.lua:6
    spawned at script.lua:8 by #1 script.lua
  #3 b: lock 'x' held by #2 a at script.lua:6
    spawned at script.lua:9 by #1 script.lua
  #4 c (daemon): recv on channel 'jobs' (0 of 2) at script.lua:12
    spawned at script.lua:10 by #1 script.lua
  cycle: #2 a -> #3 b -> #2 a
a	closed
b	closed"
}

t_a_deadlock_is_told_at_once() {
  run run --timeout=15 -e "$guard async.channel():recv()"
  expect_status 3
  expect_out closed
  expect_err $'deadlock: 1 task waits and nothing can wake it
  #1 -e: recv on channel (0 of 0) at -e:1'
}

t_clean_up_may_wait_after_a_deadlock() {
  run run -e "$slow async.event 'never':wait()"
  expect_status 3
  expect_out closed
  expect_has err cleaning
}

t_busy_clean_up_after_a_deadlock_ends_with_the_grace() {
  local clock
  for clock in --seed=1 --virtual-time; do
    run run "$clock" --grace=0.2 -e "local busy <close> = async.defer(function() while true do end end)
      async.event 'never':wait()"
    expect_status 3
    expect_has err "interrupted #1 -e at -e:1"
  done
}

t_clean_up_that_no_hook_reaches_does_not_change_the_status() {
  local stuck="local stuck <close> = async.defer(function()
    string.find(('a'):rep(40), ('a-'):rep(30) .. 'b')
  end)"
  ends_so "exit 3" --grace=0.1 "$stuck async.event 'never':wait()"
  expect_has err "ended at once; this would not stop: #1 script.lua"
  ends_late "exit 124" --grace=0.1 "$stuck $began sleep(60)"
  ends_so "exit 5" --grace=0.1 "$stuck os.exit(5, true)"
  ends_so "exit 1" --grace=0.1 --on-error=stop "$stuck spawn(error, 'x') sleep(60)"
}

t_a_daemon_that_sleeps_is_no_deadlock() {
  run run --timeout=0.3 -e '
    spawn({daemon = true}, function() while true do sleep(0.05) end end)
    async.event "never":wait()'
  expect_status 124
  run run --timeout=0.1 -e 'spawn(sleep, math.huge) async.event "never":wait()'
  expect_status 124
}

# ----------------------------------------------------------------- daemons

t_daemons_unwind_when_all_else_has_ended() {
  run run -e "spawn({daemon = true}, function() $slow sleep(60) end) sleep(0) print 'done'"
  expect_status 0
  expect_out $'done\nclosed'
  expect_err cleaning
}

t_daemons_that_do_not_end_are_reported() {
  run run --grace=0.1 -e "spawn({name = 'd', daemon = true}, async.shield, sleep, 60) sleep(0)"
  expect_status 1
  expect_err "tinyasync: 1 task did not end within 0.1 seconds of grace: #2 d"
}

t_a_busy_daemon_is_no_reason_to_hang() {
  script <<<"spawn({name = 'd', daemon = true}, function()
    local guard <close> = async.defer(function() while true do end end)
    sleep(60)
  end) sleep(0)"
  run run --grace=0.2 script.lua
  expect_has err "interrupted #2 d at script.lua:2"
}

# ------------------------------------------------------------ closed output

t_clean_up_may_wait_when_the_reader_has_left() {
  script <<<"spawn(function() $slow sleep(60) end) while true do print 'line' sleep(0.001) end"
  start_for_one_line script.lua
  expect_end "signal 13"
  expect_out line
  expect_err cleaning
}

t_a_reader_that_leaves_is_an_end_behind_pcall_too() {
  script <<<"$closing while true do pcall(function() while true do print 'line' end end) end"
  start_for_one_line script.lua
  expect_end "signal 13"
  expect_out line
  expect_err ""
}

# ------------------------------------------------- which of them decides
#
# How the run ended beats what happened in it: os.exit, a signal, a reader that
# left, --timeout, deadlock, report, success.

now='io.stderr:write "now\n"'

# ends_so HOW [OPTIONS] LUA: when that is cleaning up, or says "now", it is sent
# the signal $send, if there is one.
ends_so() {
  script <<<"${*: -1}"
  start --traceback=off "${@:2:$#-2}" script.lua
  if [[ ${send:-} ]]; then
    wait_for grep -qE "^(cleaning|now)" err
    stop "$send"
    tell
  fi
  expect_end "$1"
}

# ends_late HOW [OPTIONS] LUA: with a time-out that is over after it came to $began: see run_late.
ends_late() {
  local seconds
  for seconds in 0.4 3 20; do
    rm -f began
    ends_so "$1" "--timeout=$seconds" "${@:2}"
    [[ ! -e began ]] || break
  done
}

t_os_exit_beats_a_signal() {
  local send=TERM
  ends_so "exit 5" "$held os.exit(5, true)"
  ends_so "exit 5" "local last <close> = async.defer(function() os.exit(5, true) end) $now sleep(60)"
  ends_so "exit 6" "local last <close> = async.defer(function() os.exit(6) end) $now sleep(60)"
  ends_so "exit 0" "$held os.exit(0, true)"
}

t_os_exit_beats_a_reader_that_left() {
  script <<<"$told local last <close> = async.defer(function() print 'unread' end)
    print 'line' $till_left os.exit(5, true)"
  start_for_one_line script.lua
  expect_end "exit 5"
}

t_os_exit_beats_timeout_deadlock_and_report() {
  local last='local last <close> = async.defer(function() os.exit(5, true) end)'
  ends_late "exit 5" "$last $began sleep(60)"
  ends_so "exit 5" --virtual-time --timeout=0.05 "$slow os.exit(5, true)"
  ends_so "exit 5" "$last async.event():wait()"
  ends_so "exit 5" --on-error=stop "$last spawn(error, 'x') sleep(60)"
  ends_so "exit 0" "spawn(error, 'x') sleep(0) os.exit(0, true)"
  ends_so "exit 0" "$failing os.exit(0, true)"
}

t_a_signal_beats_a_reader_that_left() {
  script <<<"$held while true do print 'line' sleep(0.001) end"
  start_for_one_line script.lua
  wait_for has err cleaning
  stop TERM
  tell
  expect_end "signal 15"
}

t_a_signal_beats_a_timeout() {
  local send=TERM
  ends_late "signal 15" "$held $began sleep(60)"
  expect_out closed # the clean-up under way was let run
  unset send
  script <<<"$held print 'ready' sleep(60)"
  start --timeout=5 --grace=60 script.lua
  wait_for has out ready
  stop INT
  sleep 5
  tell
  expect_end "signal 2"
}

t_a_signal_beats_deadlock_report_and_success() {
  local send=TERM
  ends_so "signal 15" "$held async.event():wait()"
  ends_so "signal 15" --on-error=stop "$held spawn(error, 'x') sleep(60)"
  ends_so "signal 15" "spawn({daemon = true}, function() $held sleep(60) end) sleep(0)"
  ends_so "signal 15" "$failing $now sleep(60)"
}

t_after_a_timeout_the_second_signal_ends_at_once() {
  script <<<"local guard <close> = async.defer(function()
    io.stderr:write 'cleaning'
    while true do end
  end) sleep(60)"
  start --timeout=3 --grace=60 script.lua
  wait_for has err cleaning
  stop TERM
  stop_again INT
  wait_for test -s ended
  grep -qE 'signal (2|15)' ended || fail "$(cat ended)"
  expect_has err "ended at once; this would not stop: #1 script.lua"
}

# What was printed goes out when clean-up waits: then the reader is gone.
t_a_reader_that_left_beats_timeout_deadlock_and_report() {
  local last="local last <close> = async.defer(function()
    async.shield(function() $till_left end)
    print 'late'
  end)"
  local options code
  while read -r options code; do
    at "$options" "$code"
    script <<<"$told $last print 'line' $code"
    start_for_one_line "$options" --traceback=off script.lua
  done <<'LUA'
--timeout=3 sleep(60)
--seed=1 async.event():wait()
--seed=2 error "x"
--on-error=stop spawn(error, "x") sleep(60)
--seed=3 return
LUA
  for options in --timeout=3 --seed=1 --seed=2 --on-error=stop --seed=3; do
    at "$options"
    expect_end "signal 13"
  done
}

t_a_timeout_beats_deadlock_and_report() {
  # Nothing can wake the clean-up.
  ends_so "exit 124" --virtual-time --timeout=1 \
    'local last <close> = async.defer(function() async.shield(function() async.event():wait() end) end) sleep(60)'
  ends_so "exit 124" --virtual-time --timeout=1 "spawn(error, 'x') sleep(60)"
  ends_so "exit 124" --virtual-time --timeout=1 "$failing sleep(60)"
  ends_so "exit 124" --virtual-time --timeout=1 --grace=0.1 "async.shield(sleep, 60)"
}

t_a_deadlock_beats_a_report() {
  ends_so "exit 3" "spawn(error, 'x') async.event():wait()"
  ends_so "exit 3" "$failing async.event():wait()"
}

t_a_report_beats_success() {
  ends_so "exit 1" "spawn(error, 'x') sleep(0)"
  ends_so "exit 1" "spawn({daemon = true}, function() $failing sleep(60) end) sleep(0)"
  ends_so "exit 0" "spawn(function() sleep(60) end):cancel()"
  ends_so "exit 0" "pcall(await, spawn(error, 'x'))"
}

# ------------------------------------------- the same answer on every path
#
# Clean-up that never ends is ended by the grace or by a second signal, where the
# tasks are or in a handler: none of these paths may decide otherwise.

# In Lua, where no hook is reached, and in a wait.
endless_clean_ups="lua while true do end
c string.find(('a'):rep(40), ('a-'):rep(30) .. 'b')
wait async.shield(sleep, 60)"

# The first signal comes from the script, when its clean-up is under way.
t_os_exit_decides_however_the_run_is_ended_afterwards() {
  local name clean_up how
  while read -r name clean_up; do
    for how in 0.3 60; do
      at "$name-$how"
      script <<<"local last <close> = async.defer(function()
        async.shield(os.execute, 'kill -TERM \$PPID') $now $clean_up
      end) os.exit(7, true)"
      start --grace=$how script.lua
    done
  done <<<"$endless_clean_ups"
  while read -r name clean_up; do
    at "$name-60" "$clean_up, a second signal"
    wait_for has err now
    stop_again INT
    expect_end "exit 7"
    [[ $(tail -n 1 err) == "tinyasync: ended at once; th"*" would not stop: #1 script.lua" ]] ||
      fail "$(cat err)"
    at "$name-0.3" "$clean_up, the grace"
    expect_end "exit 7"
  done <<<"$endless_clean_ups"
}

# Clean-up that goes on writing into a pipe that nobody reads is ended in a write.
t_a_reader_that_left_decides_nothing_that_was_decided() {
  local writes="local last <close> = async.defer(function() while true do print(('x'):rep(9999)) end end)"
  at exit
  script <<<"$told $writes print 'line' $till_left os.exit(7, true)"
  start_for_one_line script.lua
  at signal
  script <<<"$told $writes print 'line' $till_left os.execute 'kill -TERM \$PPID' sleep(60)"
  start_for_one_line script.lua
  at exit
  expect_end "exit 7"
  at signal
  expect_end "signal 15"
}

# The time-out comes in a step that nothing can cut short, and that asks for the end: first
# what takes a while, then the call.
t_what_ends_the_run_is_told_and_nothing_else() {
  run_late --grace=60 -e "$began"'
    string.gsub(("a"):rep(40) .. "c4y", ("a-"):rep(5) .. "([0-9])(.)", os.exit)'
  expect_status 4
  expect_err ""
}

# ----------------------------------------------------------------- threads

# Each receives from the channel of the other, which nobody can tell from work.
waiting_threads='
  local a, b = async.channel(1), async.channel(1)
  local function wait(from, to, ready)
    ready:send(true)
    to:send(from:recv())
  end
  local ready = async.channel(2)
  spawn(async.thread, wait, a, b, ready)
  spawn(async.thread, wait, b, a, ready)
  local closing <close> = async.defer(function() print "closed" end)
  ready:recv() ready:recv()
  print "ready"
  a, b = nil, nil
  '"$began"' sleep(60)'

t_a_timeout_ends_threads_that_wait_for_each_other() {
  run_late -e "$waiting_threads"
  expect_status 124
  expect_out $'ready\nclosed'
  expect_err "tinyasync: timed out with 3 tasks unfinished"
}

t_a_signal_ends_threads_that_wait_for_each_other() {
  script <<<"$waiting_threads"
  start script.lua
  wait_for has out ready
  stop INT
  expect_end "signal 2"
  expect_out $'ready\nclosed'
  expect_err ""
}
