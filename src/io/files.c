/* SPDX-License-Identifier: MIT */
#include "io/files.h"

#include <errno.h>
#include <fcntl.h>
#include <lauxlib.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/duplicate.h"
#include "host/file.h"
#include "host/rewrite.h"
#include "io/disk.h"
#include "io/ration.h"
#include "io/refusal.h"

#define CHANGES_OF_A_STEP 8

/* The arguments of most of them. */
enum { NAME = 1, PATH, MORE };

/* What is to be done with a file, and how it went. */
struct job {
  struct ta_errand errand; /* the first */
  const char *verb;        /* of messages: "read" */
  char *path;
  char *other, *other_name; /* of two paths: the second one */
  int error;

  bool flag; /* what that is depends on the job */
  mode_t mode;
  char *bytes; /* to be written */
  size_t size;
  struct ta_file_text text;
  struct ta_file_names names;
  struct stat about;
  struct ta_rewrite *rewrite;
};

static struct job *job_of(struct ta_errand *errand) {
  return (struct job *)errand;
}

static void drop_job(struct ta_errand *errand) {
  struct job *job = job_of(errand);
  ta_file_drop(&job->text);
  ta_file_drop_names(&job->names);
  if (job->rewrite && job->rewrite->beside.notes >= 0) close(job->rewrite->beside.notes);
  free(job->rewrite);
  free(job->bytes);
  free(job->path);
  free(job->other);
  free(job->other_name);
}

/* ------------------------------------------------------------------- asking */

/* A copy for other threads. */
static char *copy_text(lua_State *L, int index, size_t *size) {
  size_t length;
  const char *text = luaL_checklstring(L, index, &length);
  char *copy = malloc(length + 1);
  if (!copy) luaL_error(L, "not enough memory");
  memcpy(copy, text, length + 1);
  if (size) *size = length;
  return copy;
}

/* `function` is what has a row in io/gate.h. */
static struct job *push_job(lua_State *L, const struct ta_errand_kind *kind, const char *function,
                            const char *verb) {
  const char *name = luaL_checkstring(L, NAME);
  struct job *job = ta_push_errand(ta_upvalue_runner(L), L, kind, sizeof *job, name);
  job->verb = verb;
  job->path = copy_text(L, PATH, NULL);
  ta_guard(&job->errand.guard, L, job->errand.io, function, job->path, NULL);
  return job;
}

/* The same of two paths: (name, path, other's name, other path, ...) */
static struct job *push_pair(lua_State *L, const struct ta_errand_kind *kind, const char *function,
                             const char *verb) {
  struct job *job = push_job(L, kind, function, verb);
  job->other_name = copy_text(L, MORE, NULL);
  job->other = copy_text(L, MORE + 1, NULL);
  ta_guard(&job->errand.guard, L, job->errand.io, function, job->path, job->other);
  return job;
}

static enum ta_lane lane_of(const struct job *job) {
  return ta_lane_of(job->errand.io, job->path, job->other);
}

/* At once, if it can be. */
static int go(lua_State *L, const struct job *job) {
  return ta_try_errand_in(L, lane_of(job));
}

static int refuse(lua_State *L, const struct job *job) {
  const char *name = ta_name_shown(job->errand.name);
  if (job->other)
    return ta_refuse(L, job->error, "cannot %s %s to %s", job->verb, name,
                     ta_name_shown(job->other_name));
  return ta_refuse(L, job->error, "cannot %s %s", job->verb, name);
}

static int give_true(lua_State *L, struct ta_errand *errand) {
  if (job_of(errand)->error) return refuse(L, job_of(errand));
  lua_pushboolean(L, true);
  return 1;
}

static int result(int value) {
  return value == 0 ? 0 : -errno;
}

/* What is no file is for streams: false. */
static bool is_for_streams(lua_State *L, const struct job *job) {
  if (job->error == -ESPIPE) lua_pushboolean(L, false);
  return job->error == -ESPIPE;
}

#define KIND(name, run_it, give_it)                                                                \
  { .wait = TA_ERRAND_WAIT(name), .run = run_it, .give = give_it, .drop = drop_job }

/* ------------------------------------------------------------------ reading */

static void run_read(struct ta_errand *errand) {
  struct job *job = job_of(errand);
  job->error = ta_file_read(job->path, errand->now, &job->text);
  errand->waits = job->error == -EAGAIN && errand->now;
}

static int give_text(lua_State *L, struct ta_errand *errand) {
  const struct job *job = job_of(errand);
  if (is_for_streams(L, job)) return 1;
  if (job->error) return refuse(L, job);
  lua_pushlstring(L, job->text.size ? job->text.bytes : "", job->text.size);
  return 1;
}

static const struct ta_errand_kind read_kind = KIND("read", run_read, give_text);

