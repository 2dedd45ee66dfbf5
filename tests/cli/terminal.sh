# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# terminal.sh -- commands and the terminal: who reads it, and whom its keys reach.

: "${program:?}" "${here:?}" "${closing:?}" "${patience:?}"

p='local p = async.process'

# in_window COMMAND <STEPS: see in_window.py.
in_window() {
  local why
  rm -f ended
  why=$(HISTFILE='' INPUTRC=/dev/null PYTHONSTARTUP='' TERM=xterm LC_ALL=C timeout -k 1 "$patience" \
    python3 -SI "$here/in_window.py" "$@" 2>&1) || fail "$why"
}

# on_shell <STEPS: after a run of script.lua, a shell says how it ended, and reads a line: in the
# end that is typed, and seen.
# It outlives Ctrl-C, which reaches it too.  Where we were killed it waits until the guardian has given the terminal back.
on_shell() {
  in_window sh -c 'trap : INT; echo $$ >shell; "$0" run script.lua; status=$?
    [ $status != 137 ] || until [ "$(ps -o tpgid= -p $$ | tr -d " ")" = $$ ]; do sleep 0.05; done
    echo "status $status"; read -r x; echo "then $x"; stty -a | grep -ow -e "-echo" -e "-icanon"' "$program" \
    < <(cat; printf '%s\n' 'type we\n' 'see then we' end)
}

# on_bash <STEPS: an interactive shell, with job control.
on_bash() {
  PS1="ready>" TINYASYNC=$program in_window bash --norc --noprofile --noediting -bi
}

expect_shown() {
  grep -qF -- "$1" screen || fail "expected '$1' on the terminal: $(head -c 800 screen)"
}

expect_not_shown() {
  ! grep -qF -- "$1" screen || fail "did not expect '$1' on the terminal: $(head -c 800 screen)"
}

# Says who it is, and goes on.
says_it='echo $$ >front'

# ------------------------------------------------------------------- reading

t_a_command_that_is_given_the_terminal_reads_it() {
  script <<<"$p print('status', p.run{'sh', '-c', 'read x; echo got \$x', stdin = 'inherit'}.status)"
  on_shell <<'STEPS'
type it\n
see got it
see status	0
see status 0
STEPS
}

t_a_password_prompt_of_a_command_in_the_background_can_be_answered() {
  script <<<"$p async.all {
    function() p.run {'sh', '-c', 'printf \"name? \" >/dev/tty; read x </dev/tty; echo \"got \$x\"'} end,
    function() p.run {'sleep', '0.1'} end,
  }"
  on_shell <<'STEPS'
see name?
type it\n
see got it
see status 0
STEPS
}

# As ssh, sudo and getpass ask: without echo, of which the system stops whoever sets it.
t_a_password_that_is_read_without_echo_can_be_answered() {
  script ask.sh <<'SH'
old=$(stty -g </dev/tty)
stty -echo </dev/tty
printf 'password: ' >/dev/tty
read -r x </dev/tty
stty "$old" </dev/tty
echo "it has ${#x} letters"
SH
  script <<<"$p print(p.read {'sh', 'ask.sh'})"
  on_shell <<'STEPS'
see password:
type secret\n
see it has 6 letters
see status 0
STEPS
  expect_not_shown secret
  expect_not_shown "-echo"
}

t_sudo_that_may_not_ask_says_so() {
  command -v sudo >/dev/null || skip "sudo is not installed"
  script <<<"$p print('ended', p.try {'sudo', '-n', '-v'}.status)"
  on_shell <<'STEPS'
see ended
see status 0
STEPS
}

