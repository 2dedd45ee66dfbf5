# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# files.sh -- what async.fs leaves behind when it is killed, and where the system refuses.

: "${program:?}" "${root:?}" "${patience:?}"

# Builds killer.so: the call of the system with the number $KILL_AT that a thread of the program
# makes, other than its first one, is never made: the program is killed there.  After a file
# "from here" was asked for, those of its first one count too; with $KILL_FROM none counts before
# a file of such a name was asked for.  What it writes at once is cut to pieces.
build_killer() {
  preload killer <<'END'
#include "preload.h"
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static int counts_all, has_begun;

static void look(const char *path) {
  const char *from = getenv("KILL_FROM");
  if (strstr(path, "from here")) counts_all = 1;
  if (from && strstr(path, from)) has_begun = 1;
}

static void count(void) {
  static int calls;
  const char *at = getenv("KILL_AT");
  if (!at || (gettid() == getpid() && !counts_all)) return;
  if (getenv("KILL_FROM") && !has_begun) return;
  if (++calls == atoi(at)) kill(getpid(), SIGKILL);
}

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
WRAP(int, symlinkat, (const char *text, int at, const char *path), (text, at, path))
WRAP(int, mkfifoat, (int at, const char *path, mode_t mode), (at, path, mode))
WRAP(int, utimensat, (int at, const char *path, const struct timespec times[2], int flags),
     (at, path, times, flags))
WRAP(ssize_t, write, (int fd, const void *bytes, size_t size), (fd, bytes, size > 65536 ? 65536 : size))
WRAP(ssize_t, copy_file_range, (int from, off64_t *a, int to, off64_t *b, size_t size, unsigned flags),
     (from, a, to, b, size > 65536 ? 65536 : size, flags))

WRAP_OPEN(look(path); count())

int openat(int at, const char *path, int flags, ...) {
  TAKE_MODE(mode);
  look(path);
  count();
  return REAL(openat)(at, path, flags, mode);
}
END
}

is_alone() { [[ $(ls -A there) == "$1" ]]; }

