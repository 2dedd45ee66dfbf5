# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# scripts.sh -- where scripts come from, what they are given, and the options
# that change how they run.

: "${program:?}" "${closing:=}" "${began:?}"

t_a_first_line_with_a_hash_is_skipped() {
  script <<<$'#!/usr/bin/env tinyasync\nprint(debug.getinfo(1, "l").currentline)'
  run run script.lua
  expect_status 0
  expect_out 2
}

t_a_byte_order_mark_is_skipped() {
  printf '\357\273\277print "marked"\n' >script.lua
  run run script.lua
  expect_out marked
  printf '\357\273\277#!/usr/bin/tinyasync\nprint "both"\n' >script.lua
  run run script.lua
  expect_out both
  run run - <script.lua
  expect_out both
}

t_a_script_may_come_from_standard_input() {
  run run - one two <<<'print(arg[0], ...) sleep(0.01) print "slept"'
  expect_status 0
  expect_out $'-\tone\ttwo\nslept'
}

t_code_may_come_from_the_command_line() {
  run run -e 'print(...)' one --two -e
  expect_status 0
  expect_out $'one\t--two\t-e'
}

t_several_pieces_of_code_are_one_chunk() {
  run run -e 'local x = 1' -e 'print(x, debug.getinfo(1, "l").currentline)'
  expect_out $'1\t2'
}

t_arguments_that_look_like_options_are_the_script_s() {
  script <<<'print(#arg, ...)'
  run run script.lua --timeout=abc -e -- --unknown ''
  expect_status 0
  expect_out $'5\t--timeout=abc\t-e\t--\t--unknown\t'
}

t_two_dashes_end_the_options() {
  script -- <<<'print(arg[0], ...)'
  run run -- script.lua -- --x
  expect_status 2
  script <<<'print(arg[0], ...)'
  run run --seed=1 -- script.lua -- --x
  expect_status 0
  expect_out $'script.lua\t--\t--x'
  cp script.lua ./-dash.lua
  run run -- -dash.lua
  expect_out '-dash.lua'
}

t_arg_is_as_with_lua() {
  script <<<'print(arg[-2], arg[-1], arg[0], arg[1], arg[-3])'
  run run script.lua x
  expect_out "$program"$'\trun\tscript.lua\tx\tnil'
}

# Without the word `run`.
t_a_script_is_run_by_its_name() {
  script <<<'print(arg[0], arg[-1], arg[-2], ...) error("status 1", 0)'
  run script.lua --seed=x y
  expect_status 1
  expect_out "script.lua"$'\t'"$program"$'\tnil\t--seed=x\ty'
  cp script.lua plain
  run plain
  expect_out "plain"$'\t'"$program"$'\tnil'
  run - z <script.lua
  expect_out "-"$'\t'"$program"$'\tnil\tz'
}

t_code_is_run_without_a_command() {
  run -e 'print(arg[0], arg[-1] == arg[-2], ...)' run help
  expect_status 0
  expect_out $'-e\tfalse\trun\thelp'
  run --virtual-time -e 'sleep(1000)' -e 'print "slept"'
  expect_status 0
  expect_out slept
  run --timeout=x -e ''
  expect_refused "--timeout: expected a number of seconds"
}

t_the_name_of_a_command_wins() {
  script run <<<'print "a script called run"'
  cp run version
  cp run help
  run version
  expect_has out 'Lua 5.4'
  run help
  expect_has out Usage
  run run
  expect_refused "expected a script"
  run ./run
  expect_out "a script called run"
  run run run
  expect_out "a script called run"
}

t_a_script_that_is_not_there_is_told_without_a_command_too() {
  run none.lua
  expect_refused "cannot open none.lua: No such file or directory"
  run folder/none
  expect_refused "cannot open folder/none"
  mkdir folder
  run folder
  expect_refused "folder"
}

t_a_script_with_a_first_line_is_a_program() {
  mkdir bin
  ln -s "$program" bin/tinyasync
  script greet <<<$'#!/usr/bin/env tinyasync\nspawn(print, "hello", ...) sleep(0.01)'
  chmod +x greet
  PATH=$PWD/bin:$PATH ./greet you two >out 2>err || fail "$(cat err)"
  expect_out $'hello\tyou\ttwo'
  mv greet run
  PATH=$PWD/bin:$PATH ./run >out 2>err || fail "$(cat err)"
  expect_out hello
}

