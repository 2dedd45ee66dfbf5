# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# lib.sh -- what the tests are written with.  A test ends at the first
# expectation that is not met.

# Set by run.sh: the program, the folder of these files, the repository's root, a fifo that
# nobody writes to.  There are hundreds of tests: what a shell can do without starting another
# process it does so here.
: "${program:?}" "${here:?}" "${root:?}" "${never:?}"

# What is wrong goes past the redirections of whoever calls, to descriptor 9.
fail() {
  echo "${the_case:+[$the_case] }$*" >&9
  exit 1
}

skip() {
  echo "skipped: $*"
  exit 0
}

# at FOLDER [WORDS]: goes to a folder of its own, for one of several cases that
# run side by side; failures there begin with the words.
the_case=
at() {
  the_case=${2:-$1}
  [[ -d $TEST_FOLDER/$1 ]] || mkdir -p "$TEST_FOLDER/$1"
  cd "$TEST_FOLDER/$1" || fail "no folder $1"
}

# Writes its input to script.lua, or to the file named.
script() {
  local text
  IFS= read -rd '' text || true
  printf %s "$text" >"${1:-script.lua}"
}

# read_text FILE: into $text, without zeros and newlines at its end.
read_text() {
  local parts=()
  mapfile -d '' parts <"$1"
  printf -v text %s "${parts[@]}"
  while [[ $text == *$'\n' ]]; do text=${text%$'\n'}; done
}

# Runs the program; its output goes to the files out and err, its status to
# $status.
run() {
  status=0
  timeout -k 1 "$patience" "$program" "$@" >out 2>err || status=$?
}

# Seconds: nothing waits for ever, and no test expects it to end for that.
patience=280

# run_late OPTIONS...: as run, with a time-out that is over after the script came to $began:
# where a machine takes its time before that, once more with a longer one.  Commands find it in
# $LATE.
# shellcheck disable=SC2034 # used by the tests
began='io.open("began", "w"):close()'
run_late() {
  local seconds
  for seconds in 0.4 3 20; do
    rm -f began closed
    LATE=$seconds run run "--timeout=$seconds" "$@"
    [[ ! -e began ]] || break
  done
}

expect_status() {
  [[ $status == "$1" ]] || fail "status: expected $1, got $status; stderr: $(head -c 400 err)"
}

# expect_text FILE TEXT: the whole file, but for a newline at its end.
expect_text() {
  local text
  [[ -e $1 ]] || fail "there is no file $1; stderr: $(head -c 400 err)"
  read_text "$1"
  [[ $text == "$2" ]] ||
    fail "$1: expected"$'\n'"$2"$'\n'"got"$'\n'"$(head -c 800 "$1")"
}

expect_out() { expect_text out "$1"; }
expect_err() { expect_text err "$1"; }

# expect_has FILE TEXT
expect_has() {
  local text
  read_text "$1"
  [[ $text == *"$2"* ]] || fail "$1: expected '$2' somewhere in: $(head -c 800 "$1")"
}

# The program refused to start, and said why in one line.
expect_refused() {
  expect_status 2
  expect_out ""
  [[ $(wc -l <err) == 1 ]] || fail "expected one line, got: $(cat err)"
  expect_has err tinyasync
  expect_has err "$1"
}

# rest SECONDS: sleeps.
rest() { read -rt "$1" <>"$never" || true; }

# Runs a command again and again until it succeeds, for a minute.
wait_for() {
  local since=$SECONDS
  while ((SECONDS - since < 60)); do
    "$@" && return
    rest 0.02
  done
  fail "waited in vain for: $*; stderr: $(head -c 400 err)"
}

# For a command that run() is not made for.
expect_status_of() {
  status=0
  "${@:2}" || status=$?
  expect_status "$1"
}

# It may have ended, and wait for whoever reaps orphans.
is_gone() { ! kill -0 "$1" 2>/dev/null || [[ $(ps -o stat= -p "$1") == Z* ]]; }

# has FILE TEXT: asked often, so without another process.
has() {
  local text=
  [[ ! -e $1 ]] || read -rd '' text <"$1" || true
  [[ $text == *"$2"* ]]
}

# shell_words ARGUMENTS: the arguments as one line for sh(1), whatever shell that is:
# $'...', as printf's %q writes it, is not for every one.
shell_words() {
  local word
  for word; do
    printf "'%s' " "${word//\'/\'\\\'\'}"
  done
}