# kill_everywhere SCRIPT [CALLS [MOST]]: runs it, killed at its first call, its second, and so on, until
# it comes to its end; before each time prepare() is called, and after it check().
kill_everywhere() {
  local at most=${3:-60}
  for ((at = 1; at < most; at++)); do
    part_has "$at" || continue
    rm -rf there
    mkdir there
    prepare
    status=0
    KILL_AT=$at LD_PRELOAD=$PWD/killer.so timeout -k 1 "$patience" "$program" run "$1" >out 2>err || status=$?
    check "at call $at"
    [[ $status != 0 ]] || break
    [[ $status == 137 ]] || fail "status $status at call $at: $(cat err)"
  done 2>/dev/null # where bash says that it was killed
  ((at > ${2:-15} && at < most)) || fail "it made $at calls"
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

t_a_copied_tree_killed_at_any_call_leaves_nothing_beside_what_it_replaces() {
  build_killer
  mkdir -p from/a-sub old/a-sub
  printf '%050000d' 2 >from/a-file
  printf '%060000d' 1 >old/a-file
  ln -s new from/a-sub/link
  ln -s old old/a-sub/link
  prepare() { cp -a old/. there; }
  has_no_other() { [[ $(find there -mindepth 1 | sort | xargs) == "$all" ]]; }
  check() {
    cmp -s there/a-file old/a-file || cmp -s there/a-file from/a-file || fail "neither the old nor the new $1"
    [[ $(readlink there/a-sub/link) == @(old|new) ]] || fail "the link has gone $1"
    wait_for has_no_other
  }
  local all='there/a-file there/a-sub there/a-sub/link'
  script <<<'assert(async.fs.copy("from", "there", {recursive = true}))'
  KILL_FROM=a- kill_everywhere script.lua 20
  cmp -s there/a-file from/a-file || fail "it was not copied at last"
  [[ $(readlink there/a-sub/link) == new ]] || fail "the link was not replaced at last"
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
  timeout "$patience" unshare -rm sh -c 'mount -t tmpfs -o size=64k none full && exec "$0" run script.lua' \
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
  (cd "$place/work" && exec timeout "$patience" "${as[@]}" ../program run ../script.lua) >out 2>err || true
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
  wait_for has_guardian
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

# in_hanging SCRIPT...: runs it where "far" is a file system whose server hangs: see hanging.c.
in_hanging() {
  command -v cc >/dev/null || skip "no C compiler"
  unshare -rm true 2>/dev/null || skip "no namespaces for users"
  cc -o hanging "$root/tests/cli/hanging.c" 2>/dev/null || skip "cannot build a server of files"
  mkdir far
  status=0
  timeout -k 5 "$patience" unshare -rm ./hanging far 120 "$program" run "$@" >out 2>err || status=$?
  [[ $status != 77 ]] || skip "no file systems of users' own"
}

t_a_server_that_hangs_holds_up_nobody_else() {
  ! is_sanitized || skip "a sanitizer waits at the end for threads that hang"
  script <<'END'
    local fs = async.fs
    local asked = {
      function() return fs.stat "far/hang" end,
      function() return fs.read "far/hang" end,
      function() return fs.open "far/hang" end,
      function() return fs.write("far/hang", "text") end,
      function() for path in fs.walk "far" do print(path) end end,
      function() return fs.remove("far/hang", {recursive = true}) end,
      function() return fs.copy("far/hang", "copy", {recursive = true}) end,
      function() return fs.temp_dir {dir = "far"} end,
      function() return fs.temp {dir = "far"} end,
      function() return fs.watch "far/hang/file" end,
    }
    local tasks = {}
    for i, fn in ipairs(asked) do tasks[i] = spawn(fn) end
    for _ = 1, 10 do sleep(0.01) end
    print(fs.write("near", "here"), fs.read "near", async.process.read {"echo", "there"})
    for _, task in ipairs(tasks) do io.write(task:status(), " ") end
    for _, task in ipairs(tasks) do task:cancel() end
    for _, task in ipairs(tasks) do task:pawait() end
    print(pcall(async.with_timeout, 0.1, function() fs.stat "far/hang" end))
    spawn(asked[1])
END
  in_hanging --timeout=8 script.lua
  expect_status 124
  expect_out "true	here	there
$(printf 'waiting %.0s' {1..10})false	timed out after 0.1 seconds"
}

t_what_is_written_to_a_server_that_hangs_is_waited_for_by_its_task_alone() {
  script <<'END'
    local fs = async.fs
    local file = assert(fs.open("far/slow", "r+"))
    print(pcall(async.with_timeout, 0.1, function() file:write("some", "thing") end))
    print(file:write "more")
    local closing = spawn(function() return file:close() end)
    do
      local left <close> = assert(fs.open("far/slow", "r+"))
      spawn(function() print(left:write "thing") end)
      sleep(0.05)
    end
    fs.open "far/slow"
    collectgarbage()
    local other = assert(fs.open("far/slow", "r+"))
    local writer = spawn(function() return other:write("any", "thing") == other, other:close() end)
    local third = assert(fs.open "far/slow")
    local reader = spawn(function() return third:read() end)
    sleep(0.1)
    print(closing:status(), writer:status(), reader:status())
    print(fs.exists "far/release", closing:await(), reader:await(), writer:await())
    print(fs.open("far/slow", "w"):close())
END
  in_hanging script.lua
  expect_status 0
  expect_out $'false\ttimed out after 0.1 seconds
nil\tan earlier write was cut short\tECANCELED
nil\tclosed\tECANCELED
waiting\twaiting\twaiting\tread far/slow
false\ttrue\tnil\ttrue\ttrue
true'
}

t_where_a_stream_stands_is_known_while_its_server_hangs() {
  script <<'END'
    local fs = async.fs
    local long, slow = assert(fs.open("far/long", "r+")), assert(fs.open("far/slow", "r+"))
    local seeker = spawn(function() return long:seek("end", -3) end)
    spawn(function() slow:write "some" end)
    sleep(0.05)
    print(slow:seek())
    local reader = spawn(function() return slow:read(1) end)
    sleep(0.05)
    print(seeker:status(), reader:status(), long:seek("set", 2), long:seek())
    print(pcall(async.with_timeout, 0.1, function() long:seek "end" end))
    print(long:seek())
    local closed <close> = assert(fs.open "far/long")
    local late = spawn(function() return closed:seek "end" end)
    sleep(0.05)
    closed:close()
    print(fs.exists "far/release", seeker:await(), reader:await(), late:await())
    print(long:seek "end", long:seek("cur", -1), long:seek(), long:seek("end", -11))
END
  in_hanging script.lua
  expect_status 0
  expect_out $'4
waiting\twaiting\t2\t2
false\ttimed out after 0.1 seconds
2
false\t7\tnil\tnil\tclosed\tECANCELED
10\t9\t9\tnil\tcannot seek in far/long: invalid argument\tEINVAL'
}

# Builds far.so, with which no file system is known to be local; the system is not to be asked to
# watch anything there, which may wait for a server.
build_far() {
  preload far <<'END'
#include "preload.h"

int inotify_add_watch(int fd, const char *path, uint32_t mask) {
  (void)fd, (void)path, (void)mask;
  abort();
}

WRAP_OPEN(if (strcmp(path, "/proc/self/mountinfo") == 0) return (errno = ENOENT, -1))
END
}

t_a_stream_of_what_is_far_stands_where_one_of_what_is_near_does() {
  build_far
  script <<'END'
    local fs = async.fs
    fs.write("file", "0123456789")
    for _, mode in ipairs {"r+", "a+"} do
      local file <close> = fs.open("file", mode)
      print(file:write "abc" == file, file:seek(), file:read(2), file:seek())
      print(file:seek("end", -4), file:read(1), file:seek(), file:write "x" == file, file:seek())
      print(file:seek("set", 1), file:read "a", file:seek(), file:seek("end", -20))
      local other = spawn(function() file:write(("y"):rep(100000)) return file:seek() end)
      print(other:await(), file:seek "end", (file:seek "set"))
      print(#file:read "a", coroutine.wrap(function() return file:seek "end" end)())
    end
    local near = fs.open "file"
    print(near:write "z", pcall(near.seek, near, "end", math.maxinteger))
END
  run run script.lua
  cp out near
  LD_PRELOAD=$PWD/far.so run run script.lua
  expect_out "$(cat near)"
  [[ $(wc -l <near) == 11 ]] || fail "it came to no end"
}

t_what_is_far_is_watched_by_looking() {
  build_far
  mkdir -p tree/sub
  echo one >one
  echo three >three
  echo more >more
  script <<'END'
    local fs = async.fs
    local watch, message, code = fs.watch("tree", {recursive = true, poll = 0.01})
    if not watch then return print(message, code) end
    local function tell(fn, ...)
      assert(fn(...))
      local event = watch()
      print(event.kind, event.path, event.from, event.more)
    end
    tell(fs.rename, "one", "tree/a")
    tell(fs.rename, "three", "tree/a")
    tell(fs.rename, "tree/a", "tree/sub/b")
    tell(fs.mkdir, "tree/new")
    tell(fs.rename, "more", "tree/new/c")
    local file = assert(fs.watch("tree/new/c", {poll = 0.01}))
    tell(fs.remove, "tree/new/c")
    print(file().kind)
    tell(fs.rename, "tree/sub", "tree/other")
    tell(fs.remove, "tree/other/b")
    print(pcall(async.with_timeout, 0.1, watch))
    watch:close()
    print(fs.watch "none")
END
  LD_PRELOAD=$PWD/far.so run run script.lua
  expect_status 0
  [[ $(cat out) != *ENOPKG ]] || skip "built without libuv"
  expect_out $'created\ttree/a\tnil\tnil
changed\ttree/a\tnil\tnil
renamed\ttree/sub/b\ttree/a\tnil
created\ttree/new\tnil\tnil
created\ttree/new/c\tnil\tnil
deleted\ttree/new/c\tnil\tnil
deleted
renamed\ttree/other\ttree/sub\tnil
deleted\ttree/other/b\tnil\tnil
false\ttimed out after 0.1 seconds
nil\tcannot watch none: no such file or directory\tENOENT'
}

# More of them than there are threads for what is far.
t_what_was_not_begun_at_a_server_that_hangs_is_given_up_at_once() {
  script <<'END'
    local fs = async.fs
    local tasks, read = {}, 0
    for i = 1, 40 do
      tasks[i] = spawn(function()
        local file <close> = assert(fs.open("far/slow", "r+"))
        read = read + 1
        if i % 2 == 0 then file:write "text" end
        file:read()
      end)
    end
    repeat sleep(0.01) until read == 40
    sleep(0.05)
    for _, task in ipairs(tasks) do task:cancel() end
    for _, task in ipairs(tasks) do task:pawait() end
    print(io.open "far/release")
END
  in_hanging script.lua
  expect_status 0
  expect_out $'nil\tfar/release: No such file or directory\t2'
}

# What is mounted in a tree is no part of it: neither it nor what leads to it goes.
t_what_is_mounted_in_a_tree_stays_when_that_is_removed() {
  unshare -rm true 2>/dev/null || skip "no namespaces for users"
  mkdir -p tree/a/point tree/b other
  echo kept >other/file
  touch tree/a/file tree/b/file
  script <<'END'
    print(async.fs.remove("tree", {recursive = true}))
    print(async.fs.read "other/file", async.fs.read "tree/a/point/file")
    print(async.fs.exists "tree/b", async.fs.exists "tree/a/file")
END
  status=0
  # shellcheck disable=SC2016 # for that shell
  timeout "$patience" unshare -rm sh -c 'mount --bind other tree/a/point && exec "$0" run script.lua' \
    "$program" >out 2>err || status=$?
  expect_status 0
  expect_out $'nil\tcannot remove tree/a/point: device or resource busy\tEBUSY
kept\n\tkept\n
false\tfalse'
}

# refuse_watches CALL ERROR: builds refuse.so, with which inotify refuses the call that late.
refuse_watches() {
  preload refuse <<'END'
#include "preload.h"
#include <sys/inotify.h>

static int is_refused(const char *what) {
  static int calls;
  const char *at = getenv(what);
  return at && ++calls >= atoi(at);
}

int inotify_add_watch(int fd, const char *path, uint32_t mask) {
  if (is_refused("WATCHES")) return errno = ENOSPC, -1;
  return REAL(inotify_add_watch)(fd, path, mask);
}

int inotify_init1(int flags) {
  if (is_refused("INSTANCES")) return errno = EMFILE, -1;
  return REAL(inotify_init1)(flags);
}
END
}

t_the_limits_of_watching_are_told_by_their_names() {
  refuse_watches
  mkdir -p tree/a/b
  script <<'END'
    local watch, message, code = async.fs.watch("tree", {recursive = true})
    print(watch and "watched", message, code)
END
  local few='cannot watch tree: as many directories are watched as the system allows'
  for at in 1 2 3 4; do
    status=0
    WATCHES=$at LD_PRELOAD=$PWD/refuse.so timeout "$patience" "$program" run script.lua >out 2>err || status=$?
    expect_status 0
    expect_out $'nil\t'"$few (sysctl fs.inotify.max_user_watches)"$'\tENOSPC'
  done
  status=0
  INSTANCES=1 LD_PRELOAD=$PWD/refuse.so timeout "$patience" "$program" run script.lua >out 2>err || status=$?
  expect_status 0
  expect_out $'nil\tcannot watch tree: too many open files, or inotify instances (sysctl fs.inotify.max_user_instances)\tEMFILE'
}

# Builds starve.so: the request for memory with the number $REFUSE, after a file "from here" was
# asked for, is refused.
build_starver() {
  preload starve <<'END'
#include "preload.h"

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);

static int counts;

static int is_refused(void) {
  static int requests;
  const char *at = counts ? getenv("REFUSE") : NULL;
  if (!at || ++requests != atoi(at)) return 0;
  errno = ENOMEM;
  return 1;
}

void *malloc(size_t size) { return is_refused() ? NULL : __libc_malloc(size); }
void *calloc(size_t count, size_t size) { return is_refused() ? NULL : __libc_calloc(count, size); }
void *realloc(void *block, size_t size) { return is_refused() ? NULL : __libc_realloc(block, size); }

WRAP_OPEN(if (strstr(path, "from here")) counts = 1)
END
}

# What it answers: an event, or an error that says so.
t_memory_that_is_refused_to_a_watch_is_an_error_of_it() {
  local at seen=0 refused=0
  build_starver
  script <<'END'
local fs = async.fs
local writer <close> = async.process.spawn{"sh", "-c",
  "read go; echo x >sub/a; mkdir new; echo y >new/b", cwd = "tree", stdin = "pipe"}
print(pcall(async.with_timeout, 100, function()
  fs.read "from here"
  local watch, message, code = fs.watch("tree", {recursive = true, debounce = 0.01})
  if not watch then return message, code end
  writer.stdin:write "\n"
  for event in watch do
    if event.path:find "b$" then return "seen" end
  end
end))
END
  for at in {1..91..3}; do
    part_has $((at / 3)) || continue
    mkdir -p tree/sub
    status=0
    REFUSE=$at LD_PRELOAD=$PWD/starve.so timeout -k 1 "$patience" "$program" run script.lua >out 2>err || status=$?
    expect_status 0
    expect_err ""
    case $(cat out) in
      $'true\tseen') seen=$((seen + 1)) ;;
      *ENOMEM | *EAGAIN | *"not enough memory" | *"cannot allocate memory") refused=$((refused + 1)) ;;
      *) fail "request $at: $(cat out)" ;;
    esac
    rm -r tree
  done
  ! takes_part || ((seen + refused == 0)) || return 0 # one of few may have seen none
  ((seen > 0 && refused > 5)) || fail "$seen saw it, $refused were refused"
}

t_who_has_no_descriptor_left_is_told_so() {
  script <<'END'
    local all = {}
    repeat
      local file = async.fs.open "/dev/null"
      all[#all + 1] = file
    until not file
    print(async.fs.watch ".")
    print(select(2, pcall(function() for _ in async.fs.glob "/etc/*/x*" do end end)))
END
  status=0
  (ulimit -n 40 && exec timeout "$patience" "$program" run script.lua >out 2>err) || status=$?
  expect_status 0
  expect_out $'nil\tasync.fs.watch cannot load the module '"'watch'"$': too many open files\tEMFILE
script.lua:7: cannot glob /etc/*/x*: cannot walk /etc/: too many open files'
}
