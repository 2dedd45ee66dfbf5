# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# process_output.sh -- what commands write: whole lines, groups, labels; what is printed of
# commands, and what is never printed; the list of those that failed.

: "${program:?}" "${root:?}" "${told:?}" "${till_told:?}" "${patience:?}"

# Eight commands print at full speed into one place, and so does the script.  A line is right
# if it is one that somebody wrote, whole.
torn_script() {
  script <<LUA
local mode = ...
local letters = {"a", "b", "c", "d", "e", "f", "g", "h"}
local left = #letters
local function print_all(letter)
  async.process.run{"awk", "-v", "l=" .. letter, [[BEGIN {
    for (i = 1; i <= $1; i++) {
      s = sprintf("%s%d ", l, i)
      for (k = 0; k < i % 9; k++) s = s s
      print s "." > (i % 2 ? "/dev/stdout" : "/dev/stderr")
    }}]], label = letter, output = mode}
end
local over = false
spawn(function()
  while not over do
    io.write "our "
    io.stderr:write "line"
    io.write "\n"
    sleep(0)
    io.write "begun"
    sleep(0.001)
    io.write "\n"
  end
end)
async.map(letters, print_all)
over = true
LUA
}

# right_lines FILE N: each label's lines have come, N of them in order on each side.
right_lines() {
  awk -v want="$2" '
    /^our (line)?$/ || /^begun$/ || /^(line)*$/ { next }
    {
      letter = substr($0, 1, 1)
      if (labels && substr($0, 1, 4) != letter " | ") { print "no label: " $0; bad = 1; exit }
      text = labels ? substr($0, 5) : $0
      n = substr(text, 2) + 0
      s = letter n " "
      for (k = 0; k < n % 9; k++) s = s s
      if (text != s ".") { print "torn: " substr($0, 1, 200); bad = 1; exit }
      if (n <= last[letter, n % 2]) { print "order: " substr($0, 1, 200); bad = 1; exit }
      last[letter, n % 2] = n
      count[letter]++
    }
    END {
      if (bad) exit 1
      for (i = 1; i <= 8; i++) {
        letter = substr("abcdefgh", i, 1)
        if (count[letter] != want) { print letter " has " count[letter] " lines"; exit 1 }
      }
    }' labels="$3" "$1" >why || fail "$(cat why)"
}

t_no_line_of_several_commands_is_torn() {
  local mode
  for mode in lines group; do
    at "$mode" "$mode"
    torn_script 2000
    "$program" run script.lua $mode 2>&1 | cat >out
    right_lines out 2000 1
    "$program" run script.lua $mode >out 2>err || fail "status $?"
    cat out err >both
    right_lines both 2000 1
  done
}

t_no_line_is_torn_on_a_terminal() {
  command -v script >/dev/null || skip "no script(1)"
  torn_script 500
  NO_COLOR=1 TERM=xterm timeout -k 1 "$patience" script -qec \
    "$(shell_words "$program" run script.lua lines)" /dev/null >out </dev/null
  sed -i 's/\r$//; s/[^\r]*\r\x1b\[K//g' out
  right_lines out 500 1
}

t_raw_output_is_what_the_command_writes() {
  run run -e 'async.process.run{"sh", "-c", "printf one; printf two >&2"}
    async.process.run{"sh", "-c", "printf three", output = "raw"}'
  expect_status 0
  expect_out onethree
  expect_err two
}

t_a_label_alone_asks_for_lines() {
  run run -e '
    async.process.run{"printf", "one\ntwo", label = "l"}
    async.process.run{"sh", "-c", "printf err >&2", label = "l", stdout = "null"}
    print(async.process.read{"printf", "not shown", label = "l"})
    print(async.process.try{"sh", "-c", "echo no; echo neither >&2", label = "l"}.stdout)
    async.process.run{"echo", "raw", label = "l", output = "raw"}'
  expect_status 0
  expect_out $'l | one\nl | two\nnot shown\nno\n\nraw'
  expect_err 'l | err'
}

