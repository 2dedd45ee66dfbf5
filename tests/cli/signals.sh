# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# signals.sh -- SIGINT, SIGTERM and SIGHUP.

: "${program:?}" "${here:?}" "${closing:?}" "${told:?}" "${till_told:?}" "${busy_till_told:?}" "${patience:?}" "${began:?}"

guard='local guard <close> = async.defer(function() print "closed" end)'
ready='print "ready" io.stdout:flush()'

sleeping="$guard
print 'ready'
sleep(60)"

# Clean-up that never ends.
cleaning_for_ever='local guard <close> = async.defer(function()
  io.stderr:write "cleaning\n"
  while true do end
end)'

# ends_by SIGNAL NUMBER
ends_by() {
  script <<<"spawn(function() sleep(60) end) $sleeping"
  start script.lua
  wait_for has out ready
  stop "$1"
  expect_end "signal $2"
  expect_out $'ready\nclosed'
  expect_err ""
}

t_sigint_cleans_up_and_is_raised_again() { ends_by INT 2; }
t_sigterm_cleans_up_and_is_raised_again() { ends_by TERM 15; }
t_sighup_cleans_up_and_is_raised_again() { ends_by HUP 1; }

t_a_signal_under_virtual_time_ends_the_run() {
  script <<<"$closing print 'ready' while true do sleep(1) end"
  start --virtual-time script.lua
  wait_for has out ready
  stop INT
  expect_end "signal 2"
  expect_text closed closed
}

t_a_signal_reaches_tasks_that_only_take_turns() {
  script <<<"$closing print 'ready' while true do sleep(0) end"
  start script.lua
  wait_for has out ready
  stop TERM
  expect_end "signal 15"
  expect_text closed closed
}

t_a_signal_reaches_every_kind_of_wait() {
  script <<'LUA'
local function waits(name, fn, ...)
  spawn({name = name}, function(...)
    local guard <close> = async.defer(function(err) print(name, err) end)
    fn(...)
    print(name, "went on")
  end, ...)
end
local channel, full = async.channel(), async.channel(1)
local lock, semaphore = async.lock "l", async.semaphore(1, "s")
full:send(1)
async.actions.never = function() return function() print "given up" end end
spawn(function() lock:acquire() semaphore:acquire() async.event("held"):wait() end)
sleep(0)
waits("sleep", sleep, 60)
waits("endless", sleep, math.huge)
waits("recv", channel.recv, channel)
waits("send", full.send, full, 2)
waits("event", function() async.event("e"):wait() end)
waits("select", async.select, {channel, async.event("e"), timeout = 60})
waits("lock", lock.acquire, lock)
waits("semaphore", semaphore.acquire, semaphore)
waits("await", await, async.current())
waits("action", await, {action = "never"})
waits("scope", async.scope, function(s) s:spawn(sleep, 60) end)
waits("all", async.all, {function() sleep(60) end})
waits("deadline", async.with_timeout, 60, sleep, 70)
waits("generator", coroutine.wrap(function() sleep(60) end))
waits("pcall", function() while true do pcall(sleep, 60) end end)
sleep(0)
print "ready"
sleep(60)
LUA
  start --traceback=off script.lua
  wait_for has out ready
  stop INT
  expect_end "signal 2"
  local name
  for name in sleep endless recv send event select lock semaphore await action scope all deadline \
    generator pcall; do
    expect_has out "$name"$'\t'"cancelled: interrupted"
  done
  expect_has out "given up"
  ! has out "went on" || fail "a task went on: $(cat out)"
}

t_clean_up_may_wait_after_a_signal() {
  script <<'LUA'
local closed = async.event "closed"
spawn(function()
  async.shield(function() closed:wait() print "saved" end)
  sleep(0)
  print "never"
end)
spawn({daemon = true}, function()
  local guard <close> = async.defer(function()
    async.shield(sleep, 0.2)
    print "the daemon closed"
    closed:set()
  end)
  sleep(60)
end)
print "ready"
sleep(60)
LUA
  start --grace=60 script.lua
  wait_for has out ready
  stop TERM
  expect_end "signal 15"
  expect_out $'ready\nthe daemon closed\nsaved'
  expect_err ""
}