t_lua_init_runs_first() {
  script <<<'print(from_init)'
  LUA_INIT='from_init = 1' run run script.lua
  expect_out 1
  LUA_INIT='from_init = 1' LUA_INIT_5_4='from_init = 2' run run script.lua
  expect_out 2
  script init.lua <<<'from_init = "a file"'
  LUA_INIT=@init.lua run run script.lua
  expect_out "a file"
  LUA_INIT='error "broken"' run run script.lua
  expect_refused "LUA_INIT:1: broken"
}

t_lua_path_is_heeded() {
  mkdir modules
  script modules/mine.lua <<<'sleep(0.01) return "mine"'
  LUA_PATH='modules/?.lua;;' run run -e 'print((require "mine"))'
  expect_status 0
  expect_out mine
}

# Ten tasks that take two turns each, and some random numbers.
seeded() {
  run run "$@" -e '
    for i = 1, 10 do spawn(function() sleep(0) io.write(i, " ") end) end
    sleep(1)
    print(math.random(1e9), math.random(1e9))'
  expect_status 0
}

t_the_same_seed_gives_the_same_order() {
  seeded --virtual-time --seed=7
  cp out first
  seeded --virtual-time --seed=7
  cmp -s out first || fail "two orders: $(cat first out)"
  seeded --virtual-time --seed=8
  [[ $(cut -f1 out) != $(cut -f1 first) ]] || fail "the same order for another seed"
  [[ $(cut -f2 out) != $(cut -f2 first) ]] || fail "the same number for another seed"
  seeded --virtual-time --seed=0
  [[ $(cat out) != "1 2 3 4 5 6 7 8 9 10 "* ]] || fail "seed 0 does not shuffle"
}

t_without_a_seed_the_order_is_that_of_creation() {
  seeded --virtual-time
  [[ $(cat out) == "1 2 3 4 5 6 7 8 9 10 "* ]] || fail "$(cat out)"
}

t_a_timeout_ends_what_sleeps() {
  script <<LUA
for i = 1, 2 do
  spawn(function()
    local guard <close> = setmetatable({}, {__close = function() print("closed", i) end})
    sleep(60)
  end)
end
spawn(function() $began end)
sleep(math.huge)
LUA
  run_late script.lua
  expect_status 124
  expect_out $'closed\t1\nclosed\t2'
  run run --timeout=30 --virtual-time script.lua
  expect_status 124
}

t_a_timeout_under_virtual_time_is_exact() {
  run run --virtual-time --timeout=2.5 -e '
    local guard <close> = setmetatable({}, {__close = function() print(async.now()) end})
    while true do sleep(1) print "slept" end'
  expect_status 124
  expect_out $'slept\nslept\n2.5'
}

# Two hundred steps of 50 ms: only a few of them fit into the time.
t_a_timeout_ends_a_pass_of_busy_steps() {
  script <<'LUA'
for _ = 1, 200 do
  spawn(function()
    local stop = os.clock() + 0.05
    while os.clock() < stop do end
    print "step"
  end)
end
LUA
  run run --timeout=0.2 script.lua
  expect_status 124
  (($(wc -l <out) < 100)) || fail "$(wc -l <out) steps"
}

# In real time, and under virtual time, which stands still during a step.
t_a_timeout_ends_a_step_that_never_waits() {
  script <<<"$closing $began pcall(coroutine.wrap(function() while true do pcall(error) end end))"
  for clock in --seed=1 --virtual-time; do
    run_late "$clock" script.lua
    expect_status 124
    expect_text closed closed
    expect_err "tinyasync: timed out with 1 task unfinished
tinyasync: interrupted #1 script.lua at script.lua:4"
  done
}

