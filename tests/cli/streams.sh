# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# streams.sh -- async.stdin.

: "${program:?}" "${patience:?}"

copying='for line in async.stdin:lines("L") do io.write("<", line, ">") end
print(async.stdin:read(), #async.stdin:read "a")'

# Whatever standard input is, its bytes and its end come.
t_standard_input_may_be_anything() {
  script <<<"$copying"
  printf 'one\ntwo' >text
  {
    timeout -k 1 "$patience" "$program" run script.lua <text >from_file
    printf 'one\ntwo' | timeout -k 1 "$patience" "$program" run script.lua >from_pipe
    timeout -k 1 "$patience" "$program" run script.lua </dev/null >from_nothing
    timeout -k 1 "$patience" "$program" run script.lua <&- >from_closed
  } 2>err
  expect_text from_file $'<one\n><two>nil\t0'
  expect_text from_pipe $'<one\n><two>nil\t0'
  expect_text from_nothing $'nil\t0'
  expect_text from_closed $'nil\t0'
  expect_err ""
}

t_tasks_go_on_while_one_waits_for_standard_input() {
  script <<'END'
spawn(function() for line in async.stdin:lines() do print(line) end print "end" end)
sleep(0.01)
print "others go on"
io.stdout:flush()
END
  mkfifo pipe
  timeout -k 1 "$patience" "$program" run script.lua <pipe >out 2>err &
  exec 3>pipe
  wait_for has out "others go on"
  echo one >&3
  wait_for has out one
  echo two >&3
  exec 3>&-
  wait $!
  expect_out $'others go on\none\ntwo\nend'
  expect_err ""
}

t_standard_input_keeps_its_mode_and_the_next_program_gets_the_rest() {
  script <<'END'
print(async.stdin)
print(async.move_on_after(0.01, async.stdin.read, async.stdin))
END
  mkfifo pipe
  { sleep 300 >pipe & echo $! >sleeper; } 2>/dev/null
  {
    timeout -k 1 "$patience" "$program" run script.lua
    sed -n 's/^flags:[[:space:]]*//p' /proc/self/fdinfo/0
  } <pipe >out 2>err
  kill "$(cat sleeper)"
  [[ ! -e /proc/self/fdinfo/0 ]] && skip "there is no /proc"
  (((8#$(tail -n 1 out) & 8#4000) == 0)) || fail "it is non-blocking: $(cat out)"
  expect_has out $'nil\ttimeout'
  script <<<"print(1)"
  { timeout -k 1 "$patience" "$program" run script.lua && cat; } <<<"the rest" >out
  expect_out $'1\nthe rest'
}

t_who_waits_for_standard_input_is_interrupted() {
  script <<<'print "ready" io.stdout:flush() local guard <close> = async.defer(function() print "closed" end)
    async.stdin:read()'
  mkfifo pipe
  { sleep 300 >pipe & echo $! >sleeper; } 2>/dev/null
  timeout -s INT "$patience" "$program" run --trace script.lua <pipe >out 2>err &
  wait_for has out ready
  wait_for has err "read standard input"
  kill -INT $!
  expect_status_of 130 wait $!
  kill "$(cat sleeper)"
  expect_out $'ready\nclosed'
}

t_under_virtual_time_standard_input_takes_real_time() {
  script <<'END'
local began = async.now()
print(async.stdin:read())
sleep(1000)
local late = spawn(function() return async.stdin:read() end)
print(late:await(), async.now() - began >= 1000)
END
  { sleep 0.1; echo one; sleep 0.1; echo two; } |
    timeout -k 1 "$patience" "$program" run --virtual-time script.lua >out 2>err
  expect_out $'one\ntwo\ttrue'
  expect_err ""
}

t_a_terminal_is_read_line_by_line_and_beyond_its_end() {
  script <<'LUA'
print "ready"
for line in async.stdin:lines() do print("[" .. line .. "]") end
print "end"
print("<" .. async.stdin:read() .. ">")
LUA
  type_at "ready" 'one\ntwo\n' '\004' 'three\n'
  expect_status 0
  expect_has seen "[one]"
  expect_has seen "[two]"
  expect_has seen "<three>"
}

t_a_second_reader_of_standard_input_is_named() {
  script <<'END'
spawn({name = "first"}, async.stdin.read, async.stdin)
sleep(0)
async.stdin:read()
END
  mkfifo pipe
  { sleep 300 >pipe & echo $! >sleeper; } 2>/dev/null
  timeout -k 1 "$patience" "$program" run --timeout=100 script.lua <pipe >out 2>err &
  wait_for has err "task #2 first is in the middle of reading standard input"
  kill "$(cat sleeper)"
  wait $! || true
}