t_a_signal_while_the_last_daemon_unwinds_counts() {
  script <<LUA
$told
spawn({daemon = true}, function()
  local guard <close> = async.defer(function()
    async.shield(function() print "ready" $till_told end)
    print "closed"
  end)
  sleep(60)
end)
sleep(0)
LUA
  start --grace=60 script.lua
  wait_for has out ready
  stop INT
  tell
  expect_end "signal 2"
  expect_out $'ready\nclosed'
}

t_tasks_spawned_after_a_signal_never_start() {
  script <<'LUA'
local guard <close> = async.defer(function()
  spawn(print, "never")
  async.shield(function()
    print(pcall(await, spawn(function() sleep(0.05) return "in the shield" end)))
  end)
end)
print "ready"
sleep(60)
LUA
  start script.lua
  wait_for has out ready
  stop INT
  expect_end "signal 2"
  expect_out $'ready\ntrue\tin the shield'
}

# ---------------------------------------------------------- endless loops

# Line 3 of these scripts never ends; what calls it is read, a line a script.
interrupt_each() {
  local caller number=0 count
  while IFS= read -r caller; do
    number=$((number + 1))
    at "$number" "$caller"
    script <<LUA
$guard
$ready
local function forever() while true do end end
$caller
LUA
    start script.lua
    wait_for has out ready
    computes_on
    stop INT
  done
  count=$number
  for ((number = 1; number <= count; number++)); do
    at "$number" "$(tail -n 1 "$TEST_FOLDER/$number/script.lua")"
    expect_end "signal 2"
    expect_out $'ready\nclosed'
    expect_err "tinyasync: interrupted #1 script.lua at script.lua:3"
  done
}

t_an_endless_loop_is_interrupted_and_its_line_named() {
  interrupt_each <<'LUA'
forever()
forever(pcall(error))
load("return ...")(forever)()
for _ in forever do end
goto here ::here:: forever()
async.with_timeout(60, forever)
async.scope(forever)
await(setmetatable({}, {__await = forever}))
package.preload.busy = forever require "busy"
LUA
}

t_a_loop_behind_protected_calls_is_interrupted() {
  interrupt_each <<'LUA'
pcall(forever)
while true do pcall(forever) end
while true do pcall(pcall, pcall, forever) end
while true do xpcall(forever, debug.traceback) end
while true do xpcall(forever, forever) end
xpcall(error, forever)
while true do pcall(coroutine.wrap(forever)) end
while true do pcall(async.with_timeout, 60, forever) end
LUA
}

t_a_loop_in_nested_coroutines_is_interrupted() {
  interrupt_each <<'LUA'
coroutine.wrap(forever)()
coroutine.resume(coroutine.create(forever))
while true do coroutine.resume(coroutine.create(forever)) end
for _ in coroutine.wrap(forever) do end
coroutine.wrap(function() coroutine.wrap(function() coroutine.wrap(forever)() end)() end)()
while true do pcall(coroutine.wrap(function() pcall(coroutine.wrap(forever)) end)) end
local wrap = forever for _ = 1, 100 do wrap = coroutine.wrap(wrap) end wrap()
local co = coroutine.create(function() local x <close> = async.defer(forever) coroutine.yield() end) coroutine.resume(co) coroutine.close(co)
LUA
}

t_a_loop_in_a_callback_of_a_c_function_is_interrupted() {
  interrupt_each <<'LUA'
string.gsub("x", "x", forever)
while true do pcall(string.gsub, "x", "x", forever) end
table.sort({3, 2, 1}, forever)
load(forever)
table.concat(setmetatable({}, {__index = forever, __len = function() return 1 end}))
coroutine.wrap(function() string.gsub("x", "x", coroutine.wrap(forever)) end)()
LUA
}

t_a_loop_in_a_metamethod_is_interrupted() {
  interrupt_each <<'LUA'
local x = setmetatable({}, {__index = forever}).x
setmetatable({}, {__newindex = forever}).x = 1
local x = setmetatable({}, {__add = forever}) + 1
local x = setmetatable({}, {__concat = forever}) .. ""
local x = setmetatable({}, {__eq = forever}) == setmetatable({}, {})
local x = #setmetatable({}, {__len = forever})
setmetatable({}, {__call = forever})()
tostring(setmetatable({}, {__tostring = forever}))
pairs(setmetatable({}, {__pairs = forever}))
do local x <close> = setmetatable({}, {__close = forever}) end
LUA
}

