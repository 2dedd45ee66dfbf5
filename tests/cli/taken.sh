# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# taken.sh -- signals that a script takes over, as others send them.

: "${program:?}" "${here:?}" "${ready:?}" "${told:?}" "${till_told:?}"

# The end is the script's until the handler is closed, and then the default's.
t_a_signal_that_was_taken_over_is_given_back() {
  local name number
  for name in INT:2 TERM:15 HUP:1; do
    number=${name#*:} name=${name%:*}
    at "$name"
    script <<LUA
local told = async.event()
local handler = async.signal.on("$name", function(came) print(came) io.stdout:flush() told:set() end)
$ready
told:wait()
handler:close()
print "closed" io.stdout:flush()
sleep(60)
LUA
    start script.lua
    wait_for has out ready
    stop "$name"
    wait_for has out closed
    expect_out $'ready\n'"$name"$'\nclosed'
    stop "$name"
    expect_end "signal $number"
  done
}

# The first is told of and not the second: that does what it does by itself.
t_a_signal_that_nobody_was_told_of_is_not_lost() {
  script <<LUA
$told
local event, handler = async.event(), nil
handler = async.signal.on("TERM", function(came)
  print(came) io.stdout:flush()
  $till_told
  handler:close()
  event:set()
end)
$ready
event:wait()
sleep(60)
LUA
  start script.lua
  wait_for has out ready
  stop TERM
  wait_for has out TERM
  stop TERM
  tell
  expect_end "signal 15"
  expect_out $'ready\nTERM'
}

# Under nohup a signal is not to end anything, nor to be had, unless it is asked for.
t_what_was_ignored_at_the_start_stays_so_unless_forced() {
  local options
  for options in '' '{force=true}'; do
    at "forced-$options"
    script <<LUA
async.signal.on("HUP", function(came) print(came) end, ${options:-nil})
async.process.run(async.process.sh("kill -HUP \$PPID"))
sleep(0.2)
print "end"
print((async.process.read{"grep", "SigIgn", "/proc/self/status"}:gsub("^.*(%x)$", "%1")))
LUA
    (trap '' HUP; exec "$program" run script.lua) >out 2>err
    if [[ $options ]]; then
      expect_out $'HUP\nend\n1'
    else
      expect_out $'end\n1'
    fi
    expect_err ""
  done
}

# A step that never ends hears no signal: after a second the next one does what it does by itself.
t_a_step_that_hangs_can_be_interrupted_though_it_took_over() {
  local i
  script <<LUA
local guard <close> = async.defer(function() print "cleaned" end)
async.signal.on("INT", function() print "never" end)
$ready
while true do end
LUA
  start script.lua
  wait_for has out ready
  stop INT
  rest 1.2
  # On a machine that is busy the first may have been seen late: then the next is the one.
  for _ in 1 2 3 4; do
    stop INT
    for ((i = 0; i < 100; i++)); do
      [[ ! -s ended ]] || break 2
      rest 0.05
    done
  done
  expect_end "signal 2"
  expect_out $'ready\ncleaned'
}

# When the run ends for another signal, the second one is the end at once.
t_a_signal_that_was_taken_over_is_the_second_one_all_the_same() {
  script <<LUA
spawn(function() sleep(math.huge) end)
async.shield(function()
  spawn(function() $ready end)
  while true do print(async.signal.wait("INT")) end
end)
LUA
  start script.lua
  wait_for has out ready
  stop TERM
  stop_again INT
  expect_end "signal 2"
  expect_has err "ended at once"
}

t_a_wait_for_a_signal_is_named_in_trace_and_dump() {
  script <<LUA
spawn({name = "main"}, function() $ready print(async.signal.wait("HUP", "USR2")) end)
LUA
  start --trace script.lua
  wait_for has out ready
  wait_for has err "yield   signal HUP or USR2"
  stop QUIT
  wait_for has err "waiting, signal HUP or USR2"
  stop USR2
  expect_end "exit 0"
  expect_out $'ready\nUSR2'
}
