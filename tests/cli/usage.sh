# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# usage.sh -- commands and options, and what cannot be started.

t_without_a_command_the_usage_is_shown() {
  run
  expect_status 2
  expect_out ""
  expect_has err "Usage: tinyasync"
}

t_help_names_the_commands() {
  run help
  expect_status 0
  expect_err ""
  for command in run completion help version; do expect_has out "  $command"; done
  cp out first
  run --help
  cmp -s out first || fail "--help says something else"
}

t_help_is_there_for_each_command() {
  for command in run completion help version; do
    run help $command
    expect_status 0
    expect_has out "Usage: tinyasync $command"
  done
  run help fly
  expect_refused "unknown command 'fly' (see 'tinyasync help')"
}

t_version_names_the_program_and_lua() {
  run version
  expect_status 0
  grep -qE '^tinyasync [0-9.]+$' out || fail "$(cat out)"
  grep -qE '^Lua 5\.4\.[0-9]+' out || fail "$(cat out)"
  [[ $(wc -l <out) == 2 ]] || fail "$(cat out)"
}

t_without_descriptors_it_says_so() {
  status=0
  (ulimit -n 4 && exec "$program" run -e '') >out 2>err || status=$?
  expect_refused "cannot start the event loop: "
}

t_an_unknown_command_names_the_nearest() {
  run rum
  expect_refused "unknown command 'rum', did you mean 'run'?"
  run verison
  expect_refused "did you mean 'version'?"
  run hepl
  expect_refused "did you mean 'help'?"
  run xyzzyxyzzy
  expect_refused "unknown command 'xyzzyxyzzy'"
}

t_a_script_without_its_ending_is_named() {
  script breakfast.lua <<<'print "tea"'
  script ran.lua <<<'print "tea"'
  run breakfast
  expect_refused "unknown command 'breakfast', did you mean 'breakfast.lua'?"
  run ran
  expect_refused "did you mean 'ran.lua'?"
  run help breakfast
  expect_refused "unknown command 'breakfast' (see 'tinyasync help')"
}

# A third of the letters may be wrong.
t_nothing_is_suggested_that_is_not_near() {
  local word
  for word in test check foo bar get halt urn1 ''; do
    run "$word"
    expect_refused "unknown command '$word'"
    ! has err "did you mean" || fail "$(cat err)"
  done
  for word in --verbose --help-me --quiet --eval; do
    run run $word x.lua
    expect_refused "unknown option '$word'"
    ! has err "did you mean" || fail "$(cat err)"
  done
}

t_v_and_version_name_the_version() {
  run version
  cp out first
  for option in -v --version; do
    run $option
    expect_status 0
    cmp -s out first || fail "$option says $(cat out)"
  done
}

t_a_word_too_many_is_refused() {
  local words word
  for words in 'version x' '-v x' '--version x y' 'version help'; do
    # shellcheck disable=SC2086 # they are words
    run $words
    word=$(cut -d' ' -f2 <<<"$words")
    expect_refused "version: unexpected '$word' (see 'tinyasync help version')"
  done
  for words in 'help run x' '-h version x' '--help help x y' 'help fly x'; do
    # shellcheck disable=SC2086
    run $words
    expect_refused "help: unexpected 'x' (see 'tinyasync help help')"
  done
}

t_an_unknown_option_names_the_nearest() {
  run run --virtual-tme x.lua
  expect_refused "unknown option '--virtual-tme', did you mean '--virtual-time'?"
  run run --timout=3 x.lua
  expect_refused "did you mean '--timeout'?"
  run run --xyzzyxyzzy x.lua
  expect_refused "unknown option '--xyzzyxyzzy'"
  run run -y x.lua
  expect_refused "unknown option '-y'"
}