t_a_loop_between_generators_is_interrupted() {
  local loop
  for loop in 'for _ in coroutine.wrap(function() while true do coroutine.yield(1) end end) do end' \
    'while true do pcall(error) end' 'while true do pcall(string.rep, "x", 10) end' \
    'while true do pcall(coroutine.wrap(function() coroutine.yield() end)) end' \
    'local function down() pcall(down) end while true do down() end' \
    'while true do debug.sethook(function() end, "", 1) end'; do
    at loop "$loop"
    script <<<"$guard $ready"$'\n'"$loop"
    start script.lua
    wait_for has out ready
    computes_on
    stop INT
    expect_end "signal 2"
    expect_out $'ready\nclosed'
    expect_err "tinyasync: interrupted #1 script.lua at script.lua:2"
  done
}

t_a_loop_in_a_module_is_interrupted() {
  script busy.lua <<<$'print "ready" io.stdout:flush()\nwhile true do end'
  script <<<"$guard package.path = '?.lua' pcall(require, 'busy')"
  start script.lua
  wait_for has out ready
  computes_on
  stop INT
  expect_end "signal 2"
  expect_out $'ready\nclosed'
  expect_err "tinyasync: interrupted #1 script.lua at busy.lua:2"
}

t_each_endless_task_is_named() {
  script <<LUA
local function busy()
  $guard $ready
  while true do end
end
for i = 1, 3 do spawn({name = "busy" .. i}, busy) end
LUA
  start script.lua
  wait_for has out ready
  computes_on
  stop INT
  expect_end "signal 2"
  expect_out $'ready\nclosed'
  expect_err "tinyasync: interrupted #2 busy1 at script.lua:3"
}

# Children of a scope are unwound with it.
t_an_endless_child_of_a_scope_is_interrupted() {
  script <<LUA
$guard
async.scope(function(s)
  s:spawn({name = "child"}, function()
    $guard $ready
    while true do end
  end)
end)
LUA
  start script.lua
  wait_for has out ready
  computes_on
  stop TERM
  expect_end "signal 15"
  expect_out $'ready\nclosed\nclosed'
  expect_err "tinyasync: interrupted #2 child at script.lua:5"
}

t_a_script_s_own_hook_stays_until_the_interrupt() {
  script <<LUA
local calls, before = 0, 0
local guard <close> = async.defer(function() print(calls > before) end)
debug.sethook(function() calls = calls + 1 end, "", 1000)
while calls == 0 do end
before = calls
$ready
while true do end
LUA
  start script.lua
  wait_for has out ready
  computes_on
  stop INT
  expect_end "signal 2"
  expect_out $'ready\ntrue'
  expect_err "tinyasync: interrupted #1 script.lua at script.lua:7"
}

# Work for some ticks, which nobody may cut short.
t_busy_shields_and_clean_up_are_left_alone() {
  local work="$busy_till_told print 'worked'"
  at shield
  script <<<"$told $guard async.shield(function() $ready $work end) print 'on' sleep(0) print 'never'"
  start --grace=60 script.lua
  at clean-up
  script <<<"$told local guard <close> = async.defer(function() $work end)
    $ready sleep(60)"
  start --grace=60 script.lua
  at shield
  wait_for has out ready
  stop INT
  at clean-up
  wait_for has out ready
  stop INT
  sleep 0.3
  tell
  expect_end "signal 2"
  expect_out $'ready\nworked'
  expect_err ""
  at shield
  tell
  expect_end "signal 2"
  expect_has out worked
  expect_has out closed
}

