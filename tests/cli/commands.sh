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
Fri 08:20	table: '"'nonsense' is no field of a table"'
Fri 08:30	3 jobs
second
second
weekend
Sat 06:05	ends: TERM'
}

t_a_scheduler_lets_no_command_overlap_itself() {
  printf '%s\n' '@every 0.1 echo begins; sleep 0.6; echo ends; kill -TERM $PPID' >table
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
trap 'echo "stopped $version" >>log; exit' TERM INT
version=$(cat built)
echo $$ >server_pid
echo "started $version" >>log
while :; do sleep 0.05; done
END
  : >log
  start "$root/scripts/commands/rebuild.lua" src "grep -qv broken src/version && cp src/version built" \
    "sh server.sh"
  wait_for grep -q "started one" log
  echo two >src/next
  mv src/next src/version
  wait_for grep -q "started two" log
  echo broken >src/version
  wait_for grep -q "the build failed, and the old server runs" out
  grep -q "stopped two" log && fail "a failed build has ended the server"
  stop INT
  expect_end "signal 2"
  expect_text log $'started one\nstopped one\nstarted two\nstopped two'
  wait_for is_gone "$(cat server_pid)"
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
  printf files/5 >>record # half a line: it was ended while it wrote
  sed -i 's|^files/2$||' record
  : >go
  : >converted
  run run "$root/scripts/commands/batch.lua" files record sh convert.sh
  expect_status 0
  expect_out '8 of 8 done'
  [[ $(sort converted) == $'files/2\nfiles/5' ]] || fail "converted again: $(cat converted)"
  grep -q 'INFO  going on done=6 left=2' err || fail "it did not go on: $(cat err)"
}
