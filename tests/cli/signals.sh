# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# signals.sh -- SIGINT and SIGTERM.

: "${program:?}" "${closing:?}"

sleeping='local guard <close> = setmetatable({}, {__close = function() print "closed" end})
print "ready"
sleep(60)'

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

# Clean-up that does not end is ended by the second signal.
t_a_second_signal_ends_at_once() {
  script <<'LUA'
local guard <close> = setmetatable({}, {__close = function()
  io.stderr:write "cleaning\n"
  while true do end
end})
print "ready"
sleep(60)
LUA
  start script.lua
  wait_for has out ready
  stop INT
  wait_for has err cleaning
  stop INT
  expect_end "signal 2"
}

t_a_signal_ends_a_step_that_never_waits() {
  local loop
  for loop in 'while true do end' 'while true do pcall(string.rep, "x", 10) end' \
    'coroutine.wrap(function() while true do end end)()' \
    'while true do pcall(function() while true do end end) end'; do
    rm -f closed
    script <<<"$closing io.stderr:write 'busy' $loop"
    start script.lua
    wait_for has err busy
    stop INT
    expect_end "signal 2"
    expect_text closed closed
    expect_err busy
  done
}

# As nohup does, and shells do with what they start in the background.
t_a_signal_that_was_ignored_stays_ignored() {
  script <<<'print "ready" sleep(0.5) print "went on"'
  (trap '' INT && exec "$program" run script.lua >out 2>err) &
  echo $! >pid
  wait_for has out ready
  stop INT
  expect_status_of 0 wait $!
  expect_out $'ready\nwent on'
}

t_a_signal_beats_a_report() {
  script <<<"spawn(error, 'reported') $sleeping"
  start --traceback=off script.lua
  wait_for has err reported
  stop INT
  expect_end "signal 2"
}

t_no_process_is_left_behind() {
  script <<<"$sleeping"
  start script.lua
  wait_for has out ready
  stop TERM
  expect_end "signal 15"
  wait_for is_gone "$(cat pid)"
}
