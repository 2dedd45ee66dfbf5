# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Completion of tinyasync's command line for bash.  `make lint` compares the
# commands and options with the program's.

# Is one of the words before the last the script, after which all is the script's?  Its place is
# `script` then.
_tinyasync_has_script() {
  local i
  for ((i = 1; i < COMP_CWORD; i++)); do
    script=$i
    case ${COMP_WORDS[i]} in
      run | completion) ((i == 1)) || return 0 ;;
      --timeout | --grace | --max-memory | --max-step | --seed | --output | --shell | --on-error | --traceback | -e)
        [[ ${COMP_WORDS[i + 1]} == = ]] || ((i++))
        ;;
      --)
        script=$((i + 1))
        ((i + 1 >= COMP_CWORD)) || return 0
        ;;
      =) ((i++)) ;;
      -?*) ;;
      *) return 0 ;;
    esac
  done
  return 1
}

# What the script at this place offers, if its completion was loaded.
_tinyasync_of_script() {
  local how name=${COMP_WORDS[$1]##*/}
  read -ra how < <(complete -p "$name" 2>/dev/null)
  [[ ${#how[@]} -gt 3 && ${how[-3]} == -F ]] || return
  COMP_WORDS=("${COMP_WORDS[@]:$1}")
  ((COMP_CWORD -= $1))
  "${how[-2]}"
}

_tinyasync() {
  local script=0
  local options='--trace --virtual-time --timeout= --grace= --max-memory= --max-step= --warn-slow --on-error= --traceback= --seed= --output= --print-commands -x --allow-read --allow-write --allow-run --allow-net --deny-net -e --shell= --help'
  local commands='run completion help version'
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
  COMPREPLY=()
  # Bash takes --name=value apart.
  if [[ $word == = ]]; then
    word=
  elif [[ $before == = ]]; then
    before=${COMP_WORDS[COMP_CWORD - 2]}
  fi
  if ((COMP_CWORD == 2)) && [[ $before == help ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$commands" -- "$word")
    return
  fi
  if _tinyasync_has_script; then
    [[ ${COMP_WORDS[1]} == completion ]] || _tinyasync_of_script "$script"
    return
  fi
  case $before in
    --on-error) mapfile -t COMPREPLY < <(compgen -W 'continue stop' -- "$word") ;;
    --allow-run) mapfile -t COMPREPLY < <(compgen -c -- "$word") ;;
    --output) mapfile -t COMPREPLY < <(compgen -W 'raw lines group' -- "$word") ;;
    --shell) mapfile -t COMPREPLY < <(compgen -W 'bash zsh fish' -- "$word") ;;
    --traceback) mapfile -t COMPREPLY < <(compgen -W 'on off' -- "$word") ;;
    --timeout | --grace | --max-memory | --max-step | --seed | -e) ;;
    *)
      if [[ $word == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
        [[ ${COMPREPLY[*]} != *= ]] || compopt -o nospace 2>/dev/null
      elif ((COMP_CWORD == 1)); then
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -W "$commands" -- "$word"; compgen -f -- "$word")
      fi
      ;;
  esac
}

complete -o bashdefault -o default -F _tinyasync tinyasync