t_commands_that_want_the_terminal_get_it_one_after_the_other() {
  script <<<"$p
local function ask(n, cmd)
  return function() p.run(cmd) print('answered ' .. n) end
end
local how = 'read x </dev/tty; echo got \$x'
async.all {
  ask(1, {'sh', '-c', '$says_it; read x; echo got \$x', stdin = 'inherit'}),
  ask(2, {'sh', '-c', how, stdin = 'inherit'}),
  ask(3, {'sh', '-c', 'sleep 0.2;' .. how}),
}"
  on_shell <<'STEPS'
front front
type one\n
see got one
type two\n
see got two
type three\n
see got three
see status 0
STEPS
  expect_shown "answered 3"
}

t_what_writes_where_background_writers_are_stopped_goes_on() {
  script <<<"$p
os.execute 'stty tostop'
spawn(p.run, {'sh', '-c', 'read x', stdin = 'inherit'})
sleep(0.1)
print 'we write'
for i = 1, 3 do spawn(p.run, {'echo', 'line ' .. i}) end"
  on_shell <<'STEPS'
see we write
type it\n
see line
see line
see line
see status 0
STEPS
}

# ----------------------------------------------------------- however it ends

# ends_with CODE STEP...: the command has the terminal and has changed its modes, which was_seen()
# waits for.
ends_with() {
  rm -f front seen
  script <<<"$p local raw = {'sh', '-c', 'stty raw -echo; $says_it; exec sleep 60', stdin = 'inherit'}
    local function was_seen() while not io.open 'seen' do sleep(0.01) end end
    $1"
  {
    printf '%s\n' 'front front' 'make seen' "${@:2}" 'see status' 'front shell'
  } | on_shell
  expect_not_shown "-echo"
  expect_not_shown "-icanon"
}

t_the_terminal_is_ours_again_when_the_command_is_killed() {
  ends_with "spawn(p.try, raw) was_seen()
    p.run {'sh', '-c', 'kill -KILL \$(cat front)'}"
}

t_the_terminal_is_ours_again_when_the_script_fails() {
  ends_with "async.scope(function(s)
    s:spawn(p.run, raw) was_seen() error 'failed' end)"
}

t_the_terminal_is_ours_again_when_the_command_runs_out_of_time() {
  ends_with "raw.timeout = 5 p.try(raw)"
}

t_the_terminal_is_ours_again_when_the_run_runs_out_of_time() {
  ends_with "async.move_on_after(5, p.run, raw)"
}

t_the_terminal_is_ours_again_after_os_exit() {
  ends_with "spawn(p.run, raw) was_seen() os.exit(3)"
}

t_the_terminal_is_ours_again_when_we_are_killed() {
  ends_with "spawn(p.run, raw) was_seen()
    p.run {'sh', '-c', 'kill -KILL \$PPID'}"
}

t_the_terminal_is_ours_again_when_a_second_signal_ends_us() {
  ends_with "spawn(p.run, raw) was_seen()
    p.run {'sh', '-c', 'setsid sh -c \"kill -TERM \$PPID; sleep 0.5; kill -TERM \$PPID\"', kill = 'process'}
    local guard <close> = async.defer(function() while true do end end)
    sleep(60)"
}

t_modes_that_a_command_was_to_change_stay_changed() {
  script <<<"$p p.run {'stty', '-echo', stdin = 'inherit'}"
  on_shell <<'STEPS'
see status 0
STEPS
  expect_shown "-echo"
}

t_a_command_that_cannot_start_does_not_keep_the_terminal() {
  script <<<"$p print(p.try {'/', stdin = 'inherit'})
    script = io.open('no.sh', 'w') script:write '#!/nowhere' script:close()
    os.execute 'chmod +x no.sh'
    print(p.try {'./no.sh', stdin = 'inherit'})
    p.run {'sh', '-c', 'read x; echo got \$x', stdin = 'inherit'}"
  on_shell <<'STEPS'
see nil
see ENOENT
type it\n
see got it
see status 0
STEPS
}

# --------------------------------------------------------------------- Ctrl-C

siglog="import signal, sys, time
def note(number, frame):
    with open('log', 'a') as file: file.write('%d\n' % number)