/* What is read will be a string of Lua's.  0: there is no limit. */
static size_t memory_left(const struct ta_io *io) {
  if (!io->budget) return 0;
  size_t used = ta_budget_used(io->budget);
  return used < io->memory ? io->memory - used : 1;
}

/* (name, path) -> text; false: it is no file */
static int l_read(lua_State *L) {
  struct job *job = push_job(L, &read_kind, "fs.read", "read");
  job->text.most = memory_left(job->errand.io);
  return go(L, job);
}

/* ------------------------------------------------------------------ writing */

static int fill_with_bytes(struct ta_rewrite *rewrite, int fd) {
  const struct job *job = rewrite->data;
  return ta_file_write_all(fd, job->bytes, job->size);
}

static void run_write(struct ta_errand *errand) {
  struct job *job = job_of(errand);
  job->error = ta_rewrite(job->rewrite);
}

static int give_written(lua_State *L, struct ta_errand *errand) {
  return is_for_streams(L, job_of(errand)) ? 1 : give_true(L, errand);
}

static const struct ta_errand_kind write_kind = KIND("write", run_write, give_written);

static void add_rewrite(lua_State *L, struct job *job, bool sync) {
  job->rewrite = calloc(1, sizeof *job->rewrite);
  if (!job->rewrite) luaL_error(L, "not enough memory");
  job->rewrite->beside.notes = ta_children_lend_notes(&job->errand.io->children);
  job->rewrite->given_up = &job->errand.given_up;
  job->rewrite->data = job;
  job->rewrite->sync = sync;
}

/* (name, path, text, mode or nil, sync) -> true; false: it is no file */
static int l_write(lua_State *L) {
  lua_settop(L, MORE + 2);
  struct job *job = push_job(L, &write_kind, "fs.write", "write");
  job->bytes = copy_text(L, MORE, &job->size);
  add_rewrite(L, job, lua_toboolean(L, MORE + 2));
  job->rewrite->path = job->path;
  job->rewrite->mode = (mode_t)luaL_optinteger(L, MORE + 1, 0666);
  job->rewrite->sets_mode = !lua_isnil(L, MORE + 1);
  job->rewrite->fill = fill_with_bytes;
  return ta_send_errand(L, lane_of(job));
}

static void run_append(struct ta_errand *errand) {
  struct job *job = job_of(errand);
  errand->waits = errand->now && job->size > TA_SMALL_FILE;
  if (!errand->waits) job->error = ta_file_append(job->path, job->bytes, job->size, job->mode);
}

static const struct ta_errand_kind append_kind = KIND("write", run_append, give_written);

/* (name, path, text, mode or nil) -> true; false: it is no file */
static int l_append(lua_State *L) {
  lua_settop(L, MORE + 1);
  struct job *job = push_job(L, &append_kind, "fs.append", "append to");
  job->bytes = copy_text(L, MORE, &job->size);
  job->mode = (mode_t)luaL_optinteger(L, MORE + 1, 0666);
  return go(L, job);
}

/* --------------------------------------------------------------- looking at */

static void run_stat(struct ta_errand *errand) {
  struct job *job = job_of(errand);
  job->error = result(job->flag ? stat(job->path, &job->about) : lstat(job->path, &job->about));
}

static void set_integer(lua_State *L, const char *key, lua_Integer value) {
  lua_pushinteger(L, value);
  lua_setfield(L, -2, key);
}

static void set_time(lua_State *L, const char *key, const struct timespec *time) {
  lua_pushnumber(L, (lua_Number)time->tv_sec + (lua_Number)time->tv_nsec * 1e-9);
  lua_setfield(L, -2, key);
}

static int give_stat(lua_State *L, struct ta_errand *errand) {
  const struct job *job = job_of(errand);
  const struct stat *about = &job->about;
  if (job->error) return refuse(L, job);
  lua_createtable(L, 0, 12);
  lua_pushstring(L, ta_file_type(about->st_mode));
  lua_setfield(L, -2, "type");
  set_integer(L, "size", (lua_Integer)about->st_size);
  set_integer(L, "mode", about->st_mode & 07777);
  set_time(L, "mtime", &about->st_mtim);
  set_integer(L, "mtime_ns",
              (lua_Integer)about->st_mtim.tv_sec * 1000000000 + about->st_mtim.tv_nsec);
  set_time(L, "atime", &about->st_atim);
  set_time(L, "ctime", &about->st_ctim);
  set_integer(L, "uid", about->st_uid);
  set_integer(L, "gid", about->st_gid);
  set_integer(L, "links", (lua_Integer)about->st_nlink);
  set_integer(L, "inode", (lua_Integer)about->st_ino);
  set_integer(L, "device", (lua_Integer)about->st_dev);
  return 1;
}

