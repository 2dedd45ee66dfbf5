# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# gates.sh -- what a script may reach: --allow-read, --allow-write, --allow-run, --allow-net and
# --deny-net, and the wall that the kernel has behind them.

: "${program:?}" "${here:?}" "${root:?}"

# Files that examples of gates.lua reach, or not.
make_examples() {
  mkdir -p "$1"
  echo a=1 >"$1/there"
  ln -s there "$1/link"
  echo 'return 1' >"$1/module.txt"
  : >"$1/to_remove" >"$1/to_remove_too" >"$1/to_rename" >"$1/to_rename_too"
}

walk_table() { # HOW OPTIONS ...
  run run "${@:2}" "$here/gates.lua" "$1" "$root/src/io/gate.c" "$PWD/reached"
  expect_err ""
  expect_out "done"
}

t_every_function_that_reaches_something_has_a_row_among_the_gates() {
  walk_table names
}

# Not even where no kernel helps.
t_every_function_of_the_table_is_refused_what_is_not_allowed() {
  make_examples reached
  export TINYASYNC_LANDLOCK=off
  walk_table refused --allow-read="$root/src/io/gate.c"
  [[ $(cd reached && echo *) == "link module.txt there to_remove to_remove_too to_rename to_rename_too" ]] ||
    fail "changed: $(ls reached)"
}

t_every_function_of_the_table_does_what_is_allowed() {
  make_examples reached
  walk_table allowed --allow-read --allow-write --allow-run --allow-net
}

t_where_nothing_is_allowed_by_name_everything_is() {
  make_examples reached
  walk_table allowed
}

t_denying_the_network_closes_nothing_else() {
  make_examples reached
  walk_table allowed --deny-net
}