t_the_end_of_the_grace_ends_busy_shields_and_clean_up() {
  at shield
  script <<LUA
$guard
async.shield(function()
  $ready
  while true do end
end)
LUA
  start --grace=0.3 script.lua
  at clean-up
  script <<<"$cleaning_for_ever $ready sleep(60)"
  start --grace=0.3 script.lua
  at nested
  script <<LUA
$guard $ready
while true do
  pcall(async.shield, function()
    pcall(coroutine.wrap(function() async.shield(function() while true do end end) end))
  end)
end
LUA
  start --grace=0.3 script.lua
  for the_case in shield clean-up nested; do
    at $the_case
    wait_for has out ready
    [[ $the_case == clean-up ]] || computes_on
    stop INT
  done
  for the_case in shield clean-up nested; do
    at $the_case
    expect_end "signal 2"
    expect_has err "interrupted #1 script.lua at script.lua:"
  done
  at shield
  expect_out $'ready\nclosed'
}

# ------------------------------------------------- what no hook reaches

unreachable_code='finalizer setmetatable({}, {__gc = function() while true do end end}) collectgarbage()
pattern local s = ("a"):rep(80) s:find(("a-"):rep(20) .. "b")
replace string.gsub("x", "x", function() local s = ("a"):rep(80) s:find(("a-"):rep(20) .. "b") end)
nested coroutine.wrap(function() setmetatable({}, {__gc = function() while true do end end}) collectgarbage() end)()'

# Starts each of them with the options given, and waits until no hook reaches it.  Their names
# go to $unreachable.
start_unreachable() {
  local name code
  unreachable=()
  while read -r name code; do
    unreachable+=("$name")
    at "$name"
    script <<<"$ready $code"
    start "$@" script.lua
  done <<<"$unreachable_code"
  for name in "${unreachable[@]}"; do
    at "$name"
    wait_for has out ready
    computes_on
  done
}

t_what_no_hook_reaches_ends_with_the_second_signal() {
  local name
  start_unreachable --grace=60
  for name in "${unreachable[@]}"; do
    at "$name"
    stop TERM
  done
  for name in "${unreachable[@]}"; do
    at "$name"
    stop_again TERM
  done
  for name in "${unreachable[@]}"; do
    at "$name"
    expect_end "signal 15"
    [[ $(tail -n 1 err) == "tinyasync: ended at once; this would not stop: #1 script.lua" ]] ||
      fail "$(cat err)"
  done
}

t_what_no_hook_reaches_is_named_after_a_second() {
  local name
  local -A stuck=(
    [finalizer]="a finalizer at script.lua:1" [pattern]="'find' at script.lua:1"
    [replace]="'find' at script.lua:1" [nested]="a finalizer at script.lua:1"
  )
  start_unreachable --grace=60
  for name in "${unreachable[@]}"; do
    at "$name"
    stop TERM
  done
  for name in "${unreachable[@]}"; do
    at "$name"
    wait_for has err "at once"
    expect_err "tinyasync: #1 script.lua is stuck in ${stuck[$name]}; a second Ctrl-C ends it at once"
  done
  sleep 0.5
  for name in "${unreachable[@]}"; do
    at "$name"
    expect_err "tinyasync: #1 script.lua is stuck in ${stuck[$name]}; a second Ctrl-C ends it at once"
    stop TERM
    expect_end "signal 15"
  done
}

# They are looked into all the time, and left alone.
t_busy_shields_and_clean_up_are_not_called_stuck() {
  script <<<"$told $guard async.shield(function() $ready $busy_till_told end)"
  start --grace=60 script.lua
  wait_for has out ready
  stop INT
  wait_for has_heard
  sleep 1.5
  tell
  expect_end "signal 2"
  expect_err ""
}

t_what_no_hook_reaches_ends_with_the_grace() {
  local name
  start_unreachable --grace=0.3
  for name in "${unreachable[@]}"; do
    at "$name"
    stop TERM
  done
  for name in "${unreachable[@]}"; do
    at "$name"
    expect_end "signal 15"
    expect_err "tinyasync: ended at once; this would not stop: #1 script.lua"
  done
}

# Where the time was over before it was there, it has more.
t_what_no_hook_reaches_ends_after_the_timeout() {
  local name code seconds
  while read -r name code; do
    at "$name" "$code"
    script <<<"$ready $began $code"
    for seconds in 1 5 20; do
      rm -f began
      start --timeout=$seconds --grace=0.2 script.lua
      expect_end "exit 124"
      [[ ! -e began ]] || break
    done
    expect_has err "ended at once; this would not stop: #1 script.lua"
  done <<<"$unreachable_code"
}

