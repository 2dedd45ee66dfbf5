# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# completion.sh -- what the shells offer after some words.

: "${root:?}" "${program:?}" "${patience:?}"

# Where shells have it from: ours, or a script's in the file `made`.
completion=

# offered LINE: what bash offers at its end, in one line.
offered_by_bash() {
  bash --norc --noprofile -c '
    . "$1"
    read -ra COMP_WORDS <<<"${2//=/ = }"
    [[ $2 != *" " ]] || COMP_WORDS+=("")
    COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
    read -ra how < <(complete -p "${COMP_WORDS[0]}")
    "${how[-2]}"
    echo "${COMPREPLY[*]}"' bash "${completion:-$root/completions/tinyasync.bash}" "$1"
}

offered_by_fish() {
  HOME=$PWD fish --no-config \
    -c "source '${completion:-$root/completions/tinyasync.fish}'; complete -C '$1'" |
    cut -f1 | sort | tr '\n' ' ' | sed 's/ $//'
}

# Presses the tab key in a shell on a terminal of zsh's own, and shows the line.
completed_by_zsh() {
  zsh -f -c '
    zmodload zsh/zpty
    zpty -b shell zsh -f -i
    zpty -w shell "fpath=($1/completions \$fpath); autoload -Uz compinit; compinit -u -D; ${3:+. $3;} PS1=; stty -echo"
    zpty -w shell "show() { print -r -- \"<\$BUFFER>\"; BUFFER=; zle accept-line }; zle -N show; bindkey ^X show; print ready-\$((1+1))"
    text=
    for ((i = 0; i < 500; i++)); do
      zpty -r -t shell piece && text+=$piece
      [[ $text == *ready-2* ]] && break
      sleep 0.02
    done
    text=
    zpty -n -w shell "$2"$'"'\t\x18'"'
    for ((i = 0; i < 500; i++)); do
      zpty -r -t shell piece && text+=$piece
      [[ $text == *\<*\>* ]] && break
      sleep 0.02
    done
    [[ $text =~ "<([^>]*)>" ]] && print -r -- $match[1]' zsh "$root" "$1" "${completion:+$PWD/$completion}"
}

offers() {
  local got
  got=$("$1" "$2")
  [[ $got == "$3" ]] || fail "$1 '$2': expected '$3', got '$got'"
}

t_bash_completes_the_command_line() {
  : >runner.lua
  offers offered_by_bash 'tinyasync ver' 'version'
  offers offered_by_bash 'tinyasync r' 'run runner.lua'
  offers offered_by_bash 'tinyasync help v' 'version'
  offers offered_by_bash 'tinyasync run --t' '--trace --timeout= --traceback='
  offers offered_by_bash 'tinyasync --vir' '--virtual-time'
  offers offered_by_bash 'tinyasync run --on-error=' 'continue stop'
  offers offered_by_bash 'tinyasync run --on-error=s' 'stop'
  offers offered_by_bash 'tinyasync run --on-error s' 'stop'
  offers offered_by_bash 'tinyasync --traceback=off --gr' '--grace='
  offers offered_by_bash 'tinyasync --seed 7 --virt' '--virtual-time'
  offers offered_by_bash 'tinyasync run x.lua --t' ''
  offers offered_by_bash 'tinyasync x.lua --t' ''
  offers offered_by_bash 'tinyasync run run --t' ''
}

t_fish_completes_the_command_line() {
  command -v fish >/dev/null || skip "no fish"
  offers offered_by_fish 'tinyasync ver' 'version'
  offers offered_by_fish 'tinyasync help v' 'version'
  offers offered_by_fish 'tinyasync run --t' '--timeout --trace --traceback'
  offers offered_by_fish 'tinyasync run --on-error ' 'continue stop'
  offers offered_by_fish 'tinyasync --vir' '--virtual-time'
}

t_zsh_completes_the_command_line() {
  command -v zsh >/dev/null || skip "no zsh"
  offers completed_by_zsh 'tinyasync vers' 'tinyasync version '
  offers completed_by_zsh 'tinyasync run --vir' 'tinyasync run --virtual-time '
  offers completed_by_zsh 'tinyasync --on-error=st' 'tinyasync --on-error=stop '
  : >runner.lua
  offers completed_by_zsh 'tinyasync run runn' 'tinyasync run runner.lua '
}

