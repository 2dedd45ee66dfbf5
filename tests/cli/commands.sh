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