# ----------------------------------------------------------------- reading

# How a script may read, a line each.
reads='print(fifo:read())
if fifo:read() ~= "no" then print "deleted" end
print(fifo:read("n", "l", "a"))
io.input(fifo) print(io.read())
for line in fifo:lines() do print(line) end print "all"
for line in io.lines "fifo" do print(line) end print "all"
for line in io.popen("head -n 1 fifo"):lines() do print(line) end print "all"
print(io.popen("head -n 1 fifo"):read "a")'
protected_reads='print(pcall(fifo.read, fifo))
print(pcall(function() for line in fifo:lines() do print(line) end end))
print(xpcall(fifo:lines(), function(err) print(err) return err end))
print(pcall(coroutine.wrap(fifo:lines())))
print(string.gsub("x", "x", function() print(fifo:read()) end))
print(pcall(async.with_timeout, 60, fifo.read, fifo))
print(pcall(async.scope, function(s) s:spawn(fifo.read, fifo) end))
spawn(fifo.read, fifo) spawn(print, "never")'

# each_read HOW ARGUMENTS: starts a script for each of them, calls `end_read` when they
# read, and expects them to have ended so, with nothing but clean-up.
each_read() {
  local code number=0 count
  while IFS= read -r code; do
    number=$((number + 1))
    at "$number" "$code"
    mkfifo fifo
    script <<<"$guard local fifo = io.open('fifo', 'r+') $ready $code"
    start "${@:2}" script.lua
  done <<<"$reads"
  count=$number
  for ((number = 1; number <= count; number++)); do
    at "$number" "$(sed "${number}q;d" <<<"$reads")"
    wait_for has out ready
  done
  sleep 0.2
  for ((number = 1; number <= count; number++)); do
    at "$number"
    end_read
  done
  for ((number = 1; number <= count; number++)); do
    at "$number" "$(sed "${number}q;d" <<<"$reads")"
    expect_end "$1"
    expect_out $'ready\nclosed'
    expect_err "${wanted:-}"
  done
}

# A line into the fifo, if somebody still reads from it.
feed() {
  exec 5<>fifo
  echo "$@" >&5
  exec 5>&-
}

t_a_signal_ends_a_read_where_it_is() {
  end_read() {
    stop TERM
    { sleep 0.15; feed late; } &
  }
  each_read "signal 15"
}

t_a_signal_ends_a_read_behind_protected_calls() {
  local reads=$protected_reads
  t_a_signal_ends_a_read_where_it_is
}

# The input ends for the same reason, before the step has had its time.
t_input_that_ends_with_a_signal_is_not_taken_for_its_end() {
  end_read() {
    stop INT
    feed
  }
  each_read "signal 2"
}

t_input_that_ends_with_a_signal_behind_protected_calls_is_not_taken_for_its_end() {
  local reads=$protected_reads
  t_input_that_ends_with_a_signal_is_not_taken_for_its_end
}

t_a_timeout_ends_a_read_where_it_is() {
  end_read() { :; }
  reads=$(head -n 5 <<<"$reads")
  wanted="tinyasync: timed out with 1 task unfinished" each_read "exit 124" --timeout=5
}

# Nobody can begin to read after a signal, either.
t_a_read_after_a_signal_does_not_begin() {
  mkfifo fifo
  script <<LUA
$guard local file = io.open("fifo", "r+")
file:write "x\n" file:flush()
local seen = 0
$ready
for i = 1, math.huge do
  if file:read() ~= "x" then print "deleted" end
  file:write "x\n" file:flush()
  seen = i
end
LUA
  start script.lua
  wait_for has out ready
  stop TERM
  expect_end "signal 15"
  expect_out $'ready\nclosed'
  expect_err ""
}

# ... and clean-up that reads is left alone.
t_a_read_in_a_shield_goes_on_after_a_signal() {
  mkfifo fifo
  script <<<"$guard local file = io.open('fifo', 'r+')
    async.shield(function() $ready print(file:read()) end) sleep(0) print 'never'"
  start --grace=60 script.lua
  wait_for has out ready
  stop TERM
  wait_for has_heard
  sleep 0.4
  echo "the answer" >fifo
  expect_end "signal 15"
  expect_out $'ready\nthe answer\nclosed'
  expect_err ""
}

