/* SPDX-License-Identifier: MIT
 *
 * Files, when what they need fails.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/clock.h"
#include "host/file.h"
#include "host/guardian.h"
#include "host/mounts.h"
#include "host/removal.h"
#include "host/rewrite.h"
#include "kit/part.h"
#include "unit/outside.h"
#include "unit/system.h"
#include "unit/test.h"

#define LONGEST 20.0 /* seconds for a script */
#define MOST 100000  /* calls of a sort */

/* -------------------------------------------------------------------- a place */

static char folder[] = "/tmp/tinyasync-unit-XXXXXX";
static char where[60]; /* the call that fails, for whoever looks for the fault */

static const char *path_of(const char *name) {
  static char path[200];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  return path;
}

static void put(const char *name, const char *text) {
  int fd = open(path_of(name), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  CHECK(fd >= 0 && ta_file_write_all(fd, text, strlen(text)) == 0);
  close(fd);
}

static void open_folder(void) {
  strcpy(folder + sizeof folder - 7, "XXXXXX");
  CHECK(mkdtemp(folder) != NULL);
  put("file", "old");
}

/* Of what is replaced the old or the new is there, and what was beside it is gone. */
static void check_folder(void) {
  struct ta_file_text text = {0};
  CHECK(ta_file_read(path_of("file"), false, &text) == 0);
  bool is_whole = text.size == 3 ? memcmp(text.bytes, "old", 3) == 0 : text.size == 110000;
  if (!is_whole) CHECK_TEXT(where, "the old or the new file");
  ta_file_drop(&text);
  DIR *directory = opendir(folder);
  const struct dirent *entry;
  while ((entry = readdir(directory)))
    if (strstr(entry->d_name, "tinyasync")) CHECK_TEXT(where, entry->d_name);
  closedir(directory);
  CHECK(ta_sweep(folder) == 0);
}

static void end_all(struct world *world, int closes) {
  if (closes)
    ta_close_all(world->runner);
  else
    ta_cancel_all(world->runner, "planned");
}

/* After so many waits all tasks are cancelled, or closed; 0: never.  False: it had ended before. */
static bool run(struct outside *place, unsigned waits, bool closes) {
  struct outside_event end = {end_all, closes, waits};
  if (!outside_live(place, &end)) CHECK_TEXT(where, "ended in time");
  return waits > 0 && end.waits == 0;
}

static void close_place(struct outside *place) {
  ta_close_all(place->world.runner);
  ta_runner_free(place->world.runner);
  place->world.runner = NULL;
  lua_close(place->world.L);
  CHECK(place->world.memory.bytes == 0);
  if (place->io.workers) CHECK(ta_workers_drain(place->io.workers, LONGEST));
  outside_close_rest(place);
}

/* ------------------------------------------------------------------ the scene */

/* Each call gives what is right, or an error is told: a message and a name, or want of memory. */
static const char scene[] =
    "local fs, told = async.fs, 0\n"
    "local function check(what, got, want)\n"
    "  if sure and got ~= want then log('WRONG', what, tostring(got)) end\n"
    "end\n"
    "local function try(what, want, fn, ...)\n"
    "  local r = table.pack(pcall(fn, ...))\n"
    "  if r[1] and r[2] ~= nil then\n"
    "    if want ~= nil then check(what, r[2], want) end\n"
    "    return r[2]\n"
    "  end\n"
    "  told = told + 1\n"
    "  local e, code = r[r[1] and 3 or 2], r[r[1] and 4 or 0]\n"
    "  if type(e) ~= 'string' or not (code or e:find 'memory') then\n"
    "    log('WRONG', what, tostring(e), tostring(code)) end\n"
    "end\n"
    "local new = ('0123456789\\n'):rep(10000)\n"
    "try('cd', true, async.cd, folder)\n"
    "local function at(name) return folder .. '/' .. name end\n"
    "if try('write', true, fs.write, at 'file', new) then\n"
    "  try('read', new, fs.read, at 'file') end\n"
    "if try('append', true, fs.append, at 'added', 'x') then\n"
    "  try('large', true, fs.append, at 'added', new)\n"
    "  try('stat', nil, fs.stat, at 'added') try('exists', true, fs.exists, at 'added') end\n"
    "try('mkdir', true, fs.mkdir, at 'd/e/f', {parents = true})\n"
    "local names = try('list', nil, fs.list, at '.')\n"
    "if try('copy', true, fs.copy, at 'file', at 'copy', {sync = true}) then\n"
    "  local r = try('renamed', true, fs.rename, at 'copy', at 'moved')\n"
    "  if r then try('remove', true, fs.remove, at 'moved') end end\n"
    "if try('link', true, fs.link, 'file', at 'link') then\n"
    "  try('readlink', 'file', fs.readlink, at 'link') end\n"
    "local file = try('open', nil, fs.open, at 'open', 'w+')\n"
    "if file then\n"
    "  local guard <close> = file\n"
    "  if try('put', nil, file.write, file, 'one\\n', new) then\n"
    "    try('seek', 0, file.seek, file, 'set')\n"
    "    if try('line', 'one', file.read, file) then try('rest', new, file.read, file, 'a') end\n"
    "  end\n"
    "end\n"
    "local temp = try('temp', nil, fs.temp, {dir = folder})\n"
    "if temp then try('put', nil, temp.write, temp, 'x') temp:close() end\n"
    "local dir = try('temp_dir', nil, fs.temp_dir, {dir = folder})\n"
    "if dir then try('in it', true, fs.write, dir.path .. '/x', '', {sync = false})\n"
    "  try('close', true, dir.close, dir) end\n"
    "log(told == 0 and 'ended' or 'ended, and told')";

/* False: so many calls are not made. */
static bool try_at(enum system_call call, unsigned nth, int error, bool is_sure) {
  struct outside place;
  char code[sizeof scene + 200];
  open_folder();
  snprintf(code, sizeof code, "sure, folder = %s, '%s' %s", is_sure ? "true" : "false", folder,
           scene);
  snprintf(where, sizeof where, "call %d, the %u. fails by %d", call, nth, error);
  outside_open(&place, NULL);
  world_add(&place.world, code);
  system_fail(call, nth, error);
  run(&place, 0, false);
  bool reached = system_go_well() >= nth;
  if (strstr(place.world.log, "WRONG")) CHECK_TEXT(place.world.log, where);
  if (!reached) CHECK_TEXT(place.world.log, "ended");
  close_place(&place);
  check_folder();
  return reached;
}

static unsigned number_from(const char *name, unsigned otherwise) {
  const char *text = getenv(name);
  return text ? (unsigned)strtoul(text, NULL, 10) : otherwise;
}

/* TA_TEST_SEED: the first that fails; TA_TEST_EVERY: how many calls to go on by. */
static void sweep(enum system_call call, int error, bool is_sure, unsigned least) {
  unsigned nth = number_from("TA_TEST_SEED", 1);
  unsigned step = number_from("TA_TEST_EVERY", call == SYSTEM_ALLOCATE ? 41 : 1);
  if (test_quick()) step *= 7;
  part_take(&nth, &step);
  while (nth < MOST && try_at(call, nth, error, is_sure)) nth += step;
  if (!test_quick() && nth <= least) CHECK_TEXT(where, "so few calls");
}

static void a_call_that_fails_leaves_the_old_or_the_new_file(void) {
  sweep(SYSTEM_OPEN, EMFILE, true, 8);
  sweep(SYSTEM_WRITE, EIO, false, 6);
  sweep(SYSTEM_WRITE, EINTR, true, 6);
  sweep(SYSTEM_FSYNC, EIO, false, 3);
  sweep(SYSTEM_FSYNC, EINTR, true, 3);
  sweep(SYSTEM_RENAME, EIO, true, 2);
  sweep(SYSTEM_FCHMOD, EPERM, true, 2);
}

static void a_read_that_fails_is_told_or_asked_again(void) {
  sweep(SYSTEM_READ, EIO, true, 4);
  sweep(SYSTEM_READ, EINTR, true, 4);
  sweep(SYSTEM_COPY, EXDEV, true, 1);
  sweep(SYSTEM_COPY, EIO, true, 1);
}

static void memory_that_is_refused_to_files_leaves_nothing(void) {
  sweep(SYSTEM_ALLOCATE, ENOMEM, false, 100);
}

static bool disturb_at(unsigned waits, bool closes) {
  struct outside place;
  char code[sizeof scene + 200];
  open_folder();
  snprintf(code, sizeof code, "sure, folder = true, '%s' %s", folder, scene);
  snprintf(where, sizeof where, "%s at wait %u", closes ? "closed" : "cancelled", waits);
  outside_open(&place, NULL);
  world_add(&place.world, code);
  bool disturbed = run(&place, waits, closes);
  if (strstr(place.world.log, "WRONG") && !strstr(place.world.log, "planned"))
    CHECK_TEXT(place.world.log, where);
  close_place(&place);
  check_folder();
  return disturbed;
}

/* The threads go on to their end, and drop what they have. */
static void wherever_files_are_disturbed_nothing_is_left(void) {
  for (int closes = 0; closes < 2; closes++) {
    unsigned waits = 1;
    while (disturb_at(waits, closes)) waits++;
    CHECK(waits > 4);
  }
}

/* Nothing is in the page cache, and a thread reads it. */
static void what_only_the_disk_has_is_read_by_a_thread(void) {
  struct outside place;
  char code[400];
  open_folder();
  snprintf(code, sizeof code,
           "local f, n = async.fs.open('%s/file'), 0\n"
           "local other = spawn(function() for i = 1, 3 do n = n + 1 async.checkpoint() end end)\n"
           "log(f:read(1), f:read(1), f:read 'a', f:read(1), n > 0)\n"
           "log(async.fs.read '%s/file')",
           folder, folder);
  outside_open(&place, NULL);
  world_add(&place.world, code);
  system_lack_cache(true);
  run(&place, 0, false);
  system_lack_cache(false);
  CHECK_TEXT(place.world.log, "o l d nil true old");
  close_place(&place);
  check_folder();
}

/* -------------------------------------------------------------- the guardian */

static void a_note_of_a_path_is_written_whole_or_not_at_all(void) {
  static char path[PIPE_BUF + 2];
  char bytes[2 * PIPE_BUF];
  int fds[2];
  CHECK(pipe2(fds, O_NONBLOCK | O_CLOEXEC) == 0);
  CHECK(ta_guardian_note_path(fds[1], TA_GUARDED_FILE, "not/absolute") == -EINVAL);
  memset(path, '/', PIPE_BUF);
  CHECK(ta_guardian_note_path(fds[1], TA_GUARDED_FILE, path) == -ENAMETOOLONG);
  CHECK(read(fds[0], bytes, sizeof bytes) < 0 && errno == EAGAIN);
  path[PIPE_BUF - 8] = '\0';
  CHECK(ta_guardian_note_path(fds[1], TA_GUARDED_TREE, path) == 0);
  CHECK(read(fds[0], bytes, sizeof bytes) == PIPE_BUF);
  while (ta_guardian_note_path(fds[1], TA_GUARDED_FILE, path) == 0) continue;
  CHECK(errno == EAGAIN);
  ssize_t count;
  while ((count = read(fds[0], bytes, sizeof bytes)) > 0) CHECK(count % PIPE_BUF == 0);
  close(fds[0]);
  close(fds[1]);
}

/* ------------------------------------------------------------------- mounts */

static const char table[] = "1 0 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
                            "2 1 0:5 / /proc rw - proc proc rw\n"
                            "3 2 0:6 / /proc/sys/fs/binfmt_misc rw - autofs systemd-1 rw\n"
                            "%s"
                            "9 1 0:9 / /tmp rw - tmpfs tmpfs rw\n";

static struct ta_mounts mounts_of(const char *more) {
  char text[1000];
  struct ta_mounts mounts;
  snprintf(text, sizeof text, table, more);
  ta_mounts_open(&mounts);
  CHECK(ta_mounts_read(&mounts, text) == 0);
  return mounts;
}

static bool is_local(const struct ta_mounts *mounts, const char *path) {
  const struct ta_mount *mount = ta_mounts_find(mounts, path);
  return mount && mount->local;
}

static void a_table_of_local_mounts_has_nothing_that_may_hang(void) {
  struct ta_mounts mounts = mounts_of("");
  CHECK(mounts.known && mounts.all_local);
  CHECK(is_local(&mounts, "/anywhere") && is_local(&mounts, "/tmp/x"));
  ta_mounts_close(&mounts);
  ta_mounts_open(&mounts);
  CHECK(ta_mounts_read(&mounts, "") == 0 && !mounts.known);
  CHECK(ta_mounts_read(&mounts, "nonsense\n - \n1 2 3 4 - ext4\n\n") == 0 && !mounts.known);
  ta_mounts_close(&mounts);
}

static void what_a_server_answers_for_is_known_by_its_mount(void) {
  struct ta_mounts mounts = mounts_of("4 1 0:7 / /a\\040b rw shared:2 master:1 - nfs4 host:/x rw\n"
                                      "5 4 8:2 / /a\\040b/disk rw - ext4 /dev/sdb1 rw\n"
                                      "6 1 0:8 / /fuse rw - fuse.sshfs me@host: rw\n"
                                      "7 1 8:3 / /fuse rw - xfs /dev/sdc rw\n");
  CHECK(mounts.known && !mounts.all_local);
  CHECK(!is_local(&mounts, "/a b") && !is_local(&mounts, "/a b/x/y"));
  CHECK(is_local(&mounts, "/a bc") && is_local(&mounts, "/a"));
  CHECK(!is_local(&mounts, "/a b/disk/x")); /* who goes there comes by the server */
  CHECK(is_local(&mounts, "/fuse/x"));      /* it is hidden by the one after it */
  ta_mounts_close(&mounts);
}

/* With a table in which something may hang the kernel is asked; /proc is another mount. */
static void a_path_is_near_if_it_stays_on_its_local_mount(void) {
  struct ta_mounts mounts;
  open_folder();
  CHECK(symlink("/proc/self", path_of("link")) == 0);
  ta_mounts_open(&mounts);
  if (ta_mounts_is_near(&mounts, folder)) {
    mounts.all_local = false;
    mounts.looked = ta_monotonic();
    CHECK(ta_mounts_is_near(&mounts, path_of("file")) == ta_mounts_is_near(&mounts, folder));
    CHECK(ta_mounts_is_near(&mounts, path_of("none")) == ta_mounts_is_near(&mounts, folder));
    CHECK(!ta_mounts_is_near(&mounts, path_of("link/status")));
  }
  ta_mounts_close(&mounts);
  check_folder();
}

/* ---------------------------------------------------------------------- modes */

static int fill_with_new(struct ta_rewrite *rewrite, int fd) {
  (void)rewrite;
  return ta_file_write_all(fd, "new", 3);
}

static mode_t mode_of(const char *name) {
  struct stat about = {.st_mode = 0};
  CHECK(stat(path_of(name), &about) == 0);
  return about.st_mode & 07777;
}

/* The kernel takes such bits away when one who is not root writes. */
static void a_file_that_is_written_has_the_mode_that_was_asked_for(void) {
  struct ta_rewrite rewrite = {.sets_mode = true, .beside.notes = -1};
  uid_t user = geteuid();
  open_folder();
  if (user == 0) CHECK(chown(folder, 65534, (gid_t)-1) == 0 && seteuid(65534) == 0);
  rewrite.path = path_of("set");
  rewrite.mode = 04755;
  rewrite.fill = fill_with_new;
  CHECK(ta_rewrite(&rewrite) == 0);
  CHECK(seteuid(user) == 0);
  CHECK(mode_of("set") == 04755);
  check_folder();
}

static void who_may_write_to_nothing_makes_parents(void) {
  open_folder();
  mode_t mask = umask(0300);
  CHECK(ta_file_make_directory(path_of("a/b/c"), 0777, true) == 0);
  umask(mask);
  CHECK((mode_of("a") & 0300) == 0300 && (mode_of("a/b") & 0300) == 0300);
  CHECK((mode_of("a/b/c") & 0300) == 0);
  check_folder();
}

static void a_file_is_read_where_the_cache_cannot_be_asked(void) {
  static const int errors[] = {EOPNOTSUPP, ENOSYS, EINVAL, EINTR};
  open_folder();
  for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
    struct ta_file_text text = {0};
    system_fail(SYSTEM_READ, 1, errors[i]);
    CHECK(ta_file_read(path_of("file"), true, &text) == 0 && text.size == 3);
    system_go_well();
    ta_file_drop(&text);
  }
  check_folder();
}

