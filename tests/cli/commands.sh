# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# commands.sh -- the scripts in scripts/commands whose output comes in no one order.

: "${program:?}" "${root:?}"

t_the_repositories_that_failed_are_listed() {
  run run "$root/scripts/commands/repositories.lua"
  expect_status 1
  sort out >sorted
  cat >wanted <<'END'
2 of 4 failed
api | 12 passed
docs | 3 passed
tools	status 2
tools | no compiler
web	status 1
web | 1 failed
END
  diff wanted sorted >&9 || fail "another output"
  grep -q "^  web: 'sh test.sh' failed with status 1" err || fail "web is not listed: $(cat err)"
  grep -q "^    no compiler" err || fail "no tail of what tools wrote: $(cat err)"
}

t_the_end_of_one_service_stops_the_stack() {
  run run "$root/scripts/commands/stack.lua"
  expect_status 0
  grep -q '^worker | finishing' out || fail "the worker was not stopped: $(cat out)"
  grep -q '^stopped: command .* failed with status 1' out || fail "no reason: $(cat out)"
}

# A day and a half: the commands of the table send the signals.  Their own time is real.
t_a_scheduler_runs_a_table_reads_it_anew_and_ends() {
  cat >table <<'END'
# the first one
0 6 * * 1-5      echo morning
*/30 7 * * *     echo half; test $(($(wc -l <count) + 1)) -gt 0 && echo >>count
15 8 * * *       false
20 8 * * *       cp wrong table; kill -HUP $PPID
30 8 * * *       cp next table; kill -HUP $PPID
END
  : >count
  echo '0 9 * * nonsense echo never' >wrong
  printf '%s\n' '0 6 * * 6 echo weekend' '0 9,10 2 1 * echo second' '5 6 * * 6 kill -TERM $PPID' >next
  TZ=UTC run run --virtual-time "$root/scripts/commands/cron.lua" table 1767312000
  expect_err ""
  expect_status 0
  expect_out 'Fri 00:00	5 jobs
morning
half
half
Fri 08:15	false: status 1
Fri 08:20	table: '"'nonsense' is no field of a table: expected 0 to 7"'
Fri 08:30	3 jobs
second
second
weekend
Sat 06:05	ends: TERM'
}

# From a Friday, the second, to the Monday after.
t_a_scheduler_reads_fields_as_cron_does() {
  cat >table <<'END'
0 1 * * 7           echo seven
0 2 * * sun         echo sunday
0 3 * JAN Fri-sat   echo name
0 4 3 * 1           echo either
0 5 */2 * 0         echo both
0 6 4 1 MON-7       echo range
0-2/2 7 4 * *       echo step
0 8 * * 1           kill -TERM $PPID
END
  TZ=UTC run run --virtual-time "$root/scripts/commands/cron.lua" table 1767312000
  expect_err ""
  expect_out 'Fri 00:00	8 jobs
name
range
name
either
range
seven
sunday
range
step
step
either
range
Mon 08:00	ends: TERM'
}

t_a_scheduler_refuses_what_is_out_of_range() {
  local field
  for field in 60 5-3 '*/0' 5/ 5- 1,,2 '*-5' mon 1-99 0-x; do
    printf '%s\n' "$field * * * * echo never" >table
    run run --virtual-time --timeout=1 "$root/scripts/commands/cron.lua" table 0
    expect_has out "table: '$field' is no field of a table: expected 0 to 59"
  done
}

