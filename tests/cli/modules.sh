# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# modules.sh -- what is loaded at first use, and where it is found.

: "${program:?}" "${root:?}" "${patience:?}"

watching='local watch <close>, message, code = async.fs.watch(".") print(watch, message, code)'

# Of what is mapped into the process: libuv, and modules of ours.
mapped='local found = {}
for line in io.lines("/proc/self/maps") do
  local name = line:match "/([^/]*)$"
  if name and (name:find "^libuv" or line:find "lib/tinyasync/") then found[name] = true end
end
local names = {}
for name in pairs(found) do names[#names + 1] = name:match "^%a+" end
table.sort(names)
print(table.concat(names, " "))'

want_watch() {
  [[ -e ${program%/*}/lib/tinyasync/watch.so ]] || skip "libuv is not installed"
}

t_a_library_is_loaded_at_first_use() {
  want_watch
  ldd "$program" >needed || skip "no ldd"
  ! grep -q libuv needed || fail "the program itself needs libuv"
  run run -e "local _ = async.fs $mapped"
  expect_out ""
  run run -e "do $watching end $mapped"
  expect_out $'Watch of \'.\'\tnil\tnil\nlibuv watch'
}

t_a_module_is_found_from_where_the_program_lies() {
  local from
  want_watch
  mkdir -p usr/bin usr/lib bin
  cp "$program" usr/bin/tinyasync
  cp -r "${program%/*}/lib/tinyasync" usr/lib
  ln -s ../usr/bin/tinyasync bin/link
  from=$PWD
  for program in "$from/usr/bin/tinyasync" "$from/bin/link"; do
    run run -e "$watching"
    expect_out $'Watch of \'.\'\tnil\tnil'
  done
  cd usr/bin || fail "no folder"
  PATH=. tinyasync run -e "$watching" >"$from/out"
  cd "$from" || fail "no folder"
  expect_out $'Watch of \'.\'\tnil\tnil'
}

t_a_missing_module_is_named_with_its_package() {
  mkdir bin
  cp "$program" bin/tinyasync
  program=$PWD/bin/tinyasync
  run run -e "$watching"
  expect_status 0
  expect_has out "async.fs.watch needs the module 'watch', with which this tinyasync was not built"
  expect_has out "install libuv1-dev, and build it again"
  expect_has out "ENOPKG"
}

t_what_is_no_module_of_ours_is_refused() {
  mkdir -p bin/lib/tinyasync
  cp "$program" bin/tinyasync
  program=$PWD/bin/tinyasync
  echo nonsense >bin/lib/tinyasync/watch.so
  run run -e "$watching"
  expect_has out "async.fs.watch cannot load the module 'watch', which is made with libuv1-dev: "
  expect_has out "ENOPKG"
  printf 'struct module { const char *version; const void *parts; };
    const struct module ta_module_watch = {"0.0.0", 0};' >other.c
  gcc -shared -fPIC -o bin/lib/tinyasync/watch.so other.c || skip "no gcc"
  run run -e "$watching"
  expect_has out "what is there is another version's"
}

# The dynamic linker would let a bus error end us.
t_a_module_that_is_another_or_cut_short_is_refused() {
  local all size
  want_watch
  mkdir -p bin/lib/tinyasync
  cp "$program" bin/tinyasync
  cp "${program%/*}/lib/tinyasync/watch.so" bin/lib/tinyasync/tls.so
  all=${program%/*}/lib/tinyasync/watch.so
  program=$PWD/bin/tinyasync
  run run -e 'print(async.net.listen("localhost", 0, {tls = {certificate = "x"}}))'
  expect_has out "cannot load the module 'tls', which is made with libssl-dev: "
  expect_has out "what is there is another module"
  for size in 4096 16384 40960; do
    head -c "$size" "$all" >bin/lib/tinyasync/watch.so
    run run -e "$watching"
    expect_has out "cannot load the module 'watch', which is made with libuv1-dev: "
    expect_has out ": its file is cut short"
    expect_has out "ENOPKG"
  done
}

t_modules_are_installed_and_removed() {
  want_watch
  [[ $program == "$root/build/tinyasync" ]] || skip "not the build of make"
  local make=(make -s -C "$root" -o all "DESTDIR=$PWD/staged" PREFIX=/usr)
  "${make[@]}" install >log 2>&1 || fail "$(tail -n 3 log)"
  program=$PWD/staged/usr/bin/tinyasync
  run run -e "$watching"
  expect_out $'Watch of \'.\'\tnil\tnil'
  "${make[@]}" uninstall >log 2>&1 || fail "$(tail -n 3 log)"
  [[ -z $(find staged ! -type d) ]] || fail "left: $(find staged ! -type d)"
}

# Each number from too few to enough.
t_a_watch_that_gets_no_descriptors_says_so() {
  local most refused=0
  want_watch
  for ((most = 9; most < 64; most++)); do
    status=0
    (ulimit -n "$most" && timeout -k 1 "$patience" "$program" -e "$watching") >out 2>err || status=$?
    expect_status 0
    ! grep -q '^Watch of ' out || break
    grep -Eqx $'nil\tcannot watch \.: too many open files.*\tEMFILE' out ||
      fail "$most descriptors: $(cat out)"
    refused=$((refused + 1))
  done
  ((refused > 0 && most < 64)) || fail "refused $refused times, up to $most descriptors"
}
