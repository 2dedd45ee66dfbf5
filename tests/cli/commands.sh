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