signal.signal(signal.SIGINT, note)
signal.signal(signal.SIGTERM, note)
with open('front', 'w') as file: file.write('%d\n' % __import__('os').getpid())
limit = time.monotonic() + 20
while time.monotonic() < limit:
    time.sleep(0.05)
    try: open('log')
    except OSError: continue
    time.sleep(1)
    print('orderly', flush=True)
    sys.exit(0)"

t_one_ctrl_c_is_one_interrupt_for_a_command_in_the_background() {
  script siglog.py <<<"$siglog"
  script <<<"$p $closing print(p.run {'python3', 'siglog.py'}.status) print 'next'"
  on_shell <<'STEPS'
file front
type \x03
see orderly
see status 130
STEPS
  expect_text log 2
  expect_not_shown next
  expect_text closed closed
}

t_one_ctrl_c_is_one_interrupt_for_a_command_that_has_the_terminal_and_it_may_go_on() {
  script siglog.py <<<"$siglog"
  script <<<"$p print(p.run {'python3', 'siglog.py', stdin = 'inherit'}.status) print 'next'"
  on_shell <<'STEPS'
front front
type \x03
see orderly
see next
see status 0
STEPS
  expect_text log 2
}

t_ctrl_c_that_ends_the_command_in_front_ends_the_run() {
  script <<<"$p $closing
    p.try {'sh', '-c', '$says_it; exec sleep 60', stdin = 'inherit'} print 'next' p.run {'touch', 'next'}"
  on_shell <<'STEPS'
front front
type \x03
see status 130
STEPS
  expect_not_shown next
  [[ ! -e next ]] || fail "the next command ran"
  expect_text closed closed
}

t_an_interrupt_of_the_scripts_own_ends_the_command_alone() {
  script <<<"$p local child = p.spawn {'sh', '-c', '$says_it; exec sleep 60', stdin = 'inherit'}
    sleep(0.3) child:signal 'INT' print(child:wait().signal) print 'next'"
  on_shell <<'STEPS'
see INT
see next
see status 0
STEPS
}

t_ctrl_c_reaches_all_commands() {
  script <<<"$p
    spawn({daemon = true}, p.run, {'sh', '-c', 'echo \$\$ >pid5; while :; do echo daemon; sleep 0.1; done'})
    local endless = 'echo \$\$ >pid%d; while :; do echo %d; sleep 0.1; done'
    async.map({1, 2, 3, 4}, function(n)
      if n == 4 then endless = 'sh -c \"echo \\\\\$\\\\\$ >pid4; sleep 300; :\"; :' end
      p.run {'sh', '-c', (endless:gsub('%%d', n))}
    end)"
  on_shell <<'STEPS'
file pid1
file pid2
file pid3
file pid4
file pid5
type \x03
see status 130
STEPS
  local n
  for n in 1 2 3 4 5; do
    is_gone "$(cat pid$n)" || fail "command $n lives: $(ps -p "$(cat pid$n)" -o pid,stat,args)"
  done
}

# --------------------------------------------------------------------- Ctrl-Z

t_ctrl_z_stops_the_command_in_front_and_us_and_fg_goes_on() {
  script <<<"$p
    spawn({daemon = true}, p.run, {'sh', '-c', 'echo \$\$ >part; mv part other; exec sleep 60'})
    p.run {'sh', '-c', 'stty -echo; $says_it; read x; stty echo; echo got \$x', stdin = 'inherit'}
    print 'next'"
  on_bash <<'STEPS'
type "$TINYASYNC" run script.lua\n
front front
file other
type \x1a
see Stopped
echo
type until [ "$(ps -o s= -p $(cat front),$(cat other) | tr -d '\\n')" = TT ]; do sleep 0.05; done; echo both' are stopped'\n
see both are stopped
type fg\n
front front
silent
type hidden\n
see got hidden
see next
type echo status $?\n
see status 0
type exit\n
end
STEPS
  [[ $(grep -aoF hidden screen | wc -l) == 1 ]] || fail "the command's modes were lost"
}

