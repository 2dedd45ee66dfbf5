# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# files.sh -- what async.fs leaves behind when it is killed, and where the system refuses.

: "${program:?}" "${root:?}"

# Builds killer.so: the call of the system with the number $KILL_AT that a thread of the program
# makes, other than its first one, is never made: the program is killed there.  After a file
# "from here" was asked for, those of its first one count too.  What it writes at
# once is cut to pieces.
build_killer() {
  command -v cc >/dev/null || skip "no C compiler"
  ! is_sanitized || skip "a sanitizer wants to be loaded first"
  cat >killer.c <<'END'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int counts_all;

static void count(void) {
  static int calls;
  const char *at = getenv("KILL_AT");
  if (!at || (gettid() == getpid() && !counts_all)) return;
  if (++calls == atoi(at)) kill(getpid(), SIGKILL);
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

#define WRAP(type, name, parameters, arguments) \
  type name parameters { count(); return REAL(name) arguments; }

WRAP(ssize_t, readlink, (const char *path, char *text, size_t size), (path, text, size))
WRAP(int, fstatat, (int at, const char *path, struct stat *about, int flags), (at, path, about, flags))
WRAP(int, fstat, (int fd, struct stat *about), (fd, about))
WRAP(int, faccessat, (int at, const char *path, int mode, int flags), (at, path, mode, flags))
WRAP(int, fchown, (int fd, uid_t user, gid_t group), (fd, user, group))
WRAP(int, fchmod, (int fd, mode_t mode), (fd, mode))
WRAP(int, fsync, (int fd), (fd))
WRAP(int, close, (int fd), (fd))
WRAP(int, renameat, (int at, const char *path, int to, const char *name), (at, path, to, name))
WRAP(int, unlinkat, (int at, const char *path, int flags), (at, path, flags))
WRAP(ssize_t, write, (int fd, const void *bytes, size_t size), (fd, bytes, size > 65536 ? 65536 : size))
WRAP(ssize_t, copy_file_range, (int from, off64_t *a, int to, off64_t *b, size_t size, unsigned flags),
     (from, a, to, b, size > 65536 ? 65536 : size, flags))

int open(const char *path, int flags, ...) {
  va_list list;
  va_start(list, flags);
  int mode = va_arg(list, int);
  va_end(list);
  if (strstr(path, "from here")) counts_all = 1;
  count();
  return REAL(open)(path, flags, mode);
}

int openat(int at, const char *path, int flags, ...) {
  va_list list;
  va_start(list, flags);
  int mode = va_arg(list, int);
  va_end(list);
  if (strstr(path, "from here")) counts_all = 1;
  count();
  return REAL(openat)(at, path, flags, mode);
}
END
  cc -shared -fPIC -o killer.so killer.c -ldl 2>/dev/null || skip "cannot build it"
}

is_alone() { [[ $(ls -A there) == "$1" ]]; }

# kill_everywhere SCRIPT [CALLS]: runs it, killed at its first call, its second, and so on, until it comes to
# its end; before each time prepare() is called, and after it check().
kill_everywhere() {
  local at
  for ((at = 1; at < 60; at++)); do
    rm -rf there
    mkdir there
    prepare
    status=0
    KILL_AT=$at LD_PRELOAD=$PWD/killer.so timeout -k 1 20 "$program" run "$1" >out 2>err || status=$?
    check "at call $at"
    [[ $status != 0 ]] || break
    [[ $status == 137 ]] || fail "status $status at call $at: $(cat err)"
  done 2>/dev/null # where bash says that it was killed
  ((at > ${2:-15} && at < 60)) || fail "it made $at calls"
}

t_a_write_killed_at_any_call_leaves_the_old_or_the_new_file_and_no_other() {
  build_killer
  printf '%0200000d' 1 >old
  printf '%0300000d' 2 >new
  prepare() { cp old there/file; }
  check() {
    cmp -s there/file old || cmp -s there/file new || fail "neither the old nor the new file $1"
    wait_for is_alone file
  }
  script <<<'local text = io.open "new":read "a" assert(async.fs.write("there/file", text))'
  kill_everywhere script.lua
  cmp -s there/file new || fail "it was not written at last"
}

# Small and not made sure of, it is written where the task is, by no other thread.
t_a_small_write_killed_at_any_call_leaves_the_old_or_the_new_file_and_no_other() {
  build_killer
  echo old >old
  echo new >new
  prepare() { cp old there/file; }
  check() {
    cmp -s there/file old || cmp -s there/file new || fail "neither the old nor the new file $1"
    wait_for is_alone file
  }
  script <<<'async.fs.read "from here" assert(async.fs.write("there/file", "new\n", {sync = false}))'
  kill_everywhere script.lua 5
  cmp -s there/file new || fail "it was not written at last"
}

t_a_temporary_file_goes_at_whatever_call_it_is_killed() {
  build_killer
  prepare() { :; }
  check() { wait_for is_alone ""; }
  script <<<'async.fs.read "from here" local f <close> = assert(async.fs.temp{dir = "there"}) f:write "x"'
  kill_everywhere script.lua 3
}

t_a_new_file_killed_at_any_call_is_there_whole_or_not_at_all() {
  build_killer
  printf '%0300000d' 2 >new
  prepare() { :; }
  check() {
    [[ ! -e there/file ]] || cmp -s there/file new || fail "a part of it is there $1"
    if [[ -e there/file ]]; then wait_for is_alone file; else wait_for is_alone ""; fi
  }
  script <<<'assert(async.fs.copy("new", "there/file"))'
  kill_everywhere script.lua
  cmp -s there/file new || fail "it was not copied at last"
}

t_temporary_files_and_directories_go_however_the_run_ends() {
  mkdir there
  local how
  # shellcheck disable=SC2016 # for the shell of os.execute
  for how in 'os.exit(3)' 'os.execute "kill -KILL $PPID"' 'error "no"' 'kept = d' \
    'd = nil collectgarbage()' 'os.execute "kill -TERM $PPID" sleep(60)'; do
    script <<<"local d = async.temp_dir{dir = 'there'}
      local f = async.fs.temp{dir = 'there'}
      assert(async.fs.mkdir(d.path .. '/a/b', {parents = true}))
      assert(async.fs.write(d.path .. '/a/b/c', ''))
      assert(async.fs.link('/', d.path .. '/a/root'))
      f:write 'x'
      assert(#async.fs.list 'there' == 2)
      $how"
    TA_HOW=$how run run script.lua
    wait_for is_alone ""
  done
}

# A file system of a few pages, and what may be said in it.
t_a_full_disk_leaves_the_old_file() {
  unshare -rm true 2>/dev/null || skip "no namespaces for users"
  mkdir full
  script <<'END'
    local fs = async.fs
    assert(fs.write("full/file", "old"))
    print(fs.write("full/file", ("x"):rep(1 << 20)))
    print(fs.read "full/file", #fs.list "full")
    print(fs.append("full/other", ("x"):rep(1 << 20)))
    print(fs.copy("big", "full/copy"))
    local file = fs.open("full/third", "w")
    print(file:write(("x"):rep(1 << 20)))
    fs.remove "full/other"
    fs.remove "full/third"
    print(table.concat(fs.list "full", " "))
END
  head -c 1000000 /dev/zero >big
  status=0
  # shellcheck disable=SC2016 # for that shell
  timeout 50 unshare -rm sh -c 'mount -t tmpfs -o size=64k none full && exec "$0" run script.lua' \
    "$program" >out 2>err || status=$?
  expect_status 0
  expect_out $'nil\tcannot write full/file: no space left on device\tENOSPC
old\t1
nil\tcannot append to full/other: no space left on device\tENOSPC
nil\tcannot copy big to full/copy: no space left on device\tENOSPC
nil\tcannot write to full/third: no space left on device\tENOSPC
file'
}

# Root may do everything: as somebody else then.
t_what_is_not_allowed_is_told_and_changes_nothing() {
  local as=()
  if [[ $EUID == 0 ]]; then
    setpriv --reuid=65534 --regid=65534 --clear-groups true 2>/dev/null || skip "no setpriv"
    as=(setpriv --reuid=65534 --regid=65534 --clear-groups)
  fi

  place=$(mktemp -d)
  trap 'rm -rf "$place"; end_jobs' EXIT
  cp "$program" "$place/program"
  script "$place/script.lua" <<'END'
    local fs = async.fs
    local function code(value, message, code) return value == nil and code or value end
    os.execute "mkdir hidden && echo x >hidden/file && chmod 0 hidden"
    print(code(fs.read "hidden/file"), code(fs.exists "hidden/file"), code(fs.list "hidden"))
    print(code(async.cd "hidden"), code(fs.stat "hidden/file"))
    os.execute "chmod 700 hidden"
    fs.write("locked", "old", {mode = tonumber("444", 8)})
    print(fs.write("locked", "new"))
    print(code(fs.append("locked", "new")), code(fs.open("locked", "w")), fs.read "locked")
    print(fs.copy("hidden/file", "locked"))
    fs.mkdir "shut"
    fs.write("shut/file", "old")
    os.execute "chmod 500 shut"
    print(fs.write("shut/file", "new"))
    print(fs.append("shut/file", "er"), fs.read "shut/file", code(fs.remove "shut/file"))
    print(code(fs.rename("shut/file", "shut/other")), code(fs.mkdir "shut/x"), #fs.list "shut")
    print(code(fs.temp{dir = "shut"}), code(fs.temp_dir{dir = "shut"}))
    os.execute "chmod 700 shut"
    -- A directory that we have made unreadable is removed all the same.
    local dir = fs.temp_dir{dir = "."}
    fs.mkdir(dir.path .. "/a/b", {parents = true})
    os.execute("chmod 0 " .. dir.path .. "/a")
    print(dir:close(), fs.exists(dir.path))
END
  mkdir "$place/work"
  chmod 755 "$place"
  chmod 777 "$place/work"
  (cd "$place/work" && exec timeout 50 "${as[@]}" ../program run ../script.lua) >out 2>err || true
  expect_out $'EACCES\tEACCES\tEACCES
EACCES\tEACCES
nil\tcannot write locked: permission denied\tEACCES
EACCES\tEACCES\told
nil\tcannot copy hidden/file to locked: permission denied\tEACCES
nil\tcannot write shut/file: permission denied\tEACCES
true\tolder\tEACCES
EACCES\tEACCES\t1
EACCES\tEACCES
true\tfalse'
}

t_a_new_guardian_hears_of_what_is_temporary() {
  mkdir there
  script <<<"local d, f = async.temp_dir{dir = 'there'}, async.fs.temp{dir = 'there'}
    io.open('begun', 'w'):close()
    sleep(60)"
  start script.lua
  wait_for test -e begun
  local old
  old=$(guardian_of "$(cat pid)")
  kill -KILL "$old"
  is_another() { [[ -n $(guardian_of "$(cat pid)") && $(guardian_of "$(cat pid)") != "$old" ]]; }
  wait_for is_another
  [[ $(find there -mindepth 1 | wc -l) == 2 ]] || fail "they are not there: $(ls there)"
  stop KILL
  expect_end "signal 9"
  wait_for is_alone ""
}
