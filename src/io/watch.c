/* SPDX-License-Identifier: MIT */
#include "io/watch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <lauxlib.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "host/file.h"
#include "io/disk.h"
#include "io/modules.h"
#include "io/refusal.h"
#include "io/room.h"

extern const char *const ta_chunk_watch[];

/* Two changes so near to each other may have one time, in nanoseconds: the kernel's clock ticks. */
#define TICK 20000000

/* ----------------------------------------------------------------- one entry */

/* A number that is used again for another file has another time of birth, where the system
 * knows that. */
struct entry {
  char *name;
  uint64_t device, inode, born, size;
  int64_t modified, changed; /* nanoseconds */
  uint32_t mode, user, group;
  bool is_there, is_fresh; /* it may change once more and keep its times */
};

static int64_t nanoseconds_of(int64_t seconds, int64_t rest) {
  return (int64_t)((uint64_t)seconds * 1000000000u + (uint64_t)rest);
}

/* 0, or a negative errno. */
static int look_at(int directory, const char *name, int flags, struct entry *entry) {
  struct statx about;
  struct timespec now;
  if (statx(directory, name, flags, STATX_BASIC_STATS | STATX_BTIME, &about) != 0) return -errno;
  clock_gettime(CLOCK_REALTIME, &now);
  entry->device = makedev(about.stx_dev_major, about.stx_dev_minor);
  entry->inode = about.stx_ino;
  entry->size = about.stx_size;
  entry->mode = about.stx_mode;
  entry->user = about.stx_uid;
  entry->group = about.stx_gid;
  entry->modified = nanoseconds_of(about.stx_mtime.tv_sec, about.stx_mtime.tv_nsec);
  entry->changed = nanoseconds_of(about.stx_ctime.tv_sec, about.stx_ctime.tv_nsec);
  if (about.stx_mask & STATX_BTIME)
    entry->born = (uint64_t)nanoseconds_of(about.stx_btime.tv_sec, about.stx_btime.tv_nsec);
  entry->is_fresh = entry->changed + TICK > nanoseconds_of(now.tv_sec, now.tv_nsec);
  entry->is_there = true;
  return 0;
}

/* Of a directory only what is its own: what is in it is told by itself. */
static void push_version(lua_State *L, const struct entry *entry) {
  char text[128];
  if (S_ISDIR(entry->mode))
    snprintf(text, sizeof text, "%x:%u:%u", entry->mode, entry->user, entry->group);
  else
    snprintf(text, sizeof text, "%x:%u:%u:%llu:%lld", entry->mode, entry->user, entry->group,
             (unsigned long long)entry->size, (long long)entry->modified);
  lua_pushstring(L, text);
}

static void push_entry(lua_State *L, const struct entry *entry) {
  char id[80];
  snprintf(id, sizeof id, "%llx:%llx:%llx", (unsigned long long)entry->device,
           (unsigned long long)entry->inode, (unsigned long long)entry->born);
  lua_createtable(L, 0, 6);
  lua_pushstring(L, id);
  lua_setfield(L, -2, "id");
  push_version(L, entry);
  lua_setfield(L, -2, "version");
  lua_pushinteger(L, entry->changed);
  lua_setfield(L, -2, "at");
  lua_pushboolean(L, entry->is_fresh);
  lua_setfield(L, -2, "fresh");
  lua_pushboolean(L, S_ISDIR(entry->mode));
  lua_setfield(L, -2, "directory");
  lua_pushboolean(L, entry->born != 0);
  lua_setfield(L, -2, "certain");
}

/* ------------------------------------------------------------------- looking */

/* At a path itself, or a directory: at all names in it, or those that are given. */
struct look {
  struct ta_errand errand; /* the first */
  struct entry *entries;
  size_t count, room;
  struct entry self;
  int flags;   /* of open(), for the last part of the path */
  bool chosen; /* the names are given */
  int error;
};

static struct entry *add_entry(struct look *look, const char *name) {
  if (look->count == look->room) {
    size_t room = look->room ? look->room * 2 : 16;
    struct entry *entries = realloc(look->entries, room * sizeof *entries);
    if (!entries) return NULL;
    look->entries = entries;
    look->room = room;
  }
  struct entry *entry = &look->entries[look->count];
  *entry = (struct entry){.name = strdup(name)};
  if (!entry->name) return NULL;
  look->count++;
  return entry;
}