# ctrl_z_stops CODE: what the script does meanwhile.
ctrl_z_stops() {
  script <<<"$p
    spawn(p.run, {'sh', '-c', 'echo \$\$ >part; mv part other; exec sleep 60'})
    spawn(p.run, {'sh', '-c', 'sleep 1; echo more; touch more'})
    p.run {'sh', '-c', 'echo \$PPID >ours'}
    sleep(0.3) io.open('ready', 'w'):close() $1"
  on_bash <<'STEPS'
type "$TINYASYNC" run script.lua\n
file ready
file other
type \x1a
see Stopped
type until [ "$(ps -o s= -p $(cat other))" = T ]; do sleep 0.05; done; echo it' is stopped'\n
see it is stopped
type fg\n
file more
front ours
type \x03
type echo status $?\n
see status 130
type exit\n
end
STEPS
}

t_ctrl_z_stops_commands_in_the_background_and_us() { ctrl_z_stops 'sleep(60)'; }
t_ctrl_z_stops_a_step_that_does_not_end() { ctrl_z_stops 'while true do end'; }

t_a_command_may_stop_itself_and_us() {
  script <<<"$p p.run {'sh', '-c', 'kill -TSTP \$\$; echo it goes on'} print 'next'"
  on_bash <<'STEPS'
type "$TINYASYNC" run script.lua\n
see Stopped
type fg\n
see it goes on
see next
type exit\n
end
STEPS
}

# No shell with job control is there to go on with what was stopped.
t_where_nobody_looks_after_what_is_stopped_it_goes_on() {
  script <<<"$p p.run {'sh', '-c', '$says_it; read x; echo got \$x', stdin = 'inherit'}
    p.run {'sh', '-c', 'kill -TSTP \$\$; echo it goes on'}
    print 'next'"
  in_window "$program" run script.lua <<'STEPS'
front front
type \x1a
type it\n
see got it
see it goes on
see next
end
STEPS
  expect_text ended "exit 0"
}

t_a_run_in_the_background_stops_when_a_command_asks() {
  script <<<"$p p.run {'sh', '-c', 'read x </dev/tty; echo got \$x'} print 'next'"
  on_bash <<'STEPS'
type "$TINYASYNC" run script.lua &\n
see Stopped
type fg\n
see script.lua
type it\n
see got it
see next
type exit\n
end
STEPS
}

# A group whose parents have gone to another session is not stopped: nobody would have it go on.
t_a_command_that_can_never_have_the_terminal_is_ended() {
  script <<<"$p local r = p.try {'sh', '-c', 'read x </dev/tty; echo got \$x', grace = 1}
    print('ended by', r.signal, r.status)"
  script orphan.py <<'PY'
import os, sys
if os.fork() == 0:
    os.setpgid(0, 0)
    while os.getppid() == int(sys.argv[1]): pass
    os.dup2(os.open("said", os.O_WRONLY | os.O_CREAT), 1)
    os.execv(sys.argv[2], sys.argv[2:])
PY
  in_window sh -c 'python3 -c "import os, sys; os.execv(sys.executable, [\"python3\", \"orphan.py\",
      str(os.getpid())] + sys.argv[1:])" "$0" run script.lua
    while ! grep -q ended said; do sleep 0.05; done 2>/dev/null
    echo it has ended; read x' "$program" <<'STEPS'
see it has ended
type \n
end
STEPS
  expect_text said $'ended by\tHUP\tnil'
}

t_bg_leaves_the_terminal_to_the_shell() {
  mkfifo go
  script <<<"$p p.run {'sh', '-c', '$says_it; read x <go; touch gone', stdin = 'inherit'}
    print 'next'"
  on_bash <<'STEPS'
type "$TINYASYNC" run script.lua\n
front front
type \x1a
see Stopped
type bg\n
see script.lua
type echo >go\n
file gone
see next
type echo still $((40 + 2))\n
see still 42
type exit\n
end
STEPS
}

