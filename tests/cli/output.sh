# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# output.sh -- standard streams: order, liveness, and everything that can be
# wrong with them.

: "${program:?}" "${root:?}" "${patience:?}" "${began:?}"

article='main slept
main slept
harry slept
ron slept
harry slept
ron slept
harry slept
ron slept
ron slept
Error in task: Meh'

t_the_demo_prints_the_article_s_lines_as_they_happen() {
  local first statuses
  mkfifo pipe
  { "$program" run --traceback=off "$root/scripts/demo.lua" 2>&1 | cat
    echo "${PIPESTATUS[0]}" >statuses; } >pipe &
  exec 3<pipe
  read -r -t 60 first <&3
  [[ $first == "main slept" ]] || fail "first line: $first"
  [[ ! -e statuses ]] || fail "the first line came only at the end"
  { echo "$first"; timeout "$patience" cat <&3; } >out
  expect_out "$article"
  wait_for test -s statuses
  statuses=$(cat statuses)
  [[ $statuses == 1 ]] || fail "status $statuses"
}

t_the_demo_is_the_same_under_virtual_time() {
  expect_status_of 1 "$program" run --virtual-time --traceback=off "$root/scripts/demo.lua" \
    >out 2>&1
  expect_out "$article"
}

# All of it goes through one pipe, by different ways.
t_output_keeps_its_order() {
  script <<'LUA'
io.write "one "
io.stderr:write "two "
io.write "three "
os.execute "printf 'four '"
print "five"
io.popen("echo six"):close()
io.write "seven "
spawn(function() error("eight", 0) end)
sleep(0)
io.write "nine "
io.stdout:write "ten\n"
error("eleven", 0)
LUA
  "$program" run --traceback=off script.lua 2>&1 </dev/null | cat >out
  expect_out 'one two three four five
seven Error in task: eight
nine ten
Error in task: eleven'
}

t_a_child_s_output_comes_after_what_was_printed_before() {
  "$program" run -e '
    io.write "before "
    local pipe <close> = io.popen("cat", "w")
    pipe:write "from the child "
    pipe:close()
    print "after"' 2>&1 | cat >out
  expect_out "before from the child after"
}

t_a_full_disk_is_told() {
  [[ -c /dev/full ]] || skip "no /dev/full"
  local code
  for code in 'print "lost"' 'print(("x"):rep(1e6))' 'io.write "lost" os.exit(0)' \
    'print "lost" os.exit(0, true)' 'print "lost" sleep(0.01)'; do
    expect_status_of 1 timeout "$patience" "$program" run -e "$code" >/dev/full 2>err
    expect_has err "No space left on device"
    (($(grep -c 'No space left' err) == 1)) || fail "told more than once: $(cat err)"
  done
  expect_status_of 1 timeout "$patience" "$program" help >/dev/full 2>err
  expect_has err "No space left on device"
}

# The next file that is opened must not take the place of a missing stream.
t_closed_streams_receive_nothing_else() {
  script <<'LUA'
local file = assert(io.open("file", "w"))
print "to standard output"
io.stderr:write "to standard error\n"
file:write "to the file\n"
file:close()
sleep(0.01)
LUA
  timeout "$patience" "$program" run script.lua >&- 2>err || fail "closed stdout: status $?"
  expect_text file "to the file"
  timeout "$patience" "$program" run script.lua >out 2>&- || fail "closed stderr: status $?"
  expect_text file "to the file"
  expect_out "to standard output"
  timeout "$patience" "$program" run script.lua >out 2>err <&- || fail "closed stdin: status $?"
  expect_text file "to the file"
  timeout "$patience" "$program" run script.lua <&- >&- 2>&- || fail "all closed: status $?"
  expect_text file "to the file"
}

# The reader takes one line and leaves.
take_one_line() (
  set -o pipefail
  "$program" run script.lua 2>err | head -n 1 >out
)

head_of_script() {
  expect_status_of 141 take_one_line
  expect_out line
  expect_err ""
}

closing='local guard <close> = setmetatable({}, {__close = function()
  local file <close> = io.open("closed", "w")
  file:write "closed"