# Lua cannot yield there: an error has to do it, and is not reported.
t_a_timeout_ends_a_callback_of_a_c_function() {
  script <<<"$closing $began table.sort({1, 2, 3}, function() while true do end end)"
  run_late script.lua
  expect_status 124
  expect_text closed closed
  expect_err "tinyasync: timed out with 1 task unfinished
tinyasync: interrupted #1 script.lua at script.lua:4"
}

t_finalizers_find_the_scripts_own_globals() {
  run run -e 'sleep = function() print "mine" end
    X = setmetatable({}, {__gc = function() sleep() print(pcall(spawn, print)) end})'
  expect_status 0
  [[ $(cat out) == mine* ]] || fail "$(cat out)"
}

# Half a second of a step that was stopped counts: the limit is more.
t_virtual_time_may_take_longer_in_real_time() {
  run run --virtual-time --timeout=1.2 -e '
    for _ = 1, 260 do
      local stop = os.clock() + 0.005
      while os.clock() < stop do end
      sleep(0.001)
    end
    print "made it"'
  expect_status 0
  expect_out "made it"
}

# In a call of C that nothing ends, with no Lua behind it.
through_the_timeout='spawn(table.sort, {"x", "sleep 0.1; touch began; exec sleep $LATE 0.3"}, os.execute)'

t_a_run_that_ends_by_itself_has_made_it() {
  run_late -e "$through_the_timeout"
  expect_status 0
  expect_err ""
}

t_a_run_that_leaves_only_daemons_has_made_it() {
  run_late -e "spawn({daemon = true}, function()
      local _ <close> = setmetatable({}, {__close = function(_, err) print(err) end})
      sleep(60)
    end)
    $through_the_timeout"
  expect_status 0
  expect_out "cancelled: the run has ended"
  expect_err ""
}

t_a_timeout_counts_no_daemon_as_unfinished() {
  run run --virtual-time --timeout=1 -e 'for _ = 1, 3 do spawn({daemon = true}, sleep, 60) end
    spawn(sleep, 60) sleep(60)'
  expect_status 124
  expect_err "tinyasync: timed out with 2 tasks unfinished"
}

t_a_timeout_that_is_not_reached_changes_nothing() {
  run run --timeout=inf -e 'sleep(0.01)'
  expect_status 0
  run run --timeout=1000 --virtual-time -e 'sleep(999)'
  expect_status 0
  run run --timeout=0 -e 'sleep(1)'
  expect_status 124
}