# ------------------------------------------------------------- a script's own

# make_completion SHELL: of a script with commands and options, into the file `made`.
make_completion() {
  script tool.lua <<'LUA'
print "printed before"
sleep(0.01)
local options = async.args{
  {"-v, --verbose...", "say more [much]: it's \"more\""},
  {"-f, --format", "what to write", choices = {"png", "jpg", "a b"}},
  {"--when[=WHEN]", choices = {"always", "never"}},
  {command = "convert", "Convert files.",
    {"-j, --jobs=N", "how many", type = "integer"},
    {"KIND", choices = {"photo", "scan"}},
    {"FILE..."}},
  {command = "remote", "Look after others.",
    {command = "add", "One more.", {"NAME", complete = "nothing"}, {"--url=URL"}},
    {command = "rename", "One less."}},
}
print "printed after"
LUA
  run completion tool.lua "--shell=$1"
  expect_status 0
  expect_err "printed before"
  cp out made
  completion=made
  : >file.txt
}

t_bash_completes_a_script_s_command_line() {
  make_completion bash
  offers offered_by_bash 'tool.lua ' 'convert remote'
  offers offered_by_bash 'tool.lua --ver' '--verbose'
  offers offered_by_bash 'tool.lua --format=' 'png jpg a\ b'
  offers offered_by_bash 'tool.lua -f p' 'png'
  offers offered_by_bash 'tool.lua --when ' 'convert remote'
  offers offered_by_bash 'tool.lua --when=a' 'always'
  offers offered_by_bash 'tool.lua --format convert ' 'convert remote'
  offers offered_by_bash 'tool.lua -v --format=png con' 'convert'
  offers offered_by_bash 'tool.lua convert ' 'photo scan'
  offers offered_by_bash 'tool.lua convert --j' '--jobs='
  offers offered_by_bash 'tool.lua convert --for' '--format='
  offers offered_by_bash 'tool.lua convert -j 3 photo fi' 'file.txt'
  offers offered_by_bash 'tool.lua remote ' 'add rename'
  offers offered_by_bash 'tool.lua remote add --' '--url= --help --verbose --format= --when'
  offers offered_by_bash 'tool.lua remote add ' ''
  offers offered_by_bash 'tool.lua convert -- -' ''
}

t_fish_completes_a_script_s_command_line() {
  command -v fish >/dev/null || skip "no fish"
  make_completion fish
  offers offered_by_fish 'tool.lua ' 'convert remote'
  offers offered_by_fish 'tool.lua --format p' 'png'
  offers offered_by_fish 'tool.lua --format convert re' 'remote'
  offers offered_by_fish 'tool.lua convert ' 'photo scan'
  offers offered_by_fish 'tool.lua convert --j' '--jobs'
  offers offered_by_fish 'tool.lua convert photo fi' 'file.txt'
  offers offered_by_fish 'tool.lua remote ' 'add rename'
  offers offered_by_fish 'tool.lua remote add --u' '--url'
  offers offered_by_fish 'tool.lua remote add fi' ''
}

t_zsh_completes_a_script_s_command_line() {
  command -v zsh >/dev/null || skip "no zsh"
  make_completion zsh
  offers completed_by_zsh 'tool.lua conv' 'tool.lua convert '
  offers completed_by_zsh 'tool.lua --form' 'tool.lua --format='
  offers completed_by_zsh 'tool.lua --format=j' 'tool.lua --format=jpg '
  offers completed_by_zsh 'tool.lua convert photo fi' 'tool.lua convert photo file.txt '
  offers completed_by_zsh 'tool.lua remote re' 'tool.lua remote rename '
  offers completed_by_zsh 'tool.lua remote add --ur' 'tool.lua remote add --url='
}