t_a_missing_value_is_told() {
  run run
  expect_refused "expected a script"
  run run --timeout
  expect_refused "--timeout: expected a value"
  run run --grace
  expect_refused "--grace: expected a value"
  run run -e
  expect_refused "-e: expected CODE"
  run run --virtual-time=yes -e ''
  expect_refused "--virtual-time takes no value"
}

t_a_bad_value_is_told() {
  local value option
  for option in --timeout --grace; do
    for value in abc -1 nan '' 1s '1 2'; do
      run run "$option=$value" -e ''
      expect_refused "$option: expected a number of seconds, got '$value'"
    done
  done
  for value in x '' 1.5 99999999999999999999; do
    run run "--seed=$value" -e ''
    expect_refused "--seed: expected a whole number, got '$value'"
  done
  run run --trace=yaml -e ''
  expect_refused "--trace: expected text"
  run run --trace=json -e ''
  expect_refused "got 'json'"
  run run --traceback=maybe -e ''
  expect_refused "--traceback: expected on or off, got 'maybe'"
  run run --on-error=panic -e ''
  expect_refused "--on-error: expected stop or continue, got 'panic'"
}

# What `help run` lists is taken, in both spellings where it wants a value.
t_every_option_that_help_lists_works() {
  local option count=0
  run help run
  cp out options
  while read -r option; do
    count=$((count + 1))
    case $option in
      --trace | --virtual-time) run run "$option" -e 'print "ran"' ;;
      --timeout | --grace | --seed) run run "$option" 7 "$option=7" -e 'print "ran"' ;;
      --max-memory) run run "$option" 100M "$option=1G" -e 'print "ran"' ;;
      --max-step) run run "$option" 20 "$option=30" -e 'print "ran"' ;;
      --warn-slow) run run "$option" "$option=20" -e 'print "ran"' ;;
      --on-error) run run "$option" stop "$option=continue" -e 'print "ran"' ;;
      --output) run run "$option" lines "$option=raw" -e 'print "ran"' ;;
      --print-commands) run run "$option" -x -e 'print "ran"' ;;
      --allow-read | --allow-write) run run "$option" "$option=." -e 'print "ran"' ;;
      --allow-run) run run "$option" "$option=sh" -e 'print "ran"' ;;
      --allow-net | --deny-net) run run "$option" "$option=host:80" -e 'print "ran"' ;;
      --traceback) run run "$option" off "$option=on" -e 'print "ran"' ;;
      --help)
        run run --help
        cmp -s out options || fail "run --help and help run differ"
        continue
        ;;
      *) fail "no test knows $option" ;;
    esac
    expect_status 0
    expect_out ran
  done < <(grep -oE '^ .{0,6}--[a-z-]+' options | grep -oE -- '--[a-z-]+')
  ((count >= 7)) || fail "help run lists $count options"
  expect_has options "-e CODE"
}

t_a_missing_script_is_told() {
  run run none.lua
  expect_refused "none.lua"
  expect_has err "No such file or directory"
}

t_a_folder_is_no_script() {
  mkdir folder
  run run folder
  expect_refused "folder"
}

t_an_unreadable_script_is_told() {
  ((EUID != 0)) || skip "root reads everything"
  script <<<'print(1)'
  chmod 0 script.lua
  run run script.lua
  expect_refused "Permission denied"
}

t_a_syntax_error_is_told_with_its_line() {
  script <<<$'print(1)\nlocal = 2'
  run run script.lua
  expect_refused "script.lua:2:"
  run run -e 'local = 2'
  expect_refused "-e:1:"
  run run - <<<'local = 2'
  expect_refused "stdin:1:"
}

t_precompiled_bytecode_is_refused() {
  lua5.4 -e 'io.write(string.dump(function() print "no" end))' >script.lua
  run run script.lua
  expect_refused "precompiled bytecode"
  run run - <script.lua
  expect_refused "precompiled bytecode"
  { echo '#!/usr/bin/env tinyasync'; cat script.lua; } >behind.lua
  run run behind.lua
  expect_refused "precompiled bytecode"
}