static void a_copy_needs_no_modes(void) {
  struct stat like;
  struct ta_rewrite rewrite = {.like = &like, .beside.notes = -1};
  open_folder();
  CHECK(stat(path_of("file"), &like) == 0);
  rewrite.path = path_of("copy");
  rewrite.fill = fill_with_new;
  system_fail(SYSTEM_FCHMOD, 1, EPERM);
  CHECK(ta_rewrite(&rewrite) == 0);
  CHECK(system_go_well() == 1);
  CHECK(mode_of("copy") == 0600);
  check_folder();
}

const struct test files_tests[] = {
    TEST(a_call_that_fails_leaves_the_old_or_the_new_file),
    TEST(a_read_that_fails_is_told_or_asked_again),
    TEST(memory_that_is_refused_to_files_leaves_nothing),
    TEST(wherever_files_are_disturbed_nothing_is_left),
    TEST(what_only_the_disk_has_is_read_by_a_thread),
    TEST(a_note_of_a_path_is_written_whole_or_not_at_all),
    TEST(a_table_of_local_mounts_has_nothing_that_may_hang),
    TEST(what_a_server_answers_for_is_known_by_its_mount),
    TEST(a_path_is_near_if_it_stays_on_its_local_mount),
    TEST(a_file_that_is_written_has_the_mode_that_was_asked_for),
    TEST(a_copy_needs_no_modes),
    TEST(who_may_write_to_nothing_makes_parents),
    TEST(a_file_is_read_where_the_cache_cannot_be_asked),
    TESTS_END,
};