t_a_script_s_words_are_completed_after_tinyasync_too() {
  make_completion bash
  cat "$root/completions/tinyasync.bash" >>made
  offers offered_by_bash 'tinyasync run --seed=1 tool.lua ' 'convert remote'
  offers offered_by_bash 'tinyasync ./tool.lua --format=' 'png jpg a\ b'
  offers offered_by_bash 'tinyasync -- tool.lua convert --j' '--jobs='
  offers offered_by_bash 'tinyasync run other.lua --j' ''
  offers offered_by_bash 'tinyasync completion tool.lua con' ''
  if command -v fish >/dev/null; then
    make_completion fish
    cat "$root/completions/tinyasync.fish" >>made
    offers offered_by_fish 'tinyasync run --seed 1 tool.lua con' 'convert'
    offers offered_by_fish 'tinyasync ./tool.lua remote re' 'rename'
    offers offered_by_fish 'tinyasync tool.lua convert --j' '--jobs'
  fi
  command -v zsh >/dev/null || return 0
  make_completion zsh
  offers completed_by_zsh 'tinyasync run tool.lua conv' 'tinyasync run tool.lua convert '
  offers completed_by_zsh 'tinyasync ./tool.lua --form' 'tinyasync ./tool.lua --format='
  offers completed_by_zsh 'tinyasync tool.lua remote re' 'tinyasync tool.lua remote rename '
  offers completed_by_zsh 'tinyasync run other.lua file.t' 'tinyasync run other.lua file.txt '
}

t_completion_is_of_the_shell_in_use_unless_one_is_named() {
  script tool.lua <<<'async.args{{"--one", "an option"}}'
  for shell in bash zsh fish; do
    SHELL=/usr/bin/$shell run completion tool.lua
    expect_status 0
    expect_has out "Completion of tool.lua for $shell"
  done
  SHELL=/bin/sh run completion tool.lua
  expect_refused "expected --shell=bash, zsh or fish"
  run completion --shell=csh tool.lua
  expect_refused "--shell: expected bash, zsh or fish, got 'csh'"
  run completion
  expect_refused "expected a script's name"
  run completion tool.lua more --shell=bash
  expect_refused "unexpected 'more'"
}

t_completion_runs_a_script_up_to_its_args_and_no_further() {
  script <<<'io.open("ran", "w"):close()'
  run completion script.lua --shell=bash
  expect_status 1
  expect_err "tinyasync: script.lua does not call async.args(), and was not run"
  [[ ! -e ran ]] || fail "it was run"
  script <<<'-- args: none'
  run completion script.lua --shell=bash
  expect_status 1
  expect_err "tinyasync: script.lua has not called async.args()"
  script <<<'local args = error "broken"'
  run completion script.lua --shell=bash
  expect_status 1
  expect_has err "script.lua:1: broken"
  [[ ! -s out ]] || fail "$(cat out)"
  script <<<'async.args{{"--one", "an option"}}'
  timeout -k 1 "$patience" "$program" completion script.lua --shell=bash >/dev/full 2>err &&
    fail "it succeeded"
  expect_err "tinyasync: cannot write to standard output: No space left on device"
  run completion none.lua --shell=bash
  expect_status 2
  expect_has err "cannot open none.lua"
}

t_completion_looks_for_the_word_in_a_whole_file() {
  local before
  for before in {4072..4078}; do
    printf 'local _ = "%*s" async.args{{"--one"}}' "$before" "" >split.lua
    run completion split.lua --shell=bash
    expect_status 0
    expect_has out --one
  done
  "$program" completion --shell=bash <(echo 'async.args{{"--one"}}') >out 2>err ||
    fail "$(cat err)"
  expect_has out --one
  mkdir directory
  run completion directory --shell=bash
  expect_status 2
  expect_has err "directory"
}

t_completion_does_not_wait_for_ever_and_gives_the_shell_nothing_else() {
  script <<<'-- args: later
print "rm -rf x" os.execute "echo evil" async.process.run{"echo", "evil"} sleep(3600)'
  run completion script.lua --shell=bash
  expect_status 124
  expect_has err "tinyasync: script.lua has not called async.args() in 5 seconds"
  [[ ! -s out ]] || fail "$(cat out)"
}