# Starts "run ARGUMENTS" in the background; stop() sends it a signal.
start() {
  rm -f pid ended go
  : >out
  : >err
  lua5.4 -E "$here/how.lua" "$(shell_words "$program" run "$@")" >out 2>err </dev/null &
}

stop() {
  local ours
  read -r ours <pid
  kill "-$1" "$ours"
}

# The program has heard of what it was sent: none of INT, TERM and HUP waits for it, and their
# handler has returned.  Or it has ended.
has_heard() {
  local ours text set
  read -r ours <pid
  { text=$(<"/proc/$ours/status"); } 2>/dev/null || return 0
  for set in SigPnd ShdPnd SigBlk; do
    [[ $text =~ $set:[[:space:]]*([0-9a-f]+) ]] || return 0
    (((16#${BASH_REMATCH[1]} & 0x4003) == 0)) || return 1
  done
}

# stop_again SIGNAL: late enough to be the second one.
stop_again() {
  wait_for has_heard
  rest 0.3
  stop "$1"
}

# What our program has computed so far: $spent hundredths of a second.
look_at_processor() {
  local ours text fields
  read -r ours <pid
  { read -r text <"/proc/$ours/stat"; } 2>/dev/null || return 0
  read -ra fields <<<"${text##*) }"
  spent=$((fields[11] + fields[12]))
}

# Waits until a program that computes has gone on to do so: what it said before lies behind it.
computes_on() {
  local spent=0 goal
  look_at_processor
  goal=$((spent + 4))
  wait_for has_computed "$goal"
}

# has_computed GOAL
has_computed() { look_at_processor && ((spent >= $1)); }

# What a script must not do too early waits until tell() is called: with $told
# in its first line it goes on after $till_told, or is busy in $busy_till_told.
# shellcheck disable=SC2034 # used by the tests
{
  told='local function told(how) local file = io.open(how or "go") return file and file:close() end'
  till_told='while not told() do sleep(0.01) end'
  till_left='while not told "left" do sleep(0.01) end'
  busy_till_told='for i = 1, math.huge do if i % 100000 == 0 and told() then break end end'
}
tell() { : >go; }

# expect_end HOW: as how.lua says it, be it "exit 3" or "signal 2".
expect_end() {
  local how
  wait_for test -s ended
  read -r how <ended || true
  [[ $how == "$1" ]] || fail "expected $1, got $how; stderr: $(head -c 400 err)"
}

# start_for_one_line ARGUMENTS: as start, but whoever reads the output leaves
# after a line; then there is a file named left.
start_for_one_line() {
  rm -f pid ended left
  : >out
  : >err
  lua5.4 -E "$here/how.lua" "$(shell_words "$program" run "$@")" 2>err </dev/null | {
    head -n 1
    exec <&-
    : >left
  } >out &
}

# Nothing that a test started may outlive it.  With job control each job is a
# group of processes.
end_jobs() {
  local group
  for group in $(jobs -p); do kill -KILL -- "-$group" 2>/dev/null || true; done
}

sanitized=
! grep -q __asan_init "$program" || sanitized=yes
is_sanitized() { [[ $sanitized ]]; }

no_sanitizer_spoke() {
  local search=(grep -raE --exclude=tinyasync 'Sanitizer|runtime error:' .)
  ! is_sanitized || ! "${search[@]}" -q || fail "$("${search[@]}" -A20)"
}

# Does this run take a part of the sweeps only?
takes_part() { [[ ${TA_TEST_PART:-} == */* ]]; }

# part_has NUMBER [COUNT]: is what has that number, counted from 0, in the part of a sweep that
# this run takes, as in tests/kit/part.h?  Of COUNT things it has one at least.
part_has() {
  takes_part || return 0
  local each=${TA_TEST_PART#*/} first=${TA_TEST_PART%/*}
  ((${2:-each} >= each)) || each=$2
  (($1 % each == first % each))
}

# preload NAME <SOURCE: builds NAME.so, which takes calls from the C library: see preload.h.
preload() {
  command -v cc >/dev/null || skip "no C compiler"
  ! is_sanitized || skip "a sanitizer wants to be loaded first"
  cat >"$1.c"
  cc -D_GNU_SOURCE -I"$here" -shared -fPIC -o "$1.so" "$1.c" -ldl 2>/dev/null || skip "cannot build it"
}