t_a_write_that_fails_because_of_a_signal_is_no_failure() {
  mkfifo fifo
  exec 3<>fifo
  script <<<"$guard local file = io.open('fifo', 'w') $ready
    while true do assert(file:write(('x'):rep(10000))) end"
  start script.lua
  wait_for has out ready
  sleep 0.2
  stop TERM
  exec 3<&-
  expect_end "signal 15"
  expect_out $'ready\nclosed'
  expect_err ""
}

# A child that the terminal's Ctrl-C has reached as well.
t_a_child_that_ends_with_a_signal_is_no_failure() {
  local code
  while IFS= read -r code; do
    at child "$code"
    rm -f child
    script <<<"$guard $ready $code print 'went on'"
    start script.lua
    wait_for test -s child
    stop TERM
    kill -TERM "$(cat child)" || true # we have
    expect_end "signal 15"
    expect_out $'ready\nclosed'
    expect_err ""
  done <<'LUA'
assert(os.execute "echo $$ >child; exec sleep 60")
assert(io.popen("echo $$ >child; exec sleep 60"):close())
local child <close> = io.popen "echo $$ >child; exec sleep 60" assert(child:read())
LUA
}

# ---------------------------------------------------------------- a terminal

# type_keys WORD KEYS...: when `out` has WORD, slowly, so that a read is under way each time.
type_keys() {
  local keys
  wait_for has out "$1"
  for keys in "${@:2}"; do
    sleep 0.2
    printf '%b' "$keys"
  done
}

# type_at WORD KEYS...: types the keys at a terminal of its own, where script.lua runs and
# has said WORD; what is then seen there goes to `out`.
type_at() {
  command -v script >/dev/null || skip "no script(1)"
  mkfifo keys
  status=0
  { exec 4>keys; type_keys "$@" >&4; wait_for test -e left; } &
  (
    timeout -k 1 "$patience" script -qefc "exec '$program' run script.lua" /dev/null <keys >out 2>&1 ||
      echo $? >status
    : >left
  )
  [[ ! -s status ]] || status=$(cat status)
  tr -d '\r' <out >seen
}

t_ctrl_c_at_a_prompt_carries_out_nothing() {
  script <<'LUA'
local guard <close> = async.defer(function() print "closed" end)
io.write "Delete all? [Y/n] "
if io.read() ~= "n" then print "DELETED" end
LUA
  type_at "[Y/n]" '\003'
  expect_status 130
  expect_text seen $'Delete all? [Y/n] ^Cclosed'
}

t_ctrl_c_while_a_child_is_read_carries_out_nothing() {
  script <<'LUA'
local guard <close> = async.defer(function() print "closed" end)
print "ready"
local answer = io.popen("sleep 60; echo n"):read()
if answer ~= "n" then print "DELETED" end
LUA
  type_at ready '\003'
  expect_status 130
  expect_text seen $'ready\n^Cclosed'
}

# They are shown at the end of the step at the latest.
t_ctrl_backslash_at_a_prompt_shows_the_tasks_and_reads_on() {
  script <<'LUA'
io.write "Name? "
local name = io.read()
sleep(0)
print("Hello, " .. name)
LUA
  type_at "Name?" '\034' 'Joe\n'
  expect_status 0
  expect_has seen $'1 task\n#1 script.lua: '
  expect_has seen "Hello, Joe"
}

# Nobody reads what is written: there is no clean-up to be had.
t_a_signal_ends_a_blocked_write() {
  mkfifo fifo
  exec 3<>fifo
  script <<<'io.stderr:write "ready" print(("x"):rep(1000000)) sleep(60)'
  rm -f pid ended
  lua5.4 -E "$here/how.lua" "$(shell_words "$program" run --grace=0.3 script.lua)" \
    >fifo 2>err </dev/null &
  wait_for has err ready
  stop TERM
  expect_end "signal 15"
  exec 3<&-
}

# -------------------------------------------------------- the second signal