static const struct ta_errand_kind stat_kind = KIND("stat", run_stat, give_stat);

/* (name, path, follows links) -> what is known of it */
static int l_stat(lua_State *L) {
  bool follows = lua_toboolean(L, MORE);
  struct job *job =
      push_job(L, &stat_kind, follows ? "fs.stat" : "fs.stat, follow=false", "look at");
  job->flag = follows;
  return go(L, job);
}

static int give_exists(lua_State *L, struct ta_errand *errand) {
  const struct job *job = job_of(errand);
  if (job->error && job->error != -ENOENT && job->error != -ENOTDIR) return refuse(L, job);
  lua_pushboolean(L, !job->error);
  return 1;
}

static const struct ta_errand_kind exists_kind = KIND("stat", run_stat, give_exists);

/* (name, path) -> is anything there */
static int l_exists(lua_State *L) {
  struct job *job = push_job(L, &exists_kind, "fs.exists", "look at");
  job->flag = true;
  return go(L, job);
}

static void run_readlink(struct ta_errand *errand) {
  struct job *job = job_of(errand);
  job->bytes = malloc(PATH_MAX);
  ssize_t count = job->bytes ? readlink(job->path, job->bytes, PATH_MAX) : -1;
  job->error = count < 0 ? -errno : 0;
  job->size = count < 0 ? 0 : (size_t)count;
}

static int give_bytes(lua_State *L, struct ta_errand *errand) {
  const struct job *job = job_of(errand);
  if (job->error) return refuse(L, job);
  lua_pushlstring(L, job->bytes, job->size);
  return 1;
}

static const struct ta_errand_kind readlink_kind = KIND("stat", run_readlink, give_bytes);

/* (name, path) -> what the link says */
static int l_readlink(lua_State *L) {
  return go(L, push_job(L, &readlink_kind, "fs.readlink", "read the link"));
}

static void run_directory(struct ta_errand *errand) {
  struct job *job = job_of(errand);
  job->bytes = realpath(job->path, NULL);
  job->error = job->bytes && stat(job->bytes, &job->about) == 0 ? 0 : -errno;
  if (!job->error && !S_ISDIR(job->about.st_mode)) job->error = -ENOTDIR;
  if (!job->error) job->error = result(access(job->bytes, X_OK));
  job->size = job->bytes ? strlen(job->bytes) : 0;
}

static const struct ta_errand_kind directory_kind = KIND("stat", run_directory, give_bytes);

/* (name, path, for which function) -> the absolute path of a directory that may be entered */
static int l_directory(lua_State *L) {
  return go(L, push_job(L, &directory_kind, luaL_checkstring(L, MORE), "enter"));
}

/* --------------------------------------------------------------- directories */

static int compare(const void *one, const void *other) {
  return strcmp(*(const char *const *)one, *(const char *const *)other);
}

static void run_list(struct ta_errand *errand) {
  struct job *job = job_of(errand);
  job->error = ta_file_list(job->path, errand->now, &job->names);
  errand->waits = job->error == -EAGAIN && errand->now;
  if (job->error) return;
  size_t count = job->names.count;
  const char **sorted = malloc((count + 1) * sizeof *sorted);
  job->bytes = (char *)sorted;
  job->error = sorted ? 0 : -ENOMEM;
  const char *name = job->names.bytes;
  for (size_t i = 0; sorted && i < count; i++, name += strlen(name) + 1) sorted[i] = name;
  if (sorted) qsort(sorted, count, sizeof *sorted, compare);
}