end})'

t_a_reader_that_leaves_ends_the_run() {
  script <<<"$closing while true do print 'line' sleep(0.001) end"
  head_of_script
  expect_text closed closed
}

t_a_reader_that_leaves_ends_a_script_that_never_waits() {
  script <<<'while true do print "line" end'
  head_of_script
}

t_clean_up_runs_when_the_reader_of_a_busy_script_leaves() {
  script <<<"spawn(function() $closing sleep(60) end) sleep(0) while true do print 'line' end"
  head_of_script
  expect_text closed closed
}

t_a_reader_that_left_is_noticed_in_the_middle_of_a_step() {
  script <<LUA
$closing
print "line"
for _ = 1, 20 do
  sleep(0.3)
  for _ = 1, 10 do print "unread" end
end
LUA
  head_of_script
  expect_text closed closed
}

# take_errors N OPTIONS: the reader of standard error takes N lines and leaves.
take_errors() (
  set -o pipefail
  timeout -k 1 "$patience" "$program" run "${@:2}" script.lua 2>&1 >out | head -n "$1" >err
)

t_a_reader_of_standard_error_that_leaves_ends_the_run() {
  local code
  while IFS= read -r code; do
    at errors "$code"
    script <<<"$closing io.stderr:write 'line\n' $code"
    expect_status_of 141 take_errors 1
    expect_err line
    expect_text closed closed
    rm closed
  done <<'LUA'
while true do io.stderr:write "line\n" sleep(0) end
while true do io.stderr:write "line\n" sleep(0.001) end
while true do io.stderr:write "line\n" end
while true do spawn(error, "line") sleep(0.001) end
LUA
}

# Clean-up has more steps than a broken stream has patience.  All tasks wait when
# the trace has so many lines.
t_a_reader_of_the_trace_that_leaves_ends_the_run() {
  script <<<"$closing for _ = 1, 100 do
    spawn(function()
      local guard <close> = async.defer(function() async.shield(sleep, 0.01) io.write 'c' end)
      sleep(60)
    end)
  end
  while true do sleep(0.001) end"
  expect_status_of 141 take_errors 400 --trace
  expect_text closed closed
  expect_out "$(printf 'c%.0s' {1..100})"
}

t_standard_streams_have_their_descriptors_for_c_modules() {
  script <<'LUA'
local lfs, socket = require "lfs", require "cqueues.socket"
for _, name in ipairs {"stdin", "stdout", "stderr"} do
  local twin, why = socket.dup(io[name])
  print(name, twin and twin:pollfd() > 2, why)
end
collectgarbage() -- to close a twin takes locks away
print(lfs.setmode(io.stderr, "text"))
print(lfs.lock(io.stdout, "w"))
local other = [[lua5.4 -e 'io.stderr:write(tostring(require "lfs".lock(io.stdout, "w")), "\n")']]
print(os.execute(other), lfs.unlock(io.stdout), os.execute(other))
LUA
  lua5.4 script.lua >own 2>own_err </dev/null || skip "lfs or cqueues is not installed"
  timeout "$patience" "$program" run script.lua >out 2>err </dev/null
  expect_out "$(cat own)"
  expect_has out $'stdout\ttrue'
  expect_err $'nil\ntrue'
}

# Whoever reads is slow, and the writer's end does not block.
t_a_pipe_that_does_not_block_loses_nothing() {
  command -v perl >/dev/null || skip "no perl"
  script <<<'for i = 1, 50000 do print(i) end io.stderr:write "told\n"'
  { perl -MFcntl -e '
      fcntl(STDOUT, F_SETFL, fcntl(STDOUT, F_GETFL, 0) | O_NONBLOCK) or die;
      exec @ARGV' timeout "$patience" "$program" run script.lua 2>err
    echo $? >statuses; } | { sleep 0.2; cat >out; }
  [[ $(cat statuses) == 0 ]] || fail "status $(cat statuses)"
  cmp -s out <(seq 50000) || fail "$(wc -l <out) lines, the last one $(tail -n 1 out)"
  expect_err told
}

