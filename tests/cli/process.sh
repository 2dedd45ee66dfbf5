# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# process.sh -- commands at the end of the run, whatever ends it, and what they get from us.

: "${program:?}" "${here:?}" "${closing:?}" "${guard:?}" "${patience:?}" "${began:?}"

p='local p = async.process'

# groups_of FILE: the processes of the groups whose numbers it has that live; who has ended and
# is not reaped, by whomever it was left to, does not.
groups_of() {
  cat /proc/[0-9]*/stat 2>/dev/null |
    awk 'FNR == NR { wanted[$1]; next }
      { sub(/^.*\) /, "") }
      $3 in wanted && $1 !~ /[ZX]/ { print $3 }' "$1" -
}

are_gone() { [[ -s $1 && -z $(groups_of "$1") ]]; }

# Four groups, each of which writes its number into the file `groups`: a command, one of a
# shell's, one that ignores its input's end, and a deaf one with a deaf child.
four="$p
local function group(script)
  spawn({daemon = true}, p.run, {'sh', '-c', 'echo \$\$ >>groups; ' .. script, grace = 1})
end
group 'exec sleep 300'
group 'sleep 300; :'
group 'exec sleep 300 <&-'
group 'trap \"\" TERM INT HUP; sleep 300; sleep 300'
repeat
  sleep(0.02)
  local file, count = io.open 'groups', 0
  for _ in (file and file:lines() or next), file and nil or {} do count = count + 1 end
until count == 4"

have() { [[ -e groups && $(wc -l <groups) == "$1" ]]; }

start_four() {
  script <<<"$four $1"
  start --grace=60 script.lua
  wait_for have 4
}

# ------------------------------------------------------------------ the end

t_the_end_of_the_run_ends_its_commands() {
  script <<<"$four"
  run run script.lua
  expect_status 0
  are_gone groups || fail "left: $(groups_of groups)"
}

t_an_error_that_ends_the_run_ends_its_commands() {
  script <<<"$four error 'x'"
  run run --on-error=stop script.lua
  expect_status 1
  are_gone groups || fail "left: $(groups_of groups)"
}

t_a_timeout_of_the_run_ends_its_commands() {
  script <<<"$four $began sleep(60)"
  run_late --grace=60 script.lua
  expect_status 124
  are_gone groups || fail "left: $(groups_of groups)"
}

t_os_exit_ends_its_commands() {
  local how
  for how in '3' '3, true'; do
    at "$((${#how}))"
    script <<<"$four os.exit($how)"
    run run --grace=3 script.lua
    expect_status 3
    wait_for are_gone groups
  done
}

t_a_signal_ends_commands() {
  local signal
  for signal in "TERM 15" "HUP 1" "INT 2"; do
    at "${signal% *}"
    start_four 'sleep(60)'
    stop "${signal% *}"
    expect_end "signal ${signal#* }"
    are_gone groups || fail "left: $(groups_of groups)"
  done
}

t_a_second_signal_kills_commands_at_once() {
  script <<<"$p spawn(p.run, {'sh', '-c', 'trap \"\" TERM; echo \$\$ >groups; while :; do sleep 0.1; done', grace = 60})
    sleep(60)"
  start --grace=60 script.lua
  wait_for test -s groups
  stop TERM
  stop_again TERM
  expect_end "signal 15"
  wait_for are_gone groups
}

t_commands_get_one_interrupt_when_that_ends_the_run() {
  script log.py <<'PY'
import signal, sys, time
ended = []
def note(number, _):
    with open("log", "a") as log: log.write(signal.Signals(number).name + "\n")
    ended.append(time.time())
signal.signal(signal.SIGINT, note)
signal.signal(signal.SIGTERM, note)
open("ready", "w").close()
while not ended or time.time() < ended[0] + 1: time.sleep(0.02)
PY
  script <<<"$p p.run{'python3', 'log.py', grace = 60}"
  start --grace=60 script.lua
  wait_for test -e ready
  stop INT
  expect_end "signal 2"
  expect_text log SIGINT
}

t_a_stop_of_the_run_waits_for_polite_commands() {
  script <<<"$p p.run{'sh', '-c', 'trap \"sleep 1; echo bye; exit 0\" TERM; : >ready; while :; do sleep 0.05; done', grace = 60}"
  start --grace=60 script.lua
  wait_for test -e ready
  stop TERM
  expect_end "signal 15"
  expect_has out bye
}

# -------------------------------------------------------------- the guardian

t_a_kill_of_ours_leaves_no_command() {
  start_four 'sleep(60)'
  stop KILL
  expect_end "signal 9"
  wait_for are_gone groups
}

t_a_kill_at_any_moment_leaves_no_command() {
  local round
  for ((round = 0; round < ${ROUNDS:-5}; round++)); do
    at "$round"
    script <<<"$p
      for i = 1, 4 do
        spawn(function()
          while true do
            async.move_on_after(math.random() * 0.03, p.run,
              {'sh', '-c', 'echo \$\$ >>groups; sleep 300 & exec sleep 300', grace = 0.1})
          end
        end)
      end"
    start script.lua
    wait_for test -s groups
    sleep "0.$((RANDOM % 4))$((RANDOM % 10))"
    stop KILL
    expect_end "signal 9"
    wait_for are_gone groups
  done
}