static int read_names(struct look *look, DIR *directory) {
  const struct dirent *item;
  errno = 0;
  while ((item = readdir(directory))) {
    if (!ta_is_dots(item->d_name) && !add_entry(look, item->d_name)) return -ENOMEM;
    errno = 0;
  }
  return -errno;
}

static int close_after(int fd, int error) {
  if (fd >= 0) close(fd);
  return error;
}

static int look_into(struct look *look, int fd) {
  int error = look_at(fd, "", AT_EMPTY_PATH, &look->self);
  if (error) return error;
  if (!look->chosen) {
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    DIR *directory = copy < 0 ? NULL : fdopendir(copy);
    if (!directory) return close_after(copy, -errno);
    error = read_names(look, directory);
    closedir(directory);
  }
  for (size_t i = 0; i < look->count && !error; i++) {
    error = look_at(fd, look->entries[i].name, AT_SYMLINK_NOFOLLOW, &look->entries[i]);
    if (error == -ENOENT || error == -ENOTDIR) error = 0; /* it is not there */
  }
  return error;
}

static void run_list(struct ta_errand *errand) {
  struct look *look = (struct look *)errand;
  int fd = open(errand->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | look->flags);
  look->error = fd < 0 ? -errno : look_into(look, fd);
  if (fd >= 0) close(fd);
}

static void run_look(struct ta_errand *errand) {
  struct look *look = (struct look *)errand;
  look->error = look_at(AT_FDCWD, errand->name, 0, &look->self);
}

static void drop_look(struct ta_errand *errand) {
  struct look *look = (struct look *)errand;
  for (size_t i = 0; i < look->count; i++) free(look->entries[i].name);
  free(look->entries);
}

static int give_list(lua_State *L, struct ta_errand *errand) {
  const struct look *look = (const struct look *)errand;
  if (look->error) return ta_refuse(L, look->error, "cannot watch %s", ta_name_shown(errand->name));
  lua_createtable(L, 0, look->count < INT_MAX ? (int)look->count : 0);
  for (size_t i = 0; i < look->count; i++) {
    if (!look->entries[i].is_there) continue;
    push_entry(L, &look->entries[i]);
    lua_setfield(L, -2, look->entries[i].name);
  }
  push_entry(L, &look->self);
  return 2;
}

static int give_look(lua_State *L, struct ta_errand *errand) {
  const struct look *look = (const struct look *)errand;
  if (look->error) return ta_refuse(L, look->error, "cannot watch %s", ta_name_shown(errand->name));
  push_entry(L, &look->self);
  return 1;
}

static const struct ta_errand_kind list_kind = {
    .wait = TA_ERRAND_WAIT("watch"), .run = run_list, .give = give_list, .drop = drop_look};
static const struct ta_errand_kind look_kind = {
    .wait = TA_ERRAND_WAIT("watch"), .run = run_look, .give = give_look, .drop = drop_look};

static void choose(lua_State *L, struct look *look, int names) {
  lua_Integer count = (lua_Integer)lua_rawlen(L, names);
  look->chosen = true;
  for (lua_Integer i = 1; i <= count; i++) {
    lua_rawgeti(L, names, i);
    if (!add_entry(look, luaL_checkstring(L, -1))) luaL_error(L, "not enough memory");
    lua_pop(L, 1);
  }
}

/* (path of a directory, does it follow a link, names or nil: all) -> entries by their names, the
 * directory's own; or nil, message, code */
static int l_list(lua_State *L) {
  const char *path = luaL_checkstring(L, 1);
  lua_settop(L, 3);
  struct look *look =
      ta_push_errand(ta_upvalue_runner(L), L, &list_kind, sizeof(struct look), path);
  look->flags = lua_toboolean(L, 2) ? 0 : O_NOFOLLOW;
  if (lua_istable(L, 3)) choose(L, look, 3);
  ta_guard(&look->errand.guard, L, look->errand.io, "fs.watch", look->errand.name, NULL);
  return ta_send_errand(L, ta_lane_of(look->errand.io, path, NULL));
}