t_children_inherit_no_descriptors() {
  [[ -d /proc/self/fd ]] || skip "no /proc"
  script <<<'sleep(0.01) os.execute "ls /proc/self/fd" io.popen("ls /proc/self/fd >&2"):close()'
  run run script.lua
  expect_out $'0\n1\n2\n3'
  expect_err $'0\n1\n2\n3'
}

t_children_inherit_no_signals() {
  [[ -d /proc/self ]] || skip "no /proc"
  local shows='trap; grep -E "Sig(Blk|Ign)" /proc/self/status'
  run run -e "local shows = [[$shows]] sleep(0.01) os.execute(shows) print(io.popen(shows):read 'a')"
  expect_status 0
  { timeout "$patience" sh -c "$shows"; timeout "$patience" sh -c "$shows"; } >own
  expect_out "$(cat own)"
}

# on_terminal ARGUMENTS: runs the program with a terminal for its output; what the
# terminal was sent lies in the file out.
on_terminal() {
  command -v script >/dev/null || skip "no script(1)"
  timeout -k 1 "$patience" script -qec "$(shell_words "$program" "$@")" /dev/null >out 2>err </dev/null ||
    true
  sed -i 's/\r$//' out
}

# Nothing but text, newlines and tabs has been written.
no_control_in() {
  ! LC_ALL=C grep -qP '[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|(?<![\xc2-\xf4\x80-\xbf])[\x80-\x9f]' \
    "$1" || fail "$1 has control characters: $(cat -v "$1")"
}

# One script for all that may show text of its making.
steering() {
  script steering.lua <<'LUA'
local evil = "\27[31mred\r\155m\194\155mé\0\127end"
warn("@on")
warn("warned of ", evil)
spawn({name = evil}, function() error(evil, 0) end)
spawn(function() error(setmetatable({}, {__tostring = function() return evil end})) end)
spawn(load("error 'by name'", "=" .. evil))
local failed = spawn({name = "again" .. evil}, error, evil)
sleep(0)
spawn(function() failed:await() end)
spawn({name = "held" .. evil}, function() async.lock(evil):acquire() async.channel(0, evil):recv() end)
sleep(0)
LUA
}

t_an_error_cannot_steer_a_terminal() {
  local how
  steering
  for how in --traceback=on --traceback=off --trace --virtual-time; do
    on_terminal run $how steering.lua
    no_control_in out
    expect_has out 'Error in task: \x1b[31mred\x0d\x9bm\xc2\x9bmé\x00\x7fend'
    expect_has out 'Lua warning: warned of \x1b[31mred'
    expect_has out 'deadlock: 1 task'
  done
  on_terminal run -e 'error("first\n\tsecond", 0)'
  expect_has out 'Error in task: first'
  expect_has out $'\tsecond'
}

t_what_cannot_start_cannot_steer_a_terminal_either() {
  on_terminal run $'no\e[2Jfile'
  no_control_in out
  expect_has out 'no\x1b[2Jfile'
  on_terminal $'--no\e[2J'
  no_control_in out
  LUA_INIT='error("\27[2J", 0)' on_terminal run -e ''
  no_control_in out
  expect_has out 'tinyasync: \x1b[2J'
}

# They are written in a signal handler, for a step that nothing ends.
t_last_words_cannot_steer_a_terminal() {
  local seconds
  for seconds in 0.2 3 20; do
    rm -f began
    on_terminal run "--timeout=$seconds" --grace=0 -e \
      'spawn({name = "\27[2Jbusy"}, function() async.tree() '"$began"' string.rep("", 1e15) end)'
    no_control_in out
    [[ ! -e began ]] || break
  done
  expect_has out 'this would not stop: #2 \x1b[2Jbusy'
}

t_into_a_file_a_message_goes_as_it_is() {
  steering
  run run steering.lua
  LC_ALL=C grep -qaP 'Error in task: \x1b\[31mred\r\x9bm\xc2\x9bmé\x00\x7fend' err ||
    fail "$(cat -v err)"
}
