#!/bin/bash
# SPDX-License-Identifier: MIT
#
# run.sh -- the core in other people's event loops, as a library and as a module of
# Lua's.
#
#   bash tests/embed/run.sh BUILD [WORD]
#
# Each function whose name begins with t_ is a test, whose name is the promise it
# keeps; all of them run at once.  With WORD only tests whose name contains it.

set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=${here%/tests/embed}
build=$(realpath "${1:?usage: run.sh BUILD [WORD]}")
word=${2:-}
unset LUA_INIT LUA_INIT_5_4 MAKEFLAGS MAKEOVERRIDES MFLAGS MAKELEVEL DESTDIR PREFIX
export LUA_PATH="$here/?.lua;;" LUA_CPATH="$build/lua/?.so;$build/tests/embed/?.so;;"
unset LUA_PATH_5_4 LUA_CPATH_5_4
all=$(mktemp -d)
trap 'rm -rf "$all"' EXIT

is_sanitized() { grep -qE '__(asan|tsan)_init|__gcov_exit' "$build/tinyasync"; }

# Ends the test that calls it.
skip() {
  echo "skipped: $*"
  exit 0
}

fail() {
  echo "$*"
  exit 1
}

# expect_none WHAT TEXT: the text is empty.
expect_none() { [[ -z $2 ]] || fail "$1: $2"; }

# ---------------------------------------------------------------------- loops

# runs_alike COMMAND...: the script does what it does in every loop.
runs_alike() {
  timeout -k 1 140 "$@" "$here/script.lua" >out 2>&1 || fail "$1: status $?; $(tail -n 5 out)"
  diff "$here/script.out" out || fail "$1: the lines differ"
}

# in_loop LOOP PACKAGE: for those that are built where the library is.
in_loop() {
  [[ -x $build/tests/embed/$1 ]] || skip "$2 was not there when this was built"
  runs_alike "$build/tests/embed/$1"
}

t_the_script_runs_in_glib() { in_loop glib libglib2.0-dev; }
t_the_script_runs_in_libevent() { in_loop libevent libevent-dev; }
t_the_script_runs_in_libuv() { in_loop libuv libuv1-dev; }
t_the_script_runs_in_frames() { in_loop frames 'a C compiler'; }
t_the_script_runs_in_poll() { in_loop poll 'a C compiler'; }

# in_loop_outside LOOP PACKAGE: what scripts do with sockets there.
in_loop_outside() {
  local host=$build/tests/embed/outside_$1 members
  [[ -x $host ]] || skip "$2 was not there when this was built"
  timeout -k 1 60 "$build/tinyasync" run "$here/chatter.lua" "$PWD/port" >heard 2>&1 &
  members=$!
  timeout -k 1 60 "$host" "$here/chat.lua" port >out 2>&1 || fail "status $?: $(tail -n 5 out)"
  wait "$members" || fail "members: $(tail -n 5 heard)"
  diff <(echo "22 joined, 420 lines, the host ticks") out || fail "the lines differ"
  timeout -k 1 60 "$host" "$here/gone.lua" >out 2>&1 || fail "status $?: $(tail -n 5 out)"
  timeout -k 1 60 "$host" "$here/idle.lua" >>out 2>&1 || fail "status $?: $(tail -n 5 out)"
  diff <(printf 'true\ntrue\n') out || fail "the lines differ"
}

t_a_chat_server_runs_in_glib() { in_loop_outside glib libglib2.0-dev; }
t_a_chat_server_runs_in_libevent() { in_loop_outside libevent libevent-dev; }
t_a_chat_server_runs_in_libuv() { in_loop_outside libuv libuv1-dev; }
t_a_chat_server_runs_in_poll() { in_loop_outside poll 'a C compiler'; }

# A library with a sanitizer in it needs a program that has the sanitizer.
EMBED_LUA=lua5.4
is_sanitized && EMBED_LUA=$build/tests/embed/lua
export EMBED_LUA

t_the_script_runs_in_plain_lua() { runs_alike "$EMBED_LUA" "$here/adapter.lua"; }

t_the_script_runs_in_luv() {
  is_sanitized && skip "plain lua5.4 has not the sanitizer that the module is built with"
  lua5.4 -l luv -e '' 2>/dev/null || skip "lua-luv is not installed"
  runs_alike lua5.4 "$here/with_luv.lua"
}

# -------------------------------------------------------------------- module

# It prints lines of its own.
t_module() {
  timeout -k 1 140 "$EMBED_LUA" "$here/module.lua" >lines 2>err || cat err
  [[ ! -s err ]] || fail "$(head -n 40 err)"
  [[ -s lines ]] || fail "it ran no test"
}