# The system's clock is set while it sleeps: it goes on by that.
t_a_scheduler_goes_by_the_system_s_clock() {
  script clock.lua <<'LUA'
local now, is_put_back, sleep_by = 1767312030, false, sleep
os.time = function() return now end
function sleep(seconds)
  now = now + (seconds < 1 and 1 or seconds // 1)
  if now == 1767312040 then now = now + 7200 end -- suspended
  if now == 1767319320 and not is_put_back then now, is_put_back = now - 60, true end -- a little
  sleep_by(seconds)
end
LUA
  printf '%s\n' '0,1 * * * * echo minute' '2 2 * * * kill -TERM $PPID' >table
  LUA_INIT=@clock.lua TZ=UTC run run --virtual-time "$root/scripts/commands/cron.lua" table
  expect_err ""
  expect_out 'Fri 00:00	2 jobs
minute
minute
Fri 02:02	ends: TERM'
}

t_a_scheduler_lets_no_command_overlap_itself() {
  cat >table <<'END'
@every 0.1 echo begins; until grep -q "still runs" out; do sleep 0.05; done; echo ends; kill -TERM $PPID
END
  run run "$root/scripts/commands/cron.lua" table
  expect_status 0
  grep -q ': still runs$' out || fail "it was not left alone: $(cat out)"
  # At the end the one under way is let go on.
  [[ $(grep -c '^begins' out) == $(grep -c '^ends' out) ]] || fail "cut short: $(cat out)"
}

t_a_server_is_restarted_when_its_sources_change() {
  mkdir src
  echo one >src/version
  cat >server.sh <<'END'
version=$(cat built)
trap '[ -z "$started" ] || echo "stopped $version" >>log; exit' TERM INT
echo $$ >server_pid
started=$(echo "started $version" >>log; echo yes)
while :; do sleep 0.05; done
END
  : >log
  start "$root/scripts/commands/rebuild.lua" src "grep -qv broken src/version && cp src/version next && mv next built" \
    "sh server.sh"
  wait_for grep -q "started one" log
  echo two >src/next
  mv src/next src/version
  wait_for grep -q "started two" log
  echo broken >src/next
  mv src/next src/version
  wait_for grep -q "the build failed, and the old server runs" out
  [[ $(tail -n 1 log) == "started two" ]] || fail "a failed build has ended the server"
  stop INT
  expect_end "signal 2"
  # A slow machine may have seen one change in two parts.
  awk '!seen[$0]++' log >each
  expect_text each $'started one\nstopped one\nstarted two\nstopped two'
  wait_for is_gone "$(cat server_pid)"
}

t_a_build_that_cannot_start_ends_no_server() {
  mkdir src
  script short.lua <<'LUA'
local try, built = async.process.try, false
function async.process.try(...)
  if built then return nil, "there are too many processes" end
  built = true
  return try(...)
end
LUA
  LUA_INIT=@short.lua start "$root/scripts/commands/rebuild.lua" src : 'exec sleep 60'
  wait_for grep -q serving out
  : >src/new
  wait_for grep -q "the build failed, and the old server runs: there are too many processes" out
  stop INT
  expect_end "signal 2"
}

t_a_batch_goes_on_where_it_was_ended() {
  local i
  mkdir files
  for i in 1 2 3 4 5 6 7 8; do echo "$i" >"files/$i"; done
  script convert.sh <<'SH'
[ "$1" != files/5 ] || [ -e go ] || exit 3
echo "$1" >>converted
SH
  run run "$root/scripts/commands/batch.lua" files record sh convert.sh
  expect_status 1
  expect_out '7 of 8 done'
  grep -q 'WARN  failed file=files/5 status=3' err || fail "no warning: $(cat err)"
  grep -q '^converting: 7/8 files (87%) in' err || fail "no line of the bar: $(cat err)"
  printf '2026-11-27T14:01:02Z\t0.001\tdone\tfiles/5' >>record # it was ended while it wrote
  sed -i '/\tfiles\/2\t/d' record
  : >go
  : >converted
  run run "$root/scripts/commands/batch.lua" files record sh convert.sh
  expect_status 0
  expect_out '8 of 8 done'
  [[ $(sort converted) == $'files/2\nfiles/5' ]] || fail "converted again: $(cat converted)"
  [[ $(grep -c $'\tdone\tfiles/5\t' record) == 1 ]] || fail "the record is torn: $(cat record)"
  grep -q 'INFO  going on done=6 left=2' err || fail "it did not go on: $(cat err)"
}

t_a_batch_has_as_many_at_once_as_there_are_cores() {
  local i
  mkdir files bin
  for i in 1 2 3 4 5 6 7 8; do echo "$i" >"files/$i"; done
  printf '#!/bin/sh\necho 3\n' >bin/nproc
  chmod +x bin/nproc
  script wait.sh <<'SH'
echo begun >>seen
until [ -e go ]; do sleep 0.02; done
echo ended >>seen
SH
  PATH="$PWD/bin:$PATH" start "$root/scripts/commands/batch.lua" files record sh wait.sh
  wait_for sh -c '[ "$(wc -l <seen)" -ge 3 ]'
  : >go
  expect_end "exit 0"
  expect_out '8 of 8 done'
  [[ $(awk '{ n += $1 == "begun" ? 1 : -1; if (n > m) m = n } END { print m }' seen) == 3 ]] ||
    fail "not three at once: $(cat seen)"
}