t_no_memory_is_an_error_of_the_task() {
  ! is_sanitized || skip "a sanitizer wants all the address space"
  script <<'LUA'
spawn(function() print(#("x"):rep(1 << 30)) end)
spawn(function() print(pcall(string.rep, "x", 1 << 30)) print(sleep(0) >= 0) end)
spawn(function()
  local list = {}
  while true do list[#list + 1] = ("x"):rep(1 << 16) .. #list end
end)
spawn(function() sleep(0.01) collectgarbage() print "the others go on" end)
LUA
  (ulimit -v 200000 && run run --traceback=off script.lua && echo "$status" >status)
  status=$(cat status)
  expect_status 1
  expect_out $'false\tnot enough memory\ntrue\nthe others go on'
  expect_err $'Error in task: not enough memory\nError in task: not enough memory'
}

# Each fails for itself, after a collection that finds only what the one before had.
t_a_run_that_memory_starves_is_ended() {
  ! is_sanitized || skip "a sanitizer wants all the address space"
  script <<'LUA'
local guard <close> = async.defer(function() print "closed" end)
for i = 1, 2000 do
  spawn(function()
    local list = {}
    for k = 1, math.huge do
      list[k] = {}
      if k % 100 == 0 then sleep(0) end
    end
  end)
end
sleep(1000)
LUA
  (ulimit -v 60000 && run run --traceback=off script.lua && echo "$status" >status)
  status=$(cat status)
  expect_status 1
  expect_out closed
  expect_has err "memory is short: "
}

# Each of them would pay for a collection of all that the others keep.
t_tasks_cancelled_for_want_of_memory_end_together() {
  ! is_sanitized || skip "a sanitizer wants all the address space"
  script <<'LUA'
local list = {}
for i = 1, 300000 do list[i] = i end
print(pcall(async.map, list, function() sleep(1) end, {keep_going = true}))
LUA
  (ulimit -v 60000 && run run --timeout=40 --grace=1 script.lua && echo "$status" >status)
  status=$(cat status)
  expect_status 0
  expect_out $'false\tnot enough memory'
}

t_os_exit_with_true_closes_and_gives_its_status() {
  script <<'LUA'
spawn(function()
  local guard <close> = setmetatable({}, {__close = function() print "closed" end})
  sleep(60)
end)
sleep(0)
os.exit(3, true)
LUA
  run run script.lua
  expect_status 3
  expect_out closed
}

t_a_deadlock_is_status_3() {
  run run --virtual-time -e 'sleep(math.huge)'
  expect_status 3
  expect_has err "deadlock: 1 task waits and nothing can wake it"
}

t_a_failure_is_status_1() {
  run run --traceback=off -e 'spawn(error, "one") spawn(error, "two") sleep(0) print "on"'
  expect_status 1
  expect_out on
  expect_err $'Error in task: one\nError in task: two'
  run run --traceback=off --on-error=stop -e 'spawn(error, "one") spawn(error, "two") sleep(1)'
  expect_status 1
  expect_err "Error in task: one"
}

# A promise not to spin, measured generously: a slow machine starts slowly too.
t_a_sleeping_script_uses_no_time() {
  local used start
  ! is_sanitized || skip "a sanitizer takes its time to start"
  start=$(TIMEFORMAT='%U %S' && { time run run -e ''; } 2>&1)
  used=$(TIMEFORMAT='%U %S' && { time run run -e 'spawn(sleep, 2) sleep(2)'; } 2>&1)
  awk '{ exit !($1 + $2 < 0.1 + 5 * ($3 + $4)) }' <<<"$used $start" ||
    fail "user and system seconds: $used, and to start: $start"
}

# Nothing allocates while it sleeps: whoever collects does it meanwhile.
t_garbage_is_collected_while_the_script_waits() {
  script <<'LUA'
sleep(0.01)
collectgarbage "stop"
local garbage = {}
for i = 1, 400000 do garbage[i] = {i} end
garbage = nil
local before = collectgarbage "count"
collectgarbage "restart"
for _ = 1, 600 do
  sleep(0.1)
  if collectgarbage "count" < before / 2 then return print "collected" end
end
LUA
  run run script.lua
  expect_out collected
}

# Counts collections: something is left to each of them.
t_a_generational_collector_is_not_driven_in_idle_time() {
  script <<'LUA'
local count = 0
local function leave()
  setmetatable({}, {__gc = function() count = count + 1 leave() end})
end
sleep(0.01)
local kept = {}
for i = 1, 400000 do kept[i] = {i} end
local last = collectgarbage "generational"
leave()
sleep(0.3)
print(count <= 2, last, collectgarbage "generational")
collectgarbage "incremental"
local more = {}
for i = 1, 400000 do more[i] = {i} end
count = 0
for _ = 1, 600 do
  sleep(0.1)
  if count >= 1 then break end
end
print(count >= 1, #kept + #more, collectgarbage "incremental")
LUA
  run run script.lua
  expect_out $'true\tincremental\tgenerational\ntrue\t800000\tincremental'
}

t_a_collector_that_the_script_has_stopped_rests() {
  script <<'LUA'
sleep(0.01)
collectgarbage "stop"
local garbage = {}
for i = 1, 400000 do garbage[i] = {i} end
garbage = nil
local before = collectgarbage "count"
sleep(0.2)
print(collectgarbage "count" >= before)
LUA
  run run script.lua
  expect_out true
}

t_a_finalizer_that_runs_while_the_script_waits_may_wake_a_task() {
  script <<'LUA'
local event = async.event()
spawn(function() event:wait() print "woken" os.exit(0) end)
sleep(0.01)
collectgarbage "stop"
local garbage = {}
for i = 1, 400000 do garbage[i] = {i} end
setmetatable({}, {__gc = function() event:set() end})
garbage = nil
collectgarbage "restart"
sleep(20)
LUA
  run run script.lua
  expect_out woken
}