/* (path) -> the entry that it leads to; or nil, message, code */
static int l_look(lua_State *L) {
  const char *path = luaL_checkstring(L, 1);
  struct look *look = ta_push_errand(ta_upvalue_runner(L), L, &look_kind, sizeof *look, path);
  ta_guard(&look->errand.guard, L, look->errand.io, "fs.watch", look->errand.name, NULL);
  return ta_send_errand(L, ta_lane_of(look->errand.io, path, NULL));
}

/* ---------------------------------------------------------------- small things */

struct real {
  struct ta_errand errand; /* the first */
  char *path;              /* NULL: there is none */
};

static void run_real(struct ta_errand *errand) {
  ((struct real *)errand)->path = realpath(errand->name, NULL);
}

static int give_real(lua_State *L, struct ta_errand *errand) {
  lua_pushstring(L, ((const struct real *)errand)->path);
  return 1;
}

static void drop_real(struct ta_errand *errand) {
  free(((struct real *)errand)->path);
}

static const struct ta_errand_kind real_kind = {
    .wait = TA_ERRAND_WAIT("watch"), .run = run_real, .give = give_real, .drop = drop_real};

/* (path) -> the path without links, or nil */
static int l_real(lua_State *L) {
  const char *path = luaL_checkstring(L, 1);
  struct real *real = ta_push_errand(ta_upvalue_runner(L), L, &real_kind, sizeof *real, path);
  ta_guard(&real->errand.guard, L, real->errand.io, "fs.watch", real->errand.name, NULL);
  return ta_try_errand_in(L, ta_lane_of(real->errand.io, path, NULL));
}

static int by_bytes(const void *one, const void *other) {
  return strcmp(*(const char *const *)one, *(const char *const *)other);
}

/* (table) -> a list of its keys, names of files, in the order of their bytes */
static int l_sorted(lua_State *L) {
  size_t count = 0, i = 0;
  lua_settop(L, 1);
  for (lua_pushnil(L); lua_next(L, 1); lua_pop(L, 1)) count++;
  const char **names = lua_newuserdatauv(L, (count + 1) * sizeof *names, 0);
  for (lua_pushnil(L); lua_next(L, 1) && i < count; lua_pop(L, 1)) names[i++] = lua_tostring(L, -2);
  lua_settop(L, 2);
  qsort(names, i, sizeof *names, by_bytes);
  lua_createtable(L, i < INT_MAX ? (int)i : 0, 0);
  for (size_t at = 0; at < i; at++) {
    lua_pushstring(L, names[at]);
    lua_rawseti(L, -2, (lua_Integer)at + 1);
  }
  return 1;
}

/* (path) -> may a server keep who asks for it waiting */
static int l_is_far(lua_State *L) {
  struct ta_io *io = ta_io_of(ta_upvalue_runner(L), L);
  lua_pushboolean(L, ta_lane_of(io, luaL_checkstring(L, 1), NULL) == TA_LANE_FAR);
  return 1;
}

/* (): who was cancelled begins nothing. */
static int l_enter(lua_State *L) {
  ta_enter(ta_upvalue_runner(L), L);
  return 0;
}

/* (): the task gives up its turn if it has gone on for long. */
static int l_turn(lua_State *L) {
  return ta_return_at_once(ta_upvalue_runner(L), L, 0);
}

static const struct ta_function parts[] = {{"list", l_list},
                                           {"look", l_look},
                                           {"real", l_real},
                                           {"is_far", l_is_far},
                                           {"raise", ta_l_raise},
                                           {"turn", l_turn},
                                           {"enter", l_enter},
                                           {"sorted", l_sorted},
                                           {"module", ta_l_module},
                                           {"for_closes", ta_l_for_closes},
                                           {NULL, NULL}};

static int l_parts(lua_State *L) {
  lua_newtable(L);
  ta_set_functions(ta_upvalue_runner(L), L, parts);
  return 1;
}

/* () -> what watch.lua gives */
static int l_watching(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  ta_push_environment(runner, L);
  ta_push_function(runner, L, l_parts);
  lua_setfield(L, -2, "watch_parts");
  ta_push_chunk(runner, L, ta_chunk_watch);
  return 1;
}

const struct ta_function ta_watch_parts[] = {{"watching", l_watching}, {NULL, NULL}};
