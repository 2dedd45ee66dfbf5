#!/bin/bash
# SPDX-License-Identifier: MIT
#
# run.sh -- what the program does as a program: options, statuses, signals,
# standard streams.
#
#   bash tests/cli/run.sh PROGRAM [WORD]
#
# Each function whose name begins with t_ is a test and runs in a process and a
# folder of its own, some of them at a time: they wait more than they work.  With
# WORD only tests whose name contains it.

set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck disable=SC2034 # used by the parts below
program=$(realpath "${1:?usage: run.sh PROGRAM [WORD]}")
word=${2:-}
unset LUA_INIT LUA_INIT_5_4 LUA_PATH LUA_PATH_5_4 LUA_CPATH LUA_CPATH_5_4
lanes=$((2 + 3 * $(nproc 2>/dev/null || echo 2)))
longest=320 # seconds, of a loaded machine and a sanitizer

all=$(mktemp -d)
trap 'rm -rf "$all"' EXIT

# shellcheck disable=SC2034 # used by the parts below
root=${here%/tests/cli}
never=$all/never # nobody writes there
mkfifo "$never"

# shellcheck source=tests/kit/python.sh
. "$root/tests/kit/python.sh" "$all"

for part in lib usage scripts output process_output streams standard signals terminal taken limits \
  asking dump ending process trace hints completion commands files kit modules threads net tls \
  names gates; do
  # shellcheck source=/dev/null
  . "$here/$part.sh"
done

# be_test TEST FOLDER: in a subshell.  Jobs that a shell starts in the background ignore
# SIGINT unless it has job control.
be_test() {
  TEST_FOLDER=$2/work
  cd "$TEST_FOLDER" || exit 1
  echo "$EPOCHSECONDS $BASHPID" >"$2/running"
  exec 9>&1
  set -m
  set -e
  trap end_jobs EXIT
  "$1"
  cd "$TEST_FOLDER" || exit 1
  no_sanitizer_spoke
}

# Runs one test; its result goes into the file `result`.
run_test() {
  local test=$1 folder=$all/$1 status why
  (be_test "$test" "$folder") >"$folder/why" 2>&1 </dev/null
  status=$?
  : >"$folder/running" # nobody watches over it any more
  if ((status == 0)); then
    read -r why <"$folder/why" || true
    [[ $why == "skipped: "* || $why == "note: "* ]] || why=
    echo "ok cli/${test#t_}${why:+ # $why}"
  else
    echo "not ok cli/${test#t_}: $(head -c 1500 "$folder/why" | sed '2,$s/^/  /')"
  fi >"$folder/result"
}

# end_overdue FILE: its test has run for too long; a little later it is killed.
end_overdue() {
  local began test
  read -r began test <"$1" || return
  ((EPOCHSECONDS - began >= longest)) || return
  echo "it did not end within $longest seconds" >>"${1%/running}/why"
  kill -TERM "$test"
  ((EPOCHSECONDS - began < longest + 2)) || kill -KILL "$test"
}

watch_over_tests() {
  local file
  while :; do
    read -rt 1 <>"$never" || true
    for file in "$all"/t_*/running; do [[ -s $file ]] && end_overdue "$file"; done
  done
}

# First those that take long.
names() {
  printf 't_%s\n' "${first[@]}"
  compgen -A function t_ | grep -vxFf <(printf 't_%s\n' "${first[@]}")
}
first=(a_kill_at_any_moment_leaves_no_command)

mapfile -t tests < <(names | grep -F -- "$word")
folders=("${tests[@]/#/$all/}")
((${#tests[@]} == 0)) || mkdir "${folders[@]}" "${folders[@]/%//work}"

watch_over_tests 2>/dev/null &
watcher=$!
running=0
for test in "${tests[@]}"; do
  ((running < lanes)) || { wait -n && running=$((running - 1)); }
  run_test "$test" &
  running=$((running + 1))
done 2>/dev/null
while ((running-- > 0)); do wait -n; done
kill "$watcher"
cat "$all"/*/result 2>/dev/null
! grep -q '^not ok' "$all"/*/result
