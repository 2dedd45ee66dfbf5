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