t_the_module_survives_refused_memory() {
  "$build/tests/embed/starved" 2>err || fail "$(tail -n 20 err)"
  ! grep -q Sanitizer err || fail "$(grep -A 20 Sanitizer err)"
}

t_the_module_loses_no_memory_when_the_state_is_closed() {
  "$build/tests/embed/closing" || fail "status $?"
}

t_no_wake_from_other_threads_is_lost() {
  "$build/tests/embed/threads" || fail "status $?"
}

# ------------------------------------------------------------- command line

# Without them it would wait for the sleeper.
t_wakes_from_threads_end_the_waits_of_the_command_line() {
  timeout -k 1 140 "$build/tinyasync" run - >out 2>err <<'END' || fail "status $?: $(head -n 20 err)"
local knock = require "knock"
local door = knock.door()
for _ = 1, 500 do door:wait() end
print "woken"
END
  [[ $(cat out) == woken ]] || fail "$(cat out err)"
}

t_objects_of_c_modules_are_checked_in_the_command_line() {
  timeout -k 1 140 "$build/tinyasync" run - >out 2>err <<'END' || fail "status $?: $(head -n 20 err)"
local wait = require "knock".door().wait
for _, other in ipairs{io.stdout, {}, async.event()} do
  local _, problem = pcall(wait, other)
  print(problem:match "%(.*%)")
end
END
  diff out - <<'END'
(Door expected, got FILE*)
(Door expected, got table)
(Door expected, got Event)
END
}

# ------------------------------------------------------------------- symbols

# A sanitizer adds names of its own.
want_plain_symbols() {
  is_sanitized && skip "the sanitizer has symbols of its own"
}

exported_by() { nm -D --defined-only "$1" | awk '{ print $3 }' | sort; }

# Into the file `declared`: what both headers declare.
read_headers() {
  cat "$root/src/tinyasync.h" "$root/src/tinyasync_lib.h" >headers
  sed -nE 's/^TA_API [^(]*[ *](ta_[a-z_]+)\(.*/\1/p' headers | sort >declared
  [[ $(wc -l <declared) == "$(grep -c '^TA_API ' headers)" ]] ||
    fail "the header was not understood"
}

t_the_library_shows_what_the_header_declares() {
  want_plain_symbols
  read_headers
  diff declared <(exported_by "$build/libtinyasync.so")
}