t_a_crash_leaves_no_command() {
  is_sanitized && skip "a sanitizer catches it"
  start_four 'sleep(60)'
  stop SEGV
  expect_end "signal 11"
  wait_for are_gone groups
}

t_what_was_left_alone_or_detached_outlives_us() {
  script <<<"$p
    local child = p.spawn{'sleep', '300', detach = true}
    local r = p.run{'sh', '-c', 'sleep 300 & exit 0', stdout = 'null', stderr = 'null'}
    print(child.pid) print(r.pid)"
  run run script.lua
  expect_status 0
  sleep 0.3
  [[ $(groups_of out | sort -n | uniq | wc -l) == 2 ]] || fail "of $(tr '\n' ' ' <out)are left: $(groups_of out)"
  local group
  while read -r group; do kill -KILL -- "-$group"; done <out
}

# The child of tinyasync's that is not a command.  It has another name before it is the guardian.
guardian_of() {
  cat /proc/[0-9]*/stat 2>/dev/null | sed -n "s/^\([0-9]*\) (exe) . $1 .*/\1/p"
}

has_guardian() { [[ -n $(guardian_of "$(cat pid)") ]]; }

t_a_guardian_that_somebody_kills_is_replaced() {
  script <<<"$p
    local all = {p.spawn{'sh', '-c', 'echo \$\$ >>groups; exec sleep 300'}}
    while not io.open 'go' do sleep(0.02) end
    all[2] = p.spawn{'sh', '-c', 'echo \$\$ >>groups; exec sleep 300'}
    p.run{'true'}
    sleep(60)"
  start script.lua
  wait_for test -s groups
  wait_for has_guardian
  kill -KILL "$(guardian_of "$(cat pid)")"
  tell
  wait_for have 2
  wait_for has_guardian
  stop KILL
  expect_end "signal 9"
  wait_for are_gone groups
}

# ----------------------------------------------------------- what they get

t_commands_get_descriptors_0_to_2_alone() {
  script <<<"$p
    local file = io.open('script.lua')
    print((p.read{'ls', '/proc/self/fd'}:gsub('\n', ' ')))
    local child <close> = p.spawn{'sleep', '60', stdin = 'pipe', stdout = 'pipe'}
    print((p.read{'ls', '/proc/self/fd'}:gsub('\n', ' ')))
    print((p.read(p.pipe({'true'}, {'ls', '/proc/self/fd'})):gsub('\n', ' ')))"
  run run script.lua 5</dev/null 7>seven
  expect_out $'0 1 2 3\n0 1 2 3\n0 1 2 3'
}

t_commands_start_when_ours_are_closed() {
  script <<<"$p
    assert(p.read{'cat', stdin = 'text'} == 'text')
    assert(p.try{'true'}.ok)
    p.run{'sh', '-c', 'echo x >&2; echo y'}
    io.open('reached', 'w'):close()"
  local how
  for how in '<&-' '>&-' '2>&-' '<&- >&-' '<&- >&- 2>&-'; do
    rm -f reached
    status=0
    eval 'timeout "$patience" "$program" run script.lua' "$how" || status=$?
    [[ $status == 0 && -e reached ]] || fail "with $how: $status"
  done >/dev/null 2>&1
}