# --------------------------------------------------------------------- SIGHUP

three='for i = 1, 3 do
    spawn(p.run, {"sh", "-c", "echo $$ >pid" .. i .. "; while :; do sleep 0.05; done",
      stdin = i == 3 and MODE or nil})
  end
  sleep(60)'

# closing_ends MODE HOW: the terminal goes while three commands run.
closing_ends() {
  rm -f pid? closed
  script <<<"$p MODE = $1 $closing $three"
  printf '%s\n' 'file pid1' 'file pid2' 'file pid3' close end | in_window "${@:2}"
  wait_for test -s closed
  local n
  for n in 1 2 3; do wait_for is_gone "$(cat pid$n)"; done
}

t_closing_the_terminal_ends_the_run() {
  closing_ends nil "$program" run script.lua
  expect_text ended "signal 1"
}

t_closing_the_terminal_that_a_command_has_ends_the_run() {
  closing_ends '"inherit"' "$program" run script.lua
  expect_text ended "signal 1"
  closing_ends '"inherit"' sh -c '"$0" run script.lua; true' "$program"
}

t_closing_the_terminal_ends_what_a_shell_has_started() {
  closing_ends nil bash --norc --noprofile -c '"$0" run script.lua; true' "$program"
}

t_nohup_is_kept_and_passed_on() {
  script <<<"$p print 'ready'
    print(p.read {'sh', '-c', 'kill -HUP \$\$; kill -HUP \$PPID; grep SigIgn /proc/self/status'})
    sleep(0.1) print 'went on'"
  : >out
  nohup "$program" run script.lua >out 2>err </dev/null || fail "status $?: $(cat err)"
  expect_has out "went on"
  local ignored
  ignored=$(awk '/SigIgn/ { print $2 }' out)
  (((16#$ignored & 1) == 1)) || fail "SIGHUP is not ignored: $ignored"
}

# -------------------------------------------------------------- real programs

t_a_shell_with_job_control_runs_in_front() {
  script <<<"$p p.run {'bash', '--norc', '--noprofile', '--noediting', '-i', stdin = 'inherit'} print 'next'"
  on_shell <<'STEPS'
see #
type sh -c 'echo $$ >job; exec sleep 60'\n
front job
type \x1a
see Stopped
type jobs\n
see Stopped
type kill -KILL $(<job); while kill -0 $(<job) 2>&-; do sleep 0.02; done; echo it is $((40 + 2))\n
see it is 42
see #
type \x03
see #
type exit 0\n
see next
see status 0
STEPS
}

t_python_and_a_pager_run_in_front() {
  seq 1000 >numbers
  script <<<"$p p.run {'python3', '-q', '-i', stdin = 'inherit'} print 'after python'
    p.run {'less', 'numbers', stdin = 'inherit'} print 'after less'"
  on_shell <<'STEPS'
see >>>
type 40 + 2\n
see 42
type \x03
see KeyboardInterrupt
see >>>
type \x04
see after python
see 23
type G
see 1000
type q
see after less
see status 0
STEPS
}

# ----------------------------------------------------- a terminal of its own

t_a_command_on_a_terminal_of_its_own_sees_one_and_we_get_what_it_writes() {
  script <<<"$p local r = p.try {'sh', '-c', 'test -t 0 && test -t 1 && test -t 2 && echo yes;'
      .. 'stty size; echo err >&2; cat; exit 3', pty = true}
    print(r.status, r.stderr, (r.stdout:gsub('\n', '|')))
    print(p.read {'cat', pty = true, stdin = 'no newline'})
    print(#p.read {'seq', '20000', pty = true})
    for line in p.lines {'sh', '-c', 'echo a; echo b', pty = true} do print(line) end"
  run run script.lua
  expect_status 0
  expect_out $'3\tnil\tyes|24 80|err|\nno newline\n108893\na\nb'
}

t_a_terminal_only_when_asked_for() {
  script <<<"$p print(p.try {'tty'}.stdout, p.try {'git', 'log', '-1', cwd = '$root'}.ok)"
  run run script.lua
  expect_has out "not a tty"
}

t_programs_end_when_there_is_nothing_more_to_type() {
  script <<<"$p
    print(select(2, p.read {'python3', '-q', '-i', pty = true, stdin = '40 + 2\n'}:gsub('42', '')))
    print(p.try {'python3', '-q', '-i', pty = true}.status)
    print(p.read {'bash', '--norc', '--noediting', '-i', pty = true, stdin = 'echo \$((40 + 2))\n'}:match '42')
    print(p.read {'top', '-b', '-n1', pty = true}:match '^top' )"
  run run script.lua
  expect_status 0
  expect_out $'1\n0\n42\ntop'
}

t_options_that_a_terminal_leaves_no_room_for_are_refused() {
  script <<<"$p print(pcall(p.run, {'true', pty = true, stderr = 'null'}))
    print(pcall(p.run, {'true', pty = true, detach = true}))
    print(pcall(p.run, p.pipe({'true', pty = true}, {'true'})))"
  run run script.lua
  expect_has out "a command with pty can have no stderr"
  expect_has out "a command with pty can have no detach"
  expect_has out "a stage of a pipeline can have no pty"
}

t_a_command_on_a_terminal_of_its_own_is_stopped_as_others() {
  script <<<"$p
    local signal
    for _, seconds in ipairs {0.3, 3, 30} do
      signal = p.try {'sh', '-c', 'trap \"\" TERM HUP; echo \$\$ >pid; while :; do sleep 0.05; done',
        pty = true, timeout = seconds, grace = 0.2}.signal
      if io.open 'pid' then break end
    end
    print(signal)
    local child = p.spawn {'sh', '-c', 'echo \$\$ >pid2; sleep 60', pty = true, stdin = 'pipe', stdout = 'pipe'}
    while not io.open 'pid2' do sleep(0.01) end
    child:stop() print(child:wait().signal)"
  run run script.lua
  expect_out $'KILL\nTERM'
  is_gone "$(cat pid)" && is_gone "$(cat pid2)" || fail "one lives"
}

t_a_dialogue_with_a_terminal_of_its_own() {
  script <<<"$p
    local child <close> = p.spawn {'sh', '-c', 'stty -echo; printf \"password: \"; read x; echo; echo \"it has \${#x} letters\"',
      pty = true, stdin = 'pipe', stdout = 'pipe'}
    print(child.stdout:read_until ': ')
    child.stdin:write 'secret\n'
    print(child.stdout:read 'a')"
  run run script.lua
  expect_status 0
  expect_out $'password: \n\nit has 6 letters'
}

t_programs_run_on_a_terminal_of_their_own_as_on_ours() {
  seq 1000 >numbers
  script <<<"$p
    p.run {'less', 'numbers', pty = true, stdin = 'inherit'} print 'after less'
    p.run {'python3', '-q', '-i', pty = true, stdin = 'inherit'} print 'after python'
    p.run {'bash', '--norc', '--noprofile', '--noediting', '-i', pty = true, stdin = 'inherit'} print 'after bash'
    p.run {'top', pty = true, stdin = 'inherit'} print 'after top'"
  on_shell <<'STEPS'
see 23
type G
see 1000
type q
see after less
see >>>
type 40 + 2\n
see 42
type \x03
see KeyboardInterrupt
see >>>
type \x04
see after python
see #
type sh -c 'echo $$ >job; exec sleep 60'\n
file job
type \x1a
see Stopped
type kill -KILL $(<job); while kill -0 $(<job) 2>&-; do sleep 0.02; done; echo it is $((40 + 2))\n
see it is 42
see #
type exit 0\n
see after bash
see load average
type q
see after top
see status 0
STEPS
  expect_not_shown "-echo"
  expect_not_shown "-icanon"
}

t_a_pager_that_a_command_starts_works_on_a_terminal_of_its_own() {
  git --version >/dev/null || skip "git is not installed"
  seq 200 >numbers
  script <<<"$p p.run {'git', '-c', 'core.pager=less', 'diff', '--no-color', '--no-index', '/dev/null', 'numbers',
      pty = true, stdin = 'inherit', allow = 1} print 'next'"
  on_shell <<'STEPS'
see +17
type G
see +200
type q
see next
see status 0
STEPS
}

t_ctrl_c_on_a_terminal_of_its_own_ends_the_command_and_the_run() {
  script <<<"$p pcall(p.run, {'sh', '-c', 'echo ready; exec sleep 60', pty = true, stdin = 'inherit'})
    print 'next'"
  on_shell <<'STEPS'
see ready
type \x03
see status 130
STEPS
  expect_not_shown next
  expect_not_shown "-icanon"
}

t_a_window_that_changes_changes_theirs() {
  script <<<"$p p.run {'bash', '-c', 'trap \"stty size; exit\" WINCH; stty size; while :; do sleep 0.1; done', pty = true}"
  on_shell <<'STEPS'
see 24 80
size 40 100
see 40 100
see status 0
STEPS
}

t_who_reads_for_a_terminal_of_its_own_waits_for_ours() {
  script <<<"$p
    async.all {
      function() p.run {'sh', '-c', '$says_it; read x; echo one \$x', stdin = 'inherit'} end,
      function() sleep(0.1) p.run {'sh', '-c', ': >second; read x; echo two \$x', pty = true, stdin = 'inherit'} end,
      function() sleep(0.2) p.run {'sh', '-c', 'echo \$\$ >third; read x; echo three \$x', stdin = 'inherit'} end,
    }"
  on_shell <<'STEPS'
front front
file second
file third
type a\n
see one a
type b\n
see two b
front third
type c\n
see three c
see status 0
STEPS
}

t_a_terminal_of_its_own_is_stopped_with_us() {
  script <<<"$p p.run {'sh', '-c', 'echo \$\$ >pid; read x; echo got \$x', pty = true, stdin = 'inherit'} print 'next'"
  on_bash <<'STEPS'
type "$TINYASYNC" run script.lua & echo $! >ours; fg\n
file pid
type \n
see got
see next
type exit\n
end
STEPS
  rm pid
  on_bash <<'STEPS'
type "$TINYASYNC" run script.lua & echo $! >ours; (while [ ! -e pid ]; do sleep 0.05; done; sleep 0.3; kill -TSTP $(cat ours)) & fg %1\n
file pid
see Stopped
type until [ "$(ps -o s= -p $(cat pid))" = T ]; do sleep 0.05; done; echo it' is stopped'\n
see it is stopped
type fg %1\n
see script.lua
type it\n
see got it
see next
type exit\n
end
STEPS
}

t_what_is_typed_for_a_command_is_not_read_by_us() {
  script <<<"$p
    spawn(function() for line in async.stdin:lines() do print('we got ' .. line) end end)
    sleep(0.05)
    p.run {'sh', '-c', '$says_it; read x; echo got \$x; read x; echo got \$x', stdin = 'inherit'}
    sleep(0.3)
    print 'next'
    p.run {'sh', '-c', 'read x; echo own \$x', stdin = 'inherit', pty = true}
    print 'after'"
  on_shell <<'STEPS'
front front
type one\n
see got one
type two\n
see got two
see next
type three\n
see own three
see after
front shell
type four\n
see we got four
type \x04
see status 0
STEPS
  [[ $(grep -ac "we got" screen) == 1 ]] || fail "we read what was typed for a command"
}

# As C code does that knows nothing of us.
t_reading_the_terminal_while_a_command_has_it_stops_nobody() {
  script <<<"$p
    spawn(p.run, {'sh', '-c', '$says_it; read x; echo got \$x', stdin = 'inherit'})
    while not io.open 'front' do sleep(0.01) end
    print(io.open('/dev/tty'):read())"
  on_bash <<'STEPS'
type "$TINYASYNC" run script.lua\n
front front
see Input/output error
type it\n
see got it
type echo still $((40 + 2))\n
see still 42
type exit\n
end
STEPS
  expect_not_shown Stopped
}

t_os_execute_has_the_terminal() {
  script <<<"os.execute('read x; echo got \$x') os.execute('$says_it; exec sleep 60') print 'next'"
  on_shell <<'STEPS'
type it\n
see got it
front front
type \x03
see status 130
STEPS
  expect_not_shown next
}

# It takes the key, and goes on to its own end.
survives="trap 'echo heard; touch heard' INT; $says_it; until [ -e heard ]; do sleep 0.05; done; echo survived; exit 3"

t_a_command_of_os_execute_that_survives_ctrl_c_goes_on_and_so_does_the_run() {
  script <<<"print(os.execute([[$survives]])) print 'next'"
  on_shell <<'STEPS'
front front
type \x03
see heard
see survived
see nil	exit	3
see next
see status 0
STEPS
}

# Those of io.popen do not have the terminal before they ask: the key is for the run, and for them.
ctrl_c_ends_popen() {
  script <<<"local f = io.popen([[$says_it; exec sleep 60]], '$1') print(f:$2) print 'next' os.execute 'touch next'"
  on_shell <<'STEPS'
file front
type \x03
see status 130
STEPS
  expect_not_shown next
  [[ ! -e next ]] || fail "the next command ran"
  is_gone "$(cat front)" || fail "the command lives"
}

t_ctrl_c_ends_a_read_of_popen_its_command_and_the_run() { ctrl_c_ends_popen r 'read()'; }
t_ctrl_c_ends_a_close_of_popen_its_command_and_the_run() { ctrl_c_ends_popen r 'close()'; }
t_ctrl_c_ends_a_close_of_popen_that_writes_its_command_and_the_run() { ctrl_c_ends_popen w 'close()'; }
t_ctrl_c_ends_popen_where_nothing_can_wait() {
  ctrl_c_ends_popen r 'close(table.sort({1, 2}, function() return f:read() end))'
}

popen_in_front_survives() {
  script <<<"local f = io.popen([[read x </dev/tty; echo got \$x >/dev/tty; $survives]], '$1') print(f:$2) print 'next'"
  on_shell <<'STEPS'
type it\n
see got it
front front
type \x03
see next
see status 0
STEPS
  [[ -e heard ]] || fail "the command did not hear of it"
}

t_a_command_of_popen_that_has_the_terminal_may_survive_ctrl_c_in_a_read() { popen_in_front_survives r "read('a')"; }
t_a_command_of_popen_that_has_the_terminal_may_survive_ctrl_c_in_a_close() { popen_in_front_survives w 'close()'; }

t_a_command_of_popen_that_has_the_terminal_and_is_ended_by_ctrl_c_ends_the_run() {
  script <<<"local f = io.popen('read x </dev/tty; $says_it; exec sleep 60') print(f:close()) print 'next'"
  on_shell <<'STEPS'
type it\n
front front
type \x03
see status 130
STEPS
  expect_not_shown next
}

t_terminals_that_were_made_are_given_back() {
  script <<<"$p
    local function count() return tonumber(p.read {'sh', '-c', 'ls /proc/\$PPID/fd | wc -l'}) end
    local before, all = count(), {}
    for i = 1, 20 do
      p.try {'true', pty = true}
      p.try {'/nowhere', pty = true, stdin = 'text'}
      all[i] = function() async.move_on_after(0.1, p.try, {'sleep', '60', pty = true, stdin = 'x'}) end
    end
    async.all(all)
    print(count() - before)"
  run run script.lua
  expect_status 0
  expect_out 0
}