t_the_run_may_ask_for_lines_or_groups() {
  script <<'LUA'
local p = async.process
p.run{"sh", "-c", "echo out; echo err >&2", "and more words", "that do not fit"}
p.run{"/bin/echo", "a", "b"}
p.run(p.pipe({"echo", "piped"}, {"cat"}))
p.run{"echo", "mine", label = "label"}
p.run{"echo", "raw", output = "raw"}
p.run{"echo", "the terminal's", stdin = "inherit"}
LUA
  run run --output=lines script.lua
  expect_status 0
  expect_out $'echo out; echo err | out\necho a b | a b\necho piped | piped\nlabel | mine\nraw\nthe terminal\'s'
  expect_err 'echo out; echo err | err'
  run run --output=group script.lua
  expect_out $'out\na b\npiped\nlabel | mine\nraw\nthe terminal\'s'
  run run --output raw script.lua
  expect_out $'out\na b\npiped\nlabel | mine\nraw\nthe terminal\'s'
  run run --output=line script.lua
  expect_refused "--output: expected raw, lines or group, got 'line'"
}

t_one_descriptor_for_both_sides_keeps_their_order() {
  script <<'LUA'
local output, count = ...
local command = {"sh", "-c", "echo 1; echo 3 >&2; echo 2", stderr = "stdout", output = output}
for i = 1, count do async.process.run(command) end
for i = 1, count do
  if async.process.try(command).stdout ~= "1\n3\n2\n" then print "another order" end
end
LUA
  local mode count=100
  ! takes_part || count=15
  for mode in raw lines group; do
    "$program" run script.lua $mode $count | sed 's/.* | //' | tr -d '\n' >out
    expect_out "$(printf '132%.0s' $(seq $count))"
  done
}

t_groups_come_at_their_ends() {
  script <<'LUA'
local p = async.process
local function one(name, waits)
  p.run{"sh", "-c", ("echo %s 1; %s; echo %s 2"):format(name, waits, name), output = "group"}
end
async.all{
  function() one("slow", "until [ -e go ]; do sleep 0.05; done") end,
  function() one("fast", "sleep 0.1") io.open("go", "w"):close() end,
}
LUA
  run run script.lua
  expect_status 0
  expect_out $'fast 1\nfast 2\nslow 1\nslow 2'
}

t_a_large_group_is_whole_and_leaves_no_file() {
  mkdir tmp
  TMPDIR=$PWD/tmp run run -e 'async.process.run{"seq", "300000", output = "group"}'
  expect_status 0
  cmp -s out <(seq 300000) || fail "$(wc -l <out) lines"
  [[ -z $(ls -A tmp) ]] || fail "left: $(ls -A tmp)"
}

t_a_group_that_is_stopped_shows_what_it_has() {
  run run -e '
    local r
    for _, seconds in ipairs{0.3, 3, 30} do
      r = async.process.try{"sh", "-c", "echo shown; : >begun; exec sleep 60", output = "group",
        stdout = "inherit", timeout = seconds}
      if io.open "begun" then break end
    end
    print(r.timed_out)'
  expect_status 0
  uniq out >each # what did not come to an end in its time was begun again
  expect_text each $'shown\ntrue'
}

# It is no promise to anybody who has left the pipe behind.
t_lines_of_who_lives_on_do_not_hold_the_command() {
  run run -e '
    local r = async.process.run{"sh", "-c", "sleep 60 & printf begun", label = "l",
      leftovers = "kill"}
    print(r.ok, r.held)'
  expect_status 0
  expect_out $'l | begun\ntrue\tnil'
}

# ------------------------------------------------------- a reader that does not read

# start_unread ARGUMENTS: what goes to standard output is a pipe that nobody reads until
# read_all, which writes it to `seen`.
start_unread() {
  mkfifo out
  exec 3<>out
  start "$@"
}

read_all() {
  exec 4<out
  exec 3>&-
  cat <&4 >seen &
  reader=$!
  exec 4<&-
}

t_a_reader_that_does_not_read_holds_up_no_task() {
  local mode
  script slow.lua <<'LUA'
local p = async.process
spawn(function()
  for i = 1, 3 do sleep(0.05) end
  io.stderr:write "ticked\n"
end)
spawn(function()
  io.stderr:write("limit: ", tostring(p.try{"sleep", "60", timeout = 0.1}.timed_out), "\n")
end)
print "before"
p.run{"seq", "100000", label = "x", output = ...}
print "after"
LUA
  for mode in lines group; do
    at $mode
    cp ../slow.lua .
    start_unread slow.lua $mode
    wait_for has err "ticked"
    wait_for has err "limit: true"
    read_all
    expect_end "exit 0"
    wait "$reader"
    { echo before; seq -f 'x | %.0f' 100000; echo after; } | cmp - seen || fail "$(tail -n 3 seen)"
  done
}

