# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# completion.sh -- what the shells offer after some words.

: "${root:?}"

# offered LINE: what bash offers at its end, in one line.
offered_by_bash() {
  bash --norc --noprofile -c '
    . "$1/completions/tinyasync.bash"
    read -ra COMP_WORDS <<<"${2//=/ = }"
    [[ $2 != *" " ]] || COMP_WORDS+=("")
    COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
    _tinyasync
    echo "${COMPREPLY[*]}"' bash "$root" "$1"
}

offered_by_fish() {
  HOME=$PWD fish --no-config -c "source '$root/completions/tinyasync.fish'; complete -C '$1'" |
    cut -f1 | sort | tr '\n' ' ' | sed 's/ $//'
}

# Presses the tab key in a shell on a terminal of zsh's own, and shows the line.
completed_by_zsh() {
  zsh -f -c '
    zmodload zsh/zpty
    zpty -b shell zsh -f -i
    zpty -w shell "fpath=($1/completions \$fpath); autoload -Uz compinit; compinit -u -D; PS1=; stty -echo"
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
    [[ $text =~ "<([^>]*)>" ]] && print -r -- $match[1]' zsh "$root" "$1"
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
