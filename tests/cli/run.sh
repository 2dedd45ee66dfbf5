#!/bin/bash
# SPDX-License-Identifier: MIT
#
# run.sh -- what the program does as a program: options, statuses, signals,
# standard streams.
#
#   bash tests/cli/run.sh PROGRAM [WORD]
#
# Each function whose name begins with t_ is a test and runs in a process and a
# folder of its own, a few of them at a time.  With WORD only tests whose name
# contains it.

set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
program=$(realpath "${1:?usage: run.sh PROGRAM [WORD]}")
word=${2:-}
unset LUA_INIT LUA_INIT_5_4 LUA_PATH LUA_PATH_5_4 LUA_CPATH LUA_CPATH_5_4
# Jobs that a shell starts in the background ignore SIGINT unless it has job
# control.
set -m

# shellcheck disable=SC2034 # used by the parts below
root=${here%/tests/cli}
for part in lib usage scripts output process_output streams standard signals terminal dump ending \
  process trace hints completion commands; do
  # shellcheck source=/dev/null
  . "$here/$part.sh"
done

if [[ ${TEST_FOLDER:-} ]]; then
  cd "$TEST_FOLDER" || exit 1
  set -e
  trap end_jobs EXIT
  "$word"
  cd "$TEST_FOLDER" || exit 1
  no_sanitizer_spoke
  exit 0
fi

all=$(mktemp -d)
trap 'rm -rf "$all"' EXIT

# Runs one test; its result goes into the file `result`.
run_test() {
  local test=$1 folder=$all/$1
  mkdir "$folder" "$folder/work"
  if TEST_FOLDER=$folder/work timeout -k 2 60 bash "$here/run.sh" "$program" "$test" \
    >"$folder/why" 2>&1 </dev/null; then
    echo "ok cli/${test#t_}$(sed -n 's/^skipped: / # skipped: /p' "$folder/why")"
  else
    echo "not ok cli/${test#t_}: $(head -c 1500 "$folder/why" | sed '2,$s/^/  /')"
  fi >"$folder/result"
}

running=0
for test in $(compgen -A function t_); do
  [[ $test == *"$word"* ]] || continue
  ((running < 4)) || { wait -n && running=$((running - 1)); }
  run_test "$test" &
  running=$((running + 1))
done 2>/dev/null
wait
cat "$all"/*/result 2>/dev/null
! grep -q '^not ok' "$all"/*/result