# Clean-up that does not end is ended by the second signal, which names it.
t_a_second_signal_ends_at_once() {
  script <<<"spawn({name = 'other'}, sleep, 60) $cleaning_for_ever $ready sleep(60)"
  start --grace=60 script.lua
  wait_for has out ready
  stop INT
  wait_for has err cleaning
  stop_again INT
  expect_end "signal 2"
  expect_err $'cleaning\ntinyasync: ended at once; this would not stop: #1 script.lua'
}

t_a_second_signal_names_all_who_still_wait() {
  script <<'LUA'
spawn({name = "first"}, async.shield, sleep, 60)
spawn({name = "second"}, function()
  local guard <close> = async.defer(function() async.shield(sleep, 60) end)
  sleep(60)
end)
spawn({name = "gone"}, sleep, 60)
local guard <close> = async.defer(function() print "closed" end)
sleep(0)
print "ready"
sleep(60)
LUA
  start --grace=60 script.lua
  wait_for has out ready
  stop TERM
  wait_for has out closed
  # Between two passes: the names are those of a moment ago.
  stop USR1
  wait_for has err "2 tasks"
  stop_again TERM
  expect_end "signal 15"
  [[ $(tail -n 1 err) == "tinyasync: ended at once; these would not stop: #2 first, #3 second" ]] ||
    fail "$(cat err)"
}

t_a_busy_shield_is_named_by_the_second_signal() {
  script <<<"spawn({name = 'busy'}, function()
    async.shield(function() $ready while true do end end)
  end)"
  start --grace=60 script.lua
  wait_for has out ready
  stop INT
  stop_again TERM
  expect_end "signal 15"
  expect_err "tinyasync: ended at once; this would not stop: #2 busy"
}

is_stopped() { [[ $(ps -o s= -p "$(<pid)") == T ]]; }

# A parent sends on what the terminal has sent to all.
t_a_second_signal_at_once_is_still_the_first() {
  script <<<"$told local guard <close> = async.defer(function()
    async.shield(function() io.stderr:write 'cleaning' $till_told end)
    print 'closed'
  end) $ready sleep(60)"
  start --grace=60 script.lua
  wait_for has out ready
  stop STOP
  wait_for is_stopped
  local signal
  for signal in INT TERM HUP CONT; do stop $signal; done # the lowest number comes first
  wait_for has err cleaning
  tell
  expect_end "signal 1"
  expect_out $'ready\nclosed'
  expect_err cleaning
}

# ------------------------------------------------------------- all the rest

# As nohup does, and shells do with what they start in the background.
t_a_signal_that_was_ignored_stays_ignored() {
  local signal
  for signal in INT TERM HUP QUIT USR1; do
    at $signal
    script <<<"$told print 'ready' $till_told print 'went on'"
    (trap '' $signal && exec "$program" run script.lua >out 2>err) &
    echo $! >pid
  done
  for signal in INT TERM HUP QUIT USR1; do
    at $signal
    wait_for has out ready
    stop $signal
    tell
  done
  for signal in INT TERM HUP QUIT USR1; do
    at $signal
    expect_status_of 0 wait "$(cat pid)"
    expect_out $'ready\nwent on'
    expect_err ""
  done
}

# The tick is the program's own, whatever its parent did with SIGALRM.
t_an_ignored_alarm_keeps_nobody_from_ending_a_loop() {
  local pid
  (trap '' ALRM && exec timeout -k 1 "$patience" "$program" run --timeout=0.2 -e 'while true do end' 2>err) &
  pid=$!
  expect_status_of 124 wait $pid
}

t_a_signal_while_LUA_INIT_runs_ends_at_once() {
  local signal
  for signal in INT TERM; do
    script <<<'print "never"'
    LUA_INIT='io.stderr:write "ready" while true do end' start script.lua
    wait_for has err ready
    stop $signal
    expect_end "signal $([[ $signal == INT ]] && echo 2 || echo 15)"
    expect_out ""
  done
}

t_asking_for_the_tasks_before_there_are_any_does_no_harm() {
  script <<<'print "run"'
  LUA_INIT="$told io.stderr:write 'ready' repeat until told()" start script.lua
  wait_for has err ready
  stop USR1
  stop QUIT
  tell
  expect_end "exit 0"
  expect_out run
}

