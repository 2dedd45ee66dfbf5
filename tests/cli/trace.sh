# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# trace.sh -- what --trace writes.

: "${program:?}" "${root:?}"

# count_is N PATTERN: so many lines of the trace match.
count_is() {
  local count
  count=$(grep -cE -- "$2" trace || true)
  [[ $count == "$1" ]] || fail "$count lines like '$2', expected $1, in: $(cat trace)"
}

# The demo: four tasks, one of which fails; twelve sleeps.
t_the_trace_tells_everything() {
  cd "$root" || exit 1
  expect_status_of 1 "$program" run --virtual-time --trace --traceback=off scripts/demo.lua \
    >/dev/null 2>"$TEST_FOLDER/trace"
  cd "$TEST_FOLDER" || exit 1
  count_is 4 '^ +[0-9]+\.[0-9]{6}  #[1-4] [a-z.]+ +add '
  count_is 14 '  #[1-4] [a-z.]+ +step [0-9]+$'
  count_is 10 '  #[1-4] [a-z.]+ +yield   sleep [0-9.]+s until [0-9.]+ +scripts/demo.lua:[0-9]+$'
  count_is 3 '  #[1-3] [a-z.]+ +return$'
  count_is 1 '^  4\.000000  #4 fail       error   Meh +scripts/demo.lua:[0-9]+$'
  count_is 7 '  runner        wait    [0-9.]+s for #[1-4]$'
  count_is 1 '^Error in task: Meh$'
  count_is 1 '^  0\.000000  #1 demo\.lua   add     scripts/demo\.lua$'
  count_is 1 '^  0\.000000  #1 demo\.lua   step 1$'
  count_is 1 '^  0\.000000  #1 demo\.lua   yield   sleep 1s until 1\.000000            scripts/demo\.lua:5$'
  count_is 1 '^  0\.000000  runner        wait    1\.000000s for #1$'
}

t_the_trace_may_go_into_a_file() {
  run run --virtual-time --trace=text:trace -e 'sleep(1)'
  expect_status 0
  expect_err ""
  count_is 1 '^  0\.000000  #1 -e         yield   sleep 1s until 1\.000000            -e:1$'
  count_is 1 '^  1\.000000  #1 -e         return$'
  run run --virtual-time --trace=text -e 'sleep(1)'
  cmp -s err trace || fail "the trace on stderr differs"
}

t_a_trace_that_cannot_be_written_is_told() {
  run run --trace=text:none/trace -e 'print(1)'
  expect_refused "cannot write the trace to none/trace"
  [[ -c /dev/full ]] || return 0
  run run --trace=text:/dev/full -e 'print(1)'
  expect_status 1
  expect_has err "cannot write the trace to /dev/full"
}

t_the_trace_tells_of_the_cancelled() {
  run run --virtual-time --trace=text:trace --timeout=1 -e 'spawn(sleep, 9) sleep(9)'
  expect_status 124
  count_is 2 '^  1\.000000  #[12] [a-z-]+ +cancel$'
}

t_the_trace_of_a_wait_in_a_generator_names_its_line() {
  script <<'LUA'
local generator = coroutine.wrap(function()
  sleep(1)
end)
generator()
LUA
  run run --virtual-time --trace=text:trace script.lua
  count_is 1 'yield   sleep 1s until 1\.000000            script\.lua:2$'
}
