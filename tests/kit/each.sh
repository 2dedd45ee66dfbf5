#!/bin/bash
# SPDX-License-Identifier: MIT
#
# each.sh -- runs each line of standard input as a command of bash, some at a time.
#
#   bash tests/kit/each.sh FOLDER SECONDS
#
# The status of the command in line N goes into FOLDER/N.  One that takes longer than
# SECONDS is killed, and its status is 137.  A command that begins with exec costs one
# process.

set -u
folder=$1
longest=$2
lanes=$(($(nproc 2>/dev/null || echo 2) + 1))

# A shell without job control has what it starts in the background ignore SIGINT.
set -m

# Which line a process runs, and since when.
declare -A line_of=() began=()

# forget_ended MOST: whether no more than MOST are left.
forget_ended() {
  local pid status
  for pid in "${!line_of[@]}"; do
    if kill -0 "$pid"; then continue; fi
    status=0
    wait "$pid" || status=$?
    echo "$status" >"$folder/${line_of[$pid]}"
    unset "line_of[$pid]" "began[$pid]"
  done
  ((${#line_of[@]} <= $1))
}

# Each second a wait ends with this.
tick() {
  local pid
  [[ -z $ticker ]] || ! kill -0 "$ticker" || return
  for pid in "${!began[@]}"; do
    ((EPOCHSECONDS - began[$pid] < longest)) || kill -KILL -- "-$pid"
  done
  sleep 1 >/dev/null 3>&- &
  ticker=$!
}
ticker=
trap 'kill "$ticker"' EXIT

# run_until_left MOST
run_until_left() {
  until forget_ended "$1"; do
    tick
    wait -n
  done
}

# What the shell says of those that are killed goes nowhere.
exec 3>&2 2>/dev/null

number=0
while IFS= read -r line; do
  number=$((number + 1))
  eval "$line" </dev/null 2>&3 3>&- &
  line_of[$!]=$number
  began[$!]=$EPOCHSECONDS
  run_until_left $((lanes - 1))
done
run_until_left 0
exit 0 # whatever the last one to end has said