# The signal comes when the program has put everything away.
t_asking_for_the_tasks_in_the_last_instants_does_no_harm() {
  command -v cc >/dev/null || skip "no C compiler"
  cat >last.c <<'C'
#include <signal.h>

__attribute__((destructor)) static void ask(void) {
  raise(SIGUSR1);
  raise(SIGQUIT);
}

int start(void *L) {
  (void)L;
  return 0;
}
C
  cc -shared -fPIC -Wl,-z,nodelete -o last.so last.c 2>/dev/null || skip "cannot build a C module"
  local code
  for code in '' 'os.exit(0)' 'os.exit(0, true)'; do
    script <<<"assert(package.loadlib('./last.so', 'start'))() print 'said' $code"
    start script.lua
    expect_end "exit 0"
    expect_out said
    rm ended
  done
}

# What lasts may be a finalizer, or all that is to be freed: nobody can tell.
t_what_lasts_while_lua_is_closed_is_named_for_what_it_may_be() {
  script <<<"X = setmetatable({}, {__gc = function() $ready while true do end end})"
  start --grace=60 script.lua
  wait_for has out ready
  stop TERM
  wait_for has err "at once"
  expect_err "tinyasync: stuck in the end of Lua: in a finalizer, or freeing memory; a second Ctrl-C ends it at once"
  stop TERM
  expect_end "signal 15"
}

# The last finalizers run when no task is left.
t_a_signal_while_the_state_is_closed_ends_the_run() {
  local finalizer="$told X = setmetatable({}, {__gc = function() $ready"
  at short
  script <<<"$finalizer $busy_till_told print 'done' end})"
  start script.lua
  at endless
  script <<<"$finalizer while true do end end})"
  start script.lua
  at dump
  script <<<"$finalizer $busy_till_told print 'done' end})"
  start script.lua
  wait_for has out ready
  stop USR1
  tell
  at short
  wait_for has out ready
  stop INT
  tell
  at endless
  wait_for has out ready
  stop TERM
  stop_again INT
  expect_end "signal 2"
  at short
  expect_end "signal 2"
  at dump
  expect_end "exit 0"
  expect_out $'ready\ndone'
}

# A signal to the process may come to any of its threads.
t_a_signal_that_comes_to_another_thread_is_handed_on() {
  command -v cc >/dev/null || skip "no C compiler"
  cat >thread.c <<'C'
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

static int number;

/* The second when the first has had what is written on stderr. */
static void *send(void *data) {
  struct stat about = {0};
  usleep(50000);
  pthread_kill(pthread_self(), SIGUSR1);
  for (int i = 0; i < 6000 && about.st_size == 0; i++) {
    usleep(10000);
    fstat(2, &about);
  }
  pthread_kill(pthread_self(), number);
  for (;;) pause();
  return data;
}

int start_int(void *L) {
  pthread_t thread;
  number = SIGINT;
  (void)L;
  return pthread_create(&thread, NULL, send, NULL) != 0;
}
C
  cc -shared -fPIC -pthread -o thread.so thread.c 2>/dev/null || skip "cannot build a C module"
  local name
  local -A then=([sleeping]='sleep(60)' [busy]='while true do end')
  for name in sleeping busy; do
    at $name
    script <<<"$guard assert(package.loadlib('../thread.so', 'start_int'))() ${then[$name]}"
    start script.lua
  done
  for name in sleeping busy; do
    at $name
    expect_end "signal 2"
    expect_out closed
    expect_has err "1 task"
  done
}

t_many_signals_at_once_do_no_harm() {
  local number
  script <<<"$guard print 'ready' while true do spawn(sleep, 0.001) sleep(0) end"
  start script.lua
  wait_for has out ready
  for ((number = 0; number < 50; number++)); do stop USR1; stop QUIT; stop ALRM; done
  stop INT
  expect_end "signal 2"
  expect_out $'ready\nclosed'
}

t_no_process_is_left_behind() {
  script <<<"$sleeping"
  start script.lua
  wait_for has out ready
  stop TERM
  expect_end "signal 15"
  wait_for is_gone "$(cat pid)"
}