t_what_a_command_writes_itself_comes_after_what_was_shown() {
  script <<'LUA'
local p = async.process
p.try{"seq", "20000", label = "x", stdout = "inherit", timeout = 0.5}
print "printed"
p.run{"echo", "raw"}
LUA
  "$program" run script.lua 2>err | { rest 1; tail -n 2; } >out
  expect_out $'printed\nraw'
}

t_a_timeout_ends_a_command_whose_lines_nobody_reads() {
  script <<'LUA'
local p = async.process
local r = p.try{"yes", label = "x", stdout = "inherit", timeout = 0.3}
io.stderr:write(tostring(r.timed_out), "\n")
io.stderr:write(tostring(async.move_on_after(0.3, p.run, {"yes", label = "y"})), "\n")
LUA
  start_unread script.lua
  wait_for has err $'true\nnil'
  read_all
  expect_end "exit 0"
  wait "$reader"
  ! grep -vE '^(x | y)?$|^[xy] [|] y?$' seen || fail "torn lines"
}

t_a_command_that_ended_in_time_has_not_timed_out_for_its_reader() {
  script <<'LUA'
local p = async.process
for _, count in ipairs{"1000", "20000"} do
  local r = p.try{"seq", count, label = "x", stdout = "inherit", timeout = 30}
  io.stderr:write(tostring(r.ok), " ", tostring(r.timed_out), "\n")
end
LUA
  start_unread script.lua
  wait_for has err $'true nil\ntrue nil'
  read_all
  expect_end "exit 0"
  wait "$reader"
  [[ $(wc -l <seen) == 21000 ]] || fail "$(wc -l <seen) lines"
}

t_the_timeout_of_the_run_and_its_grace_are_kept_where_nobody_reads() {
  local mode
  for mode in lines group; do
    at $mode
    start_unread --timeout=0.4 --grace=0.3 --output=$mode -e 'async.process.run{"yes"}'
    expect_end "exit 124"
    expect_has err "timed out with 1 task unfinished"
    exec 3>&-
  done
}

# The command has written more than the pipe takes, or has more time for it.
t_a_run_that_has_ended_but_for_its_reader_obeys_the_timeout() {
  local seconds
  for seconds in 1 4 20; do
    rm -f out
    start_unread --timeout=$((seconds * 2)) --grace=0.3 -e 'async.process.run{"sh", "-c",
      "seq 60000; exec sleep 60", label = "x", timeout = '$seconds' / 10}'
    expect_end "exit 1"
    python3 -c 'import fcntl, struct, termios
print(struct.unpack("i", fcntl.ioctl(3, termios.FIONREAD, bytes(4)))[0] > 60000)' >full
    exec 3>&-
    [[ $(<full) == False ]] || break
  done
  expect_has err "cannot write to standard output"
}

t_a_signal_ends_a_run_that_nobody_reads() {
  local signal ends=(0 0 "signal 2")
  ends[15]="signal 15"
  script both.lua <<'LUA'
local guard <close> = setmetatable({}, {__close = function()
  local file <close> = io.open("closed", "w")
  file:write "closed"
end})
spawn(function()
  io.stderr:write "begun\n"
  while true do
    print "ours"
    sleep(0)
  end
end)
async.process.run{"yes", label = "x"}
LUA
  for signal in 2 15; do
    at $signal
    cp ../both.lua .
    start_unread --grace=1 both.lua
    wait_for has err begun
    rest 0.5
    stop $signal
    expect_end "${ends[signal]}"
    expect_text closed closed
    exec 3>&-
  done
}

# What is said of it must not be waited for either.
t_a_run_stuck_in_print_is_ended_where_nobody_reads_standard_error_either() {
  mkfifo pipe
  exec 3<>pipe
  timeout -k 1 "$patience" "$program" run --grace=0.3 --timeout=0.3 -e 'print(("x"):rep(1000000)) sleep(60)' \
    >pipe 2>&1 &
  expect_status_of 124 wait $!
  exec 3>&-
}

t_who_prints_while_a_group_waits_for_its_reader_goes_on() {
  script <<LUA
$told
spawn(function()
  $till_told
  for i = 1, 1000 do print("ours", i) end
  io.stderr:write "printed\n"
end)
async.process.run{"seq", "100000", output = "group"}
LUA
  start_unread script.lua
  wait_for read -t 0 -u 3 # the group comes
  tell
  wait_for has err printed
  read_all
  expect_end "exit 0"
  wait "$reader"
  { seq 100000; seq -f $'ours\t%.0f' 1000; } | cmp - seen || fail "$(tail -n 3 seen)"
}