static int give_names(lua_State *L, struct ta_errand *errand) {
  const struct job *job = job_of(errand);
  const char *const *sorted = (const char *const *)(const void *)job->bytes;
  size_t count = job->names.count;
  if (job->error) return refuse(L, job);
  lua_createtable(L, count < INT_MAX ? (int)count : INT_MAX, 0);
  for (size_t i = 0; i < count; i++) {
    lua_pushstring(L, sorted[i]);
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
  return 1;
}

static const struct ta_errand_kind list_kind = KIND("list", run_list, give_names);

/* (name, path) -> names */
static int l_list(lua_State *L) {
  return go(L, push_job(L, &list_kind, "fs.list", "list"));
}

static void run_mkdir(struct ta_errand *errand) {
  struct job *job = job_of(errand);
  job->error = ta_file_make_directory(job->path, job->mode, job->flag);
}

static const struct ta_errand_kind mkdir_kind = KIND("mkdir", run_mkdir, give_true);

/* (name, path, with parents, mode or nil) -> true */
static int l_mkdir(lua_State *L) {
  lua_settop(L, MORE + 1);
  struct job *job = push_job(L, &mkdir_kind, "fs.mkdir", "make the directory");
  job->flag = lua_toboolean(L, MORE);
  job->mode = (mode_t)luaL_optinteger(L, MORE + 1, 0777);
  return go(L, job);
}

static void run_remove(struct ta_errand *errand) {
  struct job *job = job_of(errand);
  job->error = ta_file_remove(job->path);
}

static const struct ta_errand_kind remove_kind = KIND("remove", run_remove, give_true);

/* (name, path) -> true */
static int l_remove(lua_State *L) {
  return go(L, push_job(L, &remove_kind, "fs.remove", "remove"));
}

/* ------------------------------------------------------------------ two paths */

static void run_rename(struct ta_errand *errand) {
  struct job *job = job_of(errand);
  job->error = result(rename(job->path, job->other));
}

static const struct ta_errand_kind rename_kind = KIND("rename", run_rename, give_true);

/* (name, path, new name, new path) -> true */
static int l_rename(lua_State *L) {
  return go(L, push_pair(L, &rename_kind, "fs.rename", "rename"));
}

static void run_link(struct ta_errand *errand) {
  struct job *job = job_of(errand);
  job->error = result(job->flag ? link(job->other, job->path) : symlink(job->other, job->path));
}

static const struct ta_errand_kind link_kind = KIND("link", run_link, give_true);

/* (name, path, target's name, target, hard) -> true */
static int l_link(lua_State *L) {
  bool hard = lua_toboolean(L, MORE + 2);
  struct job *job = push_pair(L, &link_kind, hard ? "fs.link, hard" : "fs.link", "make the link");
  job->flag = hard;
  return go(L, job);
}

/* The source is open already: of what is there the mode is known before. */
static int fill_with_copy(struct ta_rewrite *rewrite, int fd) {
  const struct job *job = rewrite->data;
  return ta_duplicate(job->text.fd, fd, &job->about, rewrite->given_up);
}

static int open_source(struct job *job) {
  int fd = open(job->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) return -errno;
  job->text.fd = fd;
  job->text.opened = true;
  if (fstat(fd, &job->about) != 0) return -errno;
  if (S_ISDIR(job->about.st_mode)) return -EISDIR;
  return S_ISREG(job->about.st_mode) ? 0 : -EINVAL;
}

static void run_copy(struct ta_errand *errand) {
  struct job *job = job_of(errand);
  job->error = open_source(job);
  if (job->error) return;
  job->error = ta_rewrite(job->rewrite);
  if (job->error == -ESPIPE) job->error = -EINVAL;
}

static const struct ta_errand_kind copy_kind = KIND("copy", run_copy, give_true);

/* (name, path, new name, new path, sync) -> true */
static int l_copy(lua_State *L) {
  struct job *job = push_pair(L, &copy_kind, "fs.copy", "copy");
  add_rewrite(L, job, lua_toboolean(L, MORE + 2));
  job->rewrite->path = job->other;
  job->rewrite->like = &job->about;
  job->rewrite->fill = fill_with_copy;
  return ta_send_errand(L, lane_of(job));
}

/* ------------------------------------------------------------------- turns */

/* A file system may take milliseconds for each.  They are counted, and no clock is asked: turns
 * are the same from run to run. */
static bool has_changed_enough(struct ta_io *io) {
  uint64_t step = ta_steps(io->runner);
  if (io->changes.step != step) io->changes.count = 0;
  io->changes.step = step;
  return ++io->changes.count > CHANGES_OF_A_STEP;
}

static int l_go_on(lua_State *L) {
  (void)L;
  return 0;
}

/* It is the first one of the new step. */
static int l_change(lua_State *L) {
  has_changed_enough(ta_io_of(ta_upvalue_runner(L), L));
  return 0;
}

/* (does it change what is on the disk): to be called first.  Who was cancelled begins nothing, and
 * who never waits lets others run. */
static int l_enter(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  bool changes = lua_toboolean(L, 1);
  lua_settop(L, 0);
  if (!ta_io_lets_wait(runner, L)) return 0;
  ta_enter(runner, L);
  bool is_enough = changes && has_changed_enough(ta_io_of(runner, L));
  bool rests = ta_has_gone_on(runner, L) || is_enough;
  return rests ? ta_give_turn_before(runner, L, changes ? l_change : l_go_on) : 0;
}

const struct ta_function ta_file_parts[] = {
    {"enter", l_enter},   {"read", l_read},           {"write", l_write}, {"append", l_append},
    {"stat", l_stat},     {"exists", l_exists},       {"list", l_list},   {"mkdir", l_mkdir},
    {"remove", l_remove}, {"rename", l_rename},       {"link", l_link},   {"readlink", l_readlink},
    {"copy", l_copy},     {"directory", l_directory}, {NULL, NULL}};