# And what modules that are loaded at first use find there.
t_the_library_of_the_outside_shows_what_its_header_declares() {
  want_plain_symbols
  {
    sed -nE 's/^TA_API [^(]*[ *](ta_[a-z_]+)\(.*/\1/p' "$root/src/tinyasync_outside.h"
    cat "$root"/src/host/*.h "$root"/src/io/*.h | tr '\n' ' ' |
      grep -oE 'TA_FOR_MODULES [^(;]*[(;]' | sed -nE 's/.*[ *](ta_[a-z_]+)[(;]/\1/p' |
      grep -vxE 'ta_module(_[a-z]+)?' # which modules have themselves
  } | sort >declared
  (($(grep -c ta_outside_ declared) == 7)) || fail "the header was not understood"
  diff declared <(exported_by "$build/libtinyasync_outside.so")
}

# For C modules that scripts require.
t_the_command_line_has_all_that_the_headers_declare() {
  read_headers
  expect_none "missing" "$(comm -23 declared <(exported_by "$build/tinyasync"))"
}

t_the_module_shows_its_opening_only() {
  want_plain_symbols
  diff <(echo luaopen_tinyasync) <(exported_by "$build/lua/tinyasync.so")
}

needed_by() { objdump -p "$1" | awk '$1 == "NEEDED" { print $2 }' | grep -vE '^(libc|libm|ld-linux)[-.]'; }

t_the_library_needs_lua_only() {
  want_plain_symbols
  expect_none "it needs" "$(needed_by "$build/libtinyasync.so" | grep -v '^liblua')"
  objdump -p "$build/libtinyasync.so" | grep -q 'SONAME *libtinyasync\.so\.0$' || fail "no soname"
}

t_the_library_of_the_outside_needs_lua_and_the_other_only() {
  want_plain_symbols
  expect_none "it needs" "$(needed_by "$build/libtinyasync_outside.so" |
    grep -vE '^(liblua|libtinyasync\.so\.0$)')"
}

t_the_command_line_needs_lua_only() {
  want_plain_symbols
  expect_none "it needs" "$(needed_by "$build/tinyasync" | grep -v '^liblua')"
}

t_the_module_brings_no_lua_of_its_own() {
  want_plain_symbols
  expect_none "it needs" "$(needed_by "$build/lua/tinyasync.so")"
}

t_the_library_has_no_state_of_its_own() {
  want_plain_symbols
  local objects
  objects=("$build"/core/*.o "$build"/words/*.o "$build"/library/*.o "$build"/module/*.o)
  ((${#objects[@]} > 20)) || fail "the objects were not found"
  expect_none "to be written" "$(size -A "${objects[@]}" | awk '
    / :$/ { file = $1 }
    /^\.t?(data|bss)/ && !/^\.data\.rel\.ro/ && $2 > 0 { print file, $1, $2 }')"
  expect_none "common" "$(nm "${objects[@]}" | awk '$2 == "C" { print $3 }')"
}

# ------------------------------------------------------------------- install

# into TARGET [VARIABLE=VALUE...]: makes it, one at a time.
into() {
  local target=$1
  shift
  flock "$all" make -s -C "$root" "$target" BUILD="$build" "$@" >make.log 2>&1 || fail "$(tail -n 5 make.log)"
}

want_plain_install() {
  is_sanitized && skip "a library with a sanitizer in it is not for others"
}

t_what_is_installed_is_complete_and_goes_again() {
  want_plain_install
  into install DESTDIR="$PWD/root" PREFIX=/opt/ta
  {
    [[ ! -e $build/lib/tinyasync/tls.so ]] || echo lib/tinyasync/tls.so
    [[ ! -e $build/lib/tinyasync/watch.so ]] || echo lib/tinyasync/watch.so
    cat
  } <<'END' | sed 's|^|root/opt/ta/|' | sort >expected
bin/tinyasync
include/tinyasync.h
include/tinyasync_lib.h
include/tinyasync_outside.h
lib/libtinyasync.a
lib/libtinyasync.so
lib/libtinyasync.so.0
lib/libtinyasync.so.0.1.0
lib/libtinyasync_outside.a
lib/libtinyasync_outside.so
lib/libtinyasync_outside.so.0
lib/libtinyasync_outside.so.0.1.0
lib/lua/5.4/tinyasync.so
lib/pkgconfig/tinyasync.pc
lib/pkgconfig/tinyasync_outside.pc
share/bash-completion/completions/tinyasync
share/fish/vendor_completions.d/tinyasync.fish
share/man/man1/tinyasync.1
share/man/man3/tinyasync.3
share/man/man7/tinyasync.7
share/tinyasync/types/module.lua
share/tinyasync/types/tinyasync.lua
share/zsh/site-functions/_tinyasync
END
  diff expected <(find root ! -type d | sort) || fail "other files were installed"
  grep -q '^prefix=/opt/ta$' root/opt/ta/lib/pkgconfig/tinyasync.pc || fail "the prefix is wrong"
  ! grep -q "$PWD" root/opt/ta/lib/pkgconfig/tinyasync.pc || fail "DESTDIR is no prefix"
  into uninstall DESTDIR="$PWD/root" PREFIX=/opt/ta
  expect_none "left behind" "$(find root ! -type d)"
}

# builds_and_runs COMPILER [FLAGS...]: the small host, against what is installed.
builds_and_runs() {
  "$@" -o host >log 2>&1 || fail "$* : $(head -n 5 log)"
  LD_LIBRARY_PATH=$PWD/usr/lib ./host >out 2>&1 || fail "$* : status $?"
  [[ $(cat out) == "slept until"$'\t'"2.0" ]] || fail "$* : $(cat out)"
}

# speaks_tls FLAGS: so does a script in ./host, by the module that is loaded then.  In an archive it
# finds no symbols, which is told, unless the program shows all of it; without the library it looks
# beside the program.
speaks_tls() {
  [[ -e $build/lib/tinyasync/tls.so ]] || return 0
  local whole='-Wl,-E -Wl,--whole-archive'
  [[ -d certificates ]] || bash "$root/tests/kit/certificates.sh" certificates
  cp host usr/bin/host
  LD_LIBRARY_PATH=$PWD/usr/lib timeout -k 1 20 usr/bin/host "$here/secure.lua" certificates >out 2>err
  if [[ $1 == *-l:* ]]; then
    grep -q "if it is linked with the shared library" err || fail "$1: $(head -n 5 err)"
    # shellcheck disable=SC2086 # lists of words
    gcc -std=gnu11 -I"$root/tests" "$here"/outside.c "$here"/outside_poll.c -o usr/bin/host $whole $1 \
      -Wl,--no-whole-archive -lm >log 2>&1 || fail "$1: $(head -n 5 log)"
    timeout -k 1 20 usr/bin/host "$here/secure.lua" certificates >out 2>err
  fi
  diff <(printf 'HELLO\tCN=db\nTLS\tcertificate of other\n') out || fail "$1: $(head -n 5 err)"
}

t_hosts_are_built_with_what_is_installed() {
  want_plain_install
  local shared static warn='-Wall -Wextra -Werror'
  into install DESTDIR= PREFIX="$PWD/usr"
  export PKG_CONFIG_PATH=$PWD/usr/lib/pkgconfig
  shared=$(pkg-config --cflags --libs tinyasync) || fail "pkg-config does not find it"
  static=$(pkg-config --static --cflags --libs tinyasync | sed 's|-ltinyasync|-l:libtinyasync.a|')
  # shellcheck disable=SC2086 # lists of words
  {
    builds_and_runs gcc -std=gnu11 $warn "$here/small.c" $shared
    objdump -p host | grep -q 'NEEDED *libtinyasync\.so\.0$' || fail "it is not the shared library"
    builds_and_runs gcc -std=gnu11 $warn "$here/small.c" $static
    ! objdump -p host | grep -q libtinyasync || fail "it is not the static library"
    builds_and_runs g++ -std=c++11 $warn -x c++ "$here/small.c" -x none $shared
  }
  # The same with sockets.
  shared=$(pkg-config --cflags --libs tinyasync_outside) || fail "pkg-config does not find it"
  static=$(pkg-config --static --cflags --libs tinyasync_outside |
    sed -E 's/-l(tinyasync[a-z_]*)/-l:lib\1.a/g')
  # shellcheck disable=SC2086 # lists of words
  for shared in "$shared" "$static"; do
    gcc -std=gnu11 $warn -I"$root/tests" "$here"/outside.c "$here"/outside_poll.c -o host $shared -lm \
      >log 2>&1 || fail "$shared: $(head -n 5 log)"
    LD_LIBRARY_PATH=$PWD/usr/lib timeout -k 1 20 ./host "$here/gone.lua" >out 2>&1 ||
      fail "$shared: status $?; $(head -n 5 out)"
    [[ $(cat out) == true ]] || fail "$shared: $(cat out)"
    speaks_tls "$shared"
    # Modules of ours want the symbols of a library.
    [[ -e $build/lib/tinyasync/watch.so && $shared != *-l:* ]] || continue
    echo 'local watch <close> = assert(async.fs.watch ".") print "watched"' >watch.lua
    LD_LIBRARY_PATH=$PWD/usr/lib timeout -k 1 20 ./host watch.lua >out 2>&1
    [[ $(cat out) == watched ]] || fail "$shared: $(cat out)"
  done
  [[ $(usr/bin/tinyasync run -e 'print "on"') == on ]] || fail "the program does not run"
  [[ $(LUA_CPATH="$PWD/usr/lib/lua/5.4/?.so" lua5.4 -e '
    for name in pairs(require "tinyasync") do print(name) end') == adapter ]] ||
    fail "the module does not load"
}

t_the_headers_are_c99_and_cpp() {
  local flags
  flags="-Wall -Wextra -Wpedantic -Werror -fsyntax-only $(pkg-config --cflags lua5.4)"
  printf '#include "%s"\n' tinyasync_lib.h tinyasync_outside.h >header.c
  # shellcheck disable=SC2086 # a list of words
  gcc -std=c99 $flags -I "$root/src" header.c &&
    g++ -std=c++98 -Wno-long-long $flags -I "$root/src" -x c++ header.c
}

# ------------------------------------------------------------------- running

# Runs one test in a folder of its own; its result goes into the file `result`.
run_test() {
  local test=$1 folder=$all/$1
  mkdir "$folder" "$folder/work"
  if (cd "$folder/work" && "$test") >"$folder/why" 2>&1 </dev/null; then
    if [[ -s $folder/work/lines ]]; then
      cat "$folder/work/lines" "$folder/why"
    else
      echo "ok embed/${test#t_}$(sed -n 's/^skipped: / # skipped: /p' "$folder/why")"
    fi
  else
    echo "not ok embed/${test#t_}: $(head -c 1500 "$folder/why" | sed '2,$s/^/  /')"
  fi >"$folder/result"
}

# First those that wait: the others would be in their way.
for round in script other; do
  for test in $(compgen -A function t_); do
    [[ $test == *"$word"* ]] || continue
    [[ $test == t_the_script_* ]] && kind=script || kind=other
    [[ $kind == "$round" ]] || continue
    run_test "$test" &
  done
  wait
done
cat "$all"/*/result 2>/dev/null
! grep -q '^not ok' "$all"/*/result