t_a_slow_reader_sees_whole_lines_of_all_who_write() {
  torn_script 400
  set -o pipefail
  timeout -k 1 "$patience" "$program" run script.lua lines 2>&1 | { rest 1; dd bs=1000 2>/dev/null; } >out ||
    fail "status $?"
  right_lines out 400 1
}

# One that writes for ever, and says that it was cleaned up after.
endless_lines() {
  script <<'LUA'
local guard <close> = setmetatable({}, {__close = function()
  local file <close> = io.open("closed", "w")
  file:write "closed"
end})
async.process.run{"yes", label = "l"}
LUA
}

t_a_reader_that_leaves_without_reading_ends_the_run() {
  endless_lines
  expect_status_of 141 leave_unread
  expect_text closed closed
}

leave_unread() (
  set -o pipefail
  timeout -k 1 "$patience" "$program" run script.lua 2>err | rest 0.5
)

t_output_for_a_slow_reader_takes_little_memory() {
  local mode
  is_sanitized && skip "sanitizers take memory of their own"
  for mode in lines group; do
    run run -e '
      local program, mode = ...
      local p = async.process
      local script = "async.process.run{[[sh]], [[-c]], [[yes 0123456789 | head -c 40000000]], label = [[x]]}"
      local size = 0
      local r = p.try(p.pipe({program, "run", "--output=" .. mode, "-e", script}, function(input)
        sleep(1)
        for bytes in function() return input:read_some() end do size = size + #bytes end
      end))
      print(r.ok, size, r.stages[1].max_rss < 24 << 20 or r.stages[1].max_rss)' "$program" $mode
    expect_out $'true\t54545457\ttrue'
  done
}

# The last state comes when there is a file `go`.
overwriting() {
  script <<'LUA'
local p = async.process
async.all{
  function()
    p.run{"sh", "-c", "for i in 1 2 3 4 5 6 7 8; do printf '%s0%%\r' $i; sleep 0.05; done; \
      until [ -e go ]; do sleep 0.05; done; echo 100%", label = "bar"}
  end,
  function()
    p.run{"sh", "-c", "for i in 1 2 3 4 5 6 7 8; do echo line $i; sleep 0.05; done", label = "other"}
  end,
}
LUA
}

t_of_overwritten_states_a_file_sees_the_last() {
  overwriting
  : >go
  run run script.lua
  expect_status 0
  [[ $(grep -c '^other | line [1-8]$' out) == 8 ]] || fail "$(cat -v out)"
  [[ $(grep -v '^other' out) == 'bar | 100%' ]] || fail "$(cat -v out)"
}

t_of_overwritten_states_a_terminal_sees_some() {
  command -v script >/dev/null || skip "no script(1)"
  overwriting
  NO_COLOR=1 TERM=xterm timeout -k 1 "$patience" script -qefc "$(shell_words "$program" run script.lua)" \
    /dev/null >out </dev/null &
  wait_for grep -qP 'bar \| \d0%' out
  : >go
  wait $! || fail "status $?"
  sed 's/\r$//; s/[^\r]*\r\x1b\[K//g' out >seen
  [[ $(grep -c '^other | line [1-8]$' seen) == 8 ]] || fail "$(cat -v out)"
  [[ $(grep -v '^other' seen) == 'bar | 100%' ]] || fail "$(cat -v out)"
}

t_labels_are_coloured_on_a_terminal_alone() {
  command -v script >/dev/null || skip "no script(1)"
  local code='async.process.run{"echo", "text", label = "l"}'
  TERM=xterm timeout -k 1 "$patience" script -qec "$(shell_words "$program" run -e "$code")" /dev/null >out </dev/null
  grep -q $'^\e\\[36ml\e\\[0m | text' out || fail "$(cat -v out)"
  NO_COLOR=1 TERM=xterm timeout -k 1 "$patience" script -qec "$(shell_words "$program" run -e "$code")" /dev/null >out </dev/null
  grep -q '^l | text' out || fail "$(cat -v out)"
  TERM=dumb timeout -k 1 "$patience" script -qec "$(shell_words "$program" run -e "$code")" /dev/null >out </dev/null
  grep -q '^l | text' out || fail "$(cat -v out)"
  TERM=xterm run run -e "$code"
  expect_out 'l | text'
}