t_commands_get_the_dispositions_and_mask_that_we_got() {
  script <<<"$p
    for _, how in ipairs{'run', 'popen', 'execute'} do
      local text
      if how == 'run' then
        text = p.read{'grep', '-E', 'Sig(Ign|Blk)', '/proc/self/status'}
      elseif how == 'popen' then
        local pipe <close> = io.popen \"grep -E 'Sig(Ign|Blk)' /proc/self/status\"
        text = pipe:read 'a'
      else
        os.execute \"grep -E 'Sig(Ign|Blk)' /proc/self/status >status\"
        local file <close> = io.open 'status'
        text = file:read 'a'
      end
      print(how, (text:gsub('%s+', ' ')))
    end
    print(p.try{'sh', '-c', 'exit 3'}.status)"
  local blocked given ignored
  expect_both() {
    local how
    for how in run popen execute; do expect_has out "$how"$'\t'"SigBlk: $blocked SigIgn: $1"; done
    expect_has out 3
  }
  # with BITS: what is ignored as well as what whoever started the tests has ignored.
  with() { printf %016x "$((16#$given | $1))"; }
  run run script.lua
  timeout "$patience" cat /proc/self/status >ours
  blocked=$(sed -n 's/SigBlk:\t//p' ours)
  given=$(sed -n 's/SigIgn:\t//p' ours)
  expect_both "$given"
  for ignored in "PIPE 0x1000" "INT 0x2" "HUP 0x1" "USR1 0x200" "ALRM 0x2000"; do
    timeout "$patience" env --ignore-signal="${ignored% *}" "$program" run script.lua >out 2>err ||
      fail "with ${ignored% *} ignored: $(cat err)"
    expect_both "$(with "${ignored#* }")"
  done
  # A shell sets it to the default for what it starts.
  timeout "$patience" env --ignore-signal=CHLD "$program" run script.lua >out 2>err || fail "$(cat err)"
  expect_has out $'run\tSigBlk: '"$blocked SigIgn: $(with 0x10000)"
  expect_has out 3
}

t_a_mask_that_we_got_is_passed_on() {
  script <<<"$p print((p.read{'grep', 'SigBlk', '/proc/self/status'}:match '%x+$'))
    print(p.try{'true'}.ok)"
  local blocked
  blocked=$(sed -n 's/SigBlk:\t//p' /proc/self/status)
  status=0
  python3 -SIc '
import os, signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1, signal.SIGCHLD, signal.SIGALRM})
os.execv(sys.argv[1], sys.argv[1:])' "$program" run script.lua >out 2>err || status=$?
  expect_status 0
  expect_out "$(printf '%016x\ntrue' "$((16#$blocked | 0x12200))")"
}

# ---------------------------------------------------------- too little of it

# With so few descriptors it is an error of the call that asks.
t_running_out_of_descriptors_is_an_error_of_the_call() {
  is_sanitized && skip "a sanitizer needs some"
  script <<<"$p
    local children, message, code = {}
    for i = 1, 100 do
      children[i], message, code = p.spawn{'sleep', '60', stdin = 'pipe', stdout = 'pipe'}
      if not children[i] then break end
    end
    print(code, message)
    print(select(3, p.try{'true'}))
    for _, child in ipairs(children) do child:stop(0) child.stdin:close() child.stdout:close() end
    print(p.try{'echo', 'x'}.stdout)"
  (
    ulimit -n 40
    timeout "$patience" "$program" run script.lua >out 2>err
  ) || fail "$(cat err)"
  expect_has out $'EMFILE\tcannot '
  expect_has out $'too many open files\nEMFILE\nx'
}

t_running_out_of_processes_is_an_error_of_the_call() {
  ((UID == 0)) || skip "needs root, to become somebody who is nobody else"
  is_sanitized && skip "a sanitizer has threads of its own"
  script <<<"$p print(select(3, p.try{'true'})) print(select(2, p.try{'true'}))
    print(select('#', pcall(p.run, {'true'})))"
  local folder most
  folder=$(mktemp -d)
  chmod 755 "$folder"
  cp "$program" script.lua "$folder"
  # A number that nobody has: only processes of its own count.  With two of them the guardian
  # starts, and the command does not.
  for most in 1 2; do
    status=0
    # shellcheck disable=SC2016
    timeout "$patience" setpriv --reuid=77123 --regid=77123 --clear-groups \
      bash -c 'cd "$1" && ulimit -u "$2" && exec ./"$0" run script.lua' "${program##*/}" "$folder" \
      "$most" >out 2>err || status=$?
    [[ $status == 0 ]] || fail "with $most: $status, $(cat err)"
    expect_has out EAGAIN
    expect_has out "cannot run 'true': "
  done
  rm -r "$folder"
}

# ----------------------------------------------------------------------- FIFOs

# It is opened first: by then somebody has the other side, or has written.
t_a_command_waits_for_the_other_side_of_a_fifo_before_it_starts() {
  mkfifo fifo
  script <<<"$p
    local reader = spawn(function() return p.read {'sh', '-c', 'touch started; cat', stdin = {file = 'fifo'}} end)
    local child = spawn(function() return p.spawn {'cat', stdin = {file = 'fifo'}, stdout = 'null'} end)
    local function opens(task) return select(2, task:status()) == 'open fifo' end
    while not (opens(reader) and opens(child)) do sleep(0.01) end
    print((select(2, reader:status())), (select(2, child:status())), (io.open 'started'))
    child:cancel()
    local writer = io.open('fifo', 'r+')
    writer:write 'it'
    writer:close()
    print(await(reader))"
  run run --timeout=100 --trace=text:trace script.lua
  expect_status 0
  expect_out $'open fifo\topen fifo\tnil\nit'
  expect_has trace 'open fifo'
}

t_a_fifo_is_waited_for_no_longer_than_the_run_has_where_nothing_can_wait() {
  mkfifo fifo
  script <<<"$p table.sort({1, 2}, function()
    io.open('ready', 'w'):close() p.spawn {'cat', stdin = {file = 'fifo'}} end)"
  run run --timeout 0.5 script.lua
  expect_status 124
  local signal pid
  for signal in TERM INT; do
    rm -f ready
    env --default-signal=INT "$program" run script.lua >out 2>err &
    pid=$!
    wait_for test -e ready
    rest 0.1
    kill -s "$signal" "$pid"
    expect_status_of $((128 + $(kill -l "$signal"))) wait "$pid"
  done
}

t_a_terminal_that_cannot_be_made_is_told_by_its_reason() {
  script <<<"$p print(p.try{'true', pty = true})"
  local most
  for most in {10..24}; do
    (ulimit -n "$most"; exec timeout "$patience" "$program" run script.lua) >>out 2>err || fail "$most: $(cat err)"
  done
  expect_has out 'cannot make a terminal: too many open files'
  ! grep -q unknown out || fail "$(cat out)"
}