t_a_prompt_of_ours_is_seen_before_the_answer() {
  command -v script >/dev/null || skip "no script(1)"
  script <<'LUA'
io.write "name? "
print("got " .. io.read())
LUA
  mkfifo answer
  { TERM=xterm timeout -k 1 "$patience" script -qefc "$(shell_words "$program" run script.lua)" /dev/null \
    <answer >out; } &
  exec 3>answer
  wait_for has out "name?"
  echo joe >&3
  wait_for has out "got joe"
  exec 3>&-
}

t_a_reader_of_lines_that_leaves_ends_the_run() {
  endless_lines
  expect_status_of 141 take_one
  expect_out 'l | y'
  expect_text closed closed
}

take_one() (
  set -o pipefail
  timeout -k 1 "$patience" "$program" run script.lua 2>err | head -n 1 >out
)

t_long_lines_are_cut_where_the_script_says() {
  run run -e 'async.process.run{"printf", "123456789\nab\n", label = "l", max_line = 4}'
  expect_status 0
  expect_out $'l | 1234\nl | 5678\nl | 9\nl | ab'
}

t_a_list_may_contain_what_is_shown() {
  run run -e '
    local lines = {}
    local r = async.process.run{"printf", "one\ntwo", label = "l",
      stdout = {"inherit", "capture", function(line) lines[#lines + 1] = line end}}
    print(r.stdout, #lines)'
  expect_status 0
  expect_out $'l | one\nl | two\none\ntwo\t2'
}

t_wrong_options_of_output_are_told() {
  run run -e '
    local p = async.process
    print(pcall(p.run, {"true", output = "line"}))
    print(pcall(p.run, {"true", label = ""}))
    print(pcall(p.run, {"true", lebel = "l"}))'
  expect_out "false	-e:3: process.run: output must be \"raw\" or \"lines\" or \"group\", got \"line\"
false	-e:4: process.run: label must be a text, got \"\"
false	-e:5: process.run: unknown option 'lebel', did you mean 'label'?"
}

# ------------------------------------------------------------------- their starts

t_commands_are_printed_as_they_start() {
  local option
  script <<'LUA'
local p = async.process
p.run{"echo", "a b", "it's"}
p.run{"echo", "\27[2Jx\ny", label = "l\27"}
p.run(p.pipe({"echo"}, function(input, output) end, {"cat"}))
p.run{"pwd", cwd = "/"}
print(pcall(p.run, {"there-is-no-such-command"}))
LUA
  for option in -x --print-commands; do
    run run $option script.lua
    expect_status 0
    expect_err "+ echo 'a b' 'it'\\''s'
l  | + echo ' [2Jx y'
+ echo | function | cat
+ pwd (in /)
+ there-is-no-such-command"
  done
  run run script.lua
  expect_err ""
}

t_the_trace_has_the_starts_and_ends_of_commands() {
  run run --trace=text:trace -e '
    async.process.run{"true"}
    async.process.try(async.process.pipe({"sh", "-c", "exit 3"}, {"sh", "-c", "kill -KILL $$"}))'
  expect_status 0
  grep -qE "#1 -e +start   process [0-9]+ 'true' +-e:2$" trace || fail "$(cat trace)"
  grep -qE "runner +end     process [0-9]+ 'true': status 0$" trace || fail "$(cat trace)"
  grep -qE "end     process [0-9]+ 'sh -c 'exit 3'': status 3$" trace || fail "$(cat trace)"
  grep -qE "end     process [0-9]+ 'sh -c 'kill -KILL \\$\\$'': SIGKILL$" trace || fail "$(cat trace)"
  [[ $(grep -c ' start ' trace) == 3 && $(grep -c ' end ' trace) == 3 ]] || fail "$(cat trace)"
}

# --------------------------------------------------------------------- secrets

t_a_secret_is_masked_wherever_a_command_is_shown() {
  script <<'LUA'
local p, secret = async.process, async.secret("pass word")
local function show(command)
  local _, err = pcall(p.run, command)
  print(err, err.command)
end
print(secret)
print(p.read{"echo", secret} == "pass word")
print(p.read(p.sh("printf %s {} {}", secret, {"a", secret})) == "pass wordapass word")
print(p.read{"sh", "-c", "printf %s \"$KEY\"", env = {KEY = secret}} == "pass word")
print(p.sh("echo {}", secret)[3])
show{"sh", "-c", "exit 1", secret, label = "l"}
show{"sh", "-c", "echo $0 $KEY >&2; exit 1", secret, env = {KEY = secret}, stderr = "capture"}
show(p.sh("false {}", secret))
show{secret}
show{"sh", "-c", "exit 1", secret, cwd = "/nowhere"}
async.map({1}, function()
  p.run{"sh", "-c", "echo $0 >&2; exit 1", secret, output = "group"}
end, {keep_going = true})
local waiter = spawn(p.run, {"sh", "-c", "sleep 60; :", secret})
sleep(0.1)
print(waiter:status())
print(async.tree())
waiter:cancel()
LUA
  run run -x --trace=text:trace script.lua
  expect_has out "sh -c 'exit 1' ***"
  [[ $(grep -c 'pass word' err) == 1 ]] || fail "$(cat err)"
  grep -q '^pass word$' err || fail "what a command itself shows is its own: $(cat err)"
  ! grep -q 'pass word' out trace || fail "$(grep 'pass word' out trace)"
  [[ $(grep -c '^true$' out) == 3 ]] || fail "$(cat out)"
  expect_has out "echo ***"
  expect_has out "waiting	wait process"
}

# ----------------------------------------------------------- the list of failures

t_commands_that_fail_are_listed_at_the_end_of_a_map_that_keeps_going() {
  script <<'LUA'
local p = async.process
local results, errors = async.map({"one", "two", "three", "four", "five"}, function(name, i)
  if name == "two" then p.run{"there-is-no-such-command", label = name} end
  if name == "five" then error("no command", 0) end
  p.run{"sh", "-c", "echo ok; echo not $0 >&2; exit " .. i % 4, name, label = name == "one" and name,
    cwd = "/", stderr = name == "three" and "capture" or nil}
  return name
end, {keep_going = true})
print(results[4], errors[1].status, errors[5])
LUA
  sed -i 's/label = name == "one" and name/label = name == "one" and name or nil/' script.lua
  run run --output=group script.lua
  expect_status 1
  expect_has out $'four\t1\tno command'
  sed -n '/failed:/,$p' err >list
  expect_text list "3 of 5 failed:
  one: 'sh -c 'echo ok; echo not \$0 >&2; exit 1' one' failed with status 1 (in /)
    not one
  two: cannot run 'there-is-no-such-command': there-is-no-such-command: no such command
  'sh -c 'echo ok; echo not \$0 >&2; exit 3' three' failed with status 3 (in /)
    not three"
}

t_a_list_of_failures_cannot_steer_a_terminal() {
  command -v script >/dev/null || skip "no script(1)"
  script <<'LUA'
async.map({1}, function()
  async.process.run{"sh", "-c", "printf '\\033[2Jtail' >&2; exit 1", stderr = "capture"}
end, {keep_going = true})
LUA
  TERM=xterm timeout -k 1 "$patience" script -qec "$(shell_words "$program" run script.lua)" /dev/null \
    >out </dev/null || true
  expect_has out '\x1b[2Jtail'
  ! grep -q $'\e' out || fail "$(cat -v out)"
}

# Whoever fails is told of at once, and the others go on or are stopped.
t_a_failure_is_told_while_others_run_on() {
  script <<LUA
$told
async.process.run{"true"}
spawn(function() async.process.run{"sh", "-c", "exit 7", label = "first"} end)
spawn(function()
  $till_told
  print "the other went on"
end)
LUA
  start script.lua
  wait_for has err "failed with status 7"
  tell
  expect_end "exit 1"
  expect_out "the other went on"
  script <<'LUA'
print(pcall(async.scope, function(scope)
  scope:spawn(function() async.process.run{"sleep", "60"} end)
  scope:spawn(function() async.process.run{"false"} end)
end))
LUA
  run run script.lua
  expect_out $'false\tcommand \'false\' failed with status 1'
}

t_a_file_that_may_not_grow_is_an_error_and_not_the_end() {
  script <<<"local p = async.process
    local cleaning <close> = async.defer(function() print 'cleaned' end)
    print(pcall(p.run, {'head', '-c', '100000', '/dev/zero', stdout = {'capture', {file = 'grown'}}}))
    print(io.open('grown2', 'w'):write(('x'):rep(100000)))
    print(p.try{'head', '-c', '100000', '/dev/zero', stdout = {file = 'grown3'}}.signal)"
  status=0
  (ulimit -f 8; exec "$program" run script.lua) >out 2>err || status=$?
  expect_status 0
  expect_has out 'File too large'
  expect_has out XFSZ
  expect_has out cleaned
}
