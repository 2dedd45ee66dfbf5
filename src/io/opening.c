/* SPDX-License-Identifier: MIT */
#include "io/opening.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <lauxlib.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/file.h"
#include "host/filestream.h"
#include "host/parting.h"
#include "host/removal.h"
#include "io/disk.h"
#include "io/refusal.h"
#include "io/stream.h"

enum { NAME = 1, PATH, FLAGS, MODE, MAX_LINE };

/* ------------------------------------------------------------------ opening */

struct opening {
  struct ta_errand errand; /* the first */
  char *path;
  enum ta_lane lane;
  int flags;
  mode_t mode;
  size_t max_line;
  int fd, error;
  struct stat about;
  struct ta_guarded_path *guarded; /* of one that is to go; or NULL */
  bool made, left;
};

static struct opening *opening_of(struct ta_errand *errand) {
  return (struct opening *)errand;
}

/* What is to be written to a FIFO is refused when nobody reads it. */
static void run_open(struct ta_errand *errand) {
  struct opening *opening = opening_of(errand);
  const int flags = O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
  do opening->fd = open(opening->path, opening->flags | flags, opening->mode);
  while (opening->fd < 0 && errno == EINTR);
  opening->error = opening->fd < 0 ? -errno : 0;
  if (opening->error) return;
  opening->made = opening->guarded != NULL;
  if (fstat(opening->fd, &opening->about) != 0) opening->error = -errno;
  if (S_ISDIR(opening->about.st_mode)) opening->error = -EISDIR;
}

/* What is to go may be made by a thread after this: the guardian knows of it to the end. */
static void leave_opening(struct ta_errand *errand) {
  opening_of(errand)->left = true;
}

/* In the loop's thread where there is something guarded that was not left. */
static void drop_opening(struct ta_errand *errand) {
  struct opening *opening = opening_of(errand);
  if (opening->made) unlink(opening->path);
  if (opening->fd >= 0) close(opening->fd);
  if (opening->guarded && opening->left) return;
  if (opening->guarded) ta_children_guard_no_more(&errand->io->children, opening->guarded);
  free(opening->guarded);
  free(opening->path);
}

/* A FIFO that nobody has written to yet has not ended. */
static void await_writer(struct ta_stream *stream, const struct stat *about) {
  if (S_ISFIFO(about->st_mode)) ta_watch_blocked(&stream->watch, TA_MAY_READ);
}

/* The file is the stream's to remove. */
static void hand_over(struct ta_stream *stream, struct opening *opening) {
  const struct ta_io *io = opening->errand.io;
  ta_filestream_removes(stream, io->gate, &opening->errand.io->children, opening->path,
                        opening->guarded);
  opening->path = NULL;
  opening->guarded = NULL;
  opening->made = false;
}

/* The descriptor becomes the stream's.  0, or a negative errno. */
static int open_stream(struct ta_stream_object *object, struct opening *opening) {
  struct ta_stream *stream = ta_stream_of(object);
  int error =
      ta_open_stream(object, S_ISREG(opening->about.st_mode) ? TA_FILE : TA_EDGE, opening->fd);
  if (error) return error;
  opening->fd = -1;
  await_writer(stream, &opening->about);
  if (!S_ISREG(opening->about.st_mode)) return 0;
  error = ta_filestream(stream, ta_io_workers(opening->errand.io), opening->lane);
  if (error) {
    ta_close_stream(object);
    return error;
  }
  if (opening->guarded) hand_over(stream, opening);
  return 0;
}

static int give_stream(lua_State *L, struct ta_errand *errand) {
  struct opening *opening = opening_of(errand);
  int error = opening->error;
  if (!error) {
    struct ta_stream_object *object = ta_push_stream(errand->io, L, errand->name);
    lua_pushstring(L, opening->path);
    lua_insert(L, -2);
    ta_set_stream_path(L, -2);
    ta_set_max_line(object, opening->max_line);
    error = open_stream(object, opening);
  }
  return error ? ta_refuse(L, error, "cannot open %s", ta_name_shown(errand->name)) : 1;
}

static const struct ta_errand_kind open_kind = {.wait = TA_ERRAND_WAIT("open"),
                                                .run = run_open,
                                                .give = give_stream,
                                                .stop = leave_opening,
                                                .drop = drop_opening};

static struct opening *push_opening(lua_State *L, const struct ta_errand_kind *kind) {
  const char *name = luaL_checkstring(L, NAME), *path = luaL_checkstring(L, PATH);
  struct opening *opening = ta_push_errand(ta_upvalue_runner(L), L, kind, sizeof *opening, name);
  opening->fd = -1;
  opening->path = strdup(path);
  if (!opening->path) luaL_error(L, "not enough memory");
  return opening;
}

static unsigned needs_of(int flags) {
  unsigned reads = (flags & O_ACCMODE) != O_WRONLY ? TA_PATH_READ : 0;
  return (flags & O_ACCMODE) != O_RDONLY ? reads | TA_PATH_WRITE : reads;
}

/* (name, path, flags, permissions or nil, longest line or nil) -> stream */
static int l_open(lua_State *L) {
  lua_settop(L, MAX_LINE);
  struct opening *opening = push_opening(L, &open_kind);
  opening->flags = (int)luaL_checkinteger(L, FLAGS);
  opening->mode = (mode_t)luaL_optinteger(L, MODE, 0666);
  opening->max_line = (size_t)luaL_optinteger(L, MAX_LINE, TA_MAX_LINE);
  opening->lane = ta_lane_of(opening->errand.io, opening->path, NULL);
  ta_guard_path(&opening->errand.guard, opening->errand.io, needs_of(opening->flags),
                opening->path);
  return ta_try_errand_in(L, opening->lane);
}

/* (mode as fopen() has it) -> flags; or nil */
static int l_open_flags(lua_State *L) {
  static const struct {
    const char *mode;
    int flags;
  } modes[] = {{"r", O_RDONLY},
               {"r+", O_RDWR},
               {"w", O_WRONLY | O_CREAT | O_TRUNC},
               {"w+", O_RDWR | O_CREAT | O_TRUNC},
               {"a", O_WRONLY | O_CREAT | O_APPEND},
               {"a+", O_RDWR | O_CREAT | O_APPEND},
               {"x", O_WRONLY | O_CREAT | O_EXCL},
               {"x+", O_RDWR | O_CREAT | O_EXCL},
               {"wx", O_WRONLY | O_CREAT | O_EXCL},
               {"wx+", O_RDWR | O_CREAT | O_EXCL},
               {"w+x", O_RDWR | O_CREAT | O_EXCL}};
  const char *mode = luaL_checkstring(L, 1);
  for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
    if (strcmp(modes[i].mode, mode) != 0) continue;
    lua_pushinteger(L, modes[i].flags);
    return 1;
  }
  return 0;
}

/* ------------------------------------------------------------ temporary ones */

/* A directory that is removed with its object, at the latest. */
struct keep {
  struct ta_io *io;
  char *path; /* NULL: it has gone */
  struct ta_guarded_path *guarded;
  enum ta_lane lane;
};

static int l_keep_collect(lua_State *L);

static const struct ta_function keep_meta[] = {{"__gc", l_keep_collect}, {NULL, NULL}};
static const struct ta_object_kind keep_kind = {.name = "Kept", .meta = keep_meta};

static void forget_keep(struct keep *keep) {
  if (keep->guarded) ta_children_guard_no_more(&keep->io->children, keep->guarded);
  free(keep->guarded);
  free(keep->path);
  keep->guarded = NULL;
  keep->path = NULL;
}

/* Pushes one for the path at `index`, of which the guardian knows now. */
static struct keep *push_keep(lua_State *L, int index) {
  struct ta_io *io = ta_io_of(ta_upvalue_runner(L), L);
  struct keep *keep = ta_push_object(ta_upvalue_runner(L), L, &keep_kind, sizeof *keep, 0);
  keep->io = io;
  keep->lane = ta_lane_of(io, lua_tostring(L, index), NULL);
  keep->guarded = calloc(1, sizeof *keep->guarded);
  keep->path = keep->guarded ? strdup(lua_tostring(L, index)) : NULL;
  if (!keep->path) luaL_error(L, "not enough memory");
  ta_children_guard(&io->children, TA_GUARDED_TREE, keep->path, keep->guarded);
  return keep;
}

static int l_keep_collect(lua_State *L) {
  struct keep *keep = ta_check_object(L, 1, &keep_kind);
  const struct ta_left left = {.fd = -1,
                               .path = keep->path,
                               .tree = true,
                               .gate = keep->io->gate,
                               .children = &keep->io->children,
                               .guarded = keep->guarded};
  if (!keep->path) {
    free(keep->guarded); /* nobody was told of it */
    return 0;
  }
  keep->path = NULL;
  keep->guarded = NULL;
  if (keep->lane == TA_LANE_FAR)
    ta_part(ta_io_workers(keep->io), keep->lane, &left);
  else
    ta_part_here(&left);
  return 0;
}

/* The removal of the directory whose object is at index 1. */
struct removal {
  struct ta_errand errand; /* the first */
  struct keep *keep;
  int error;
};

static void run_removal(struct ta_errand *errand) {
  ((struct removal *)errand)->error = ta_sweep(errand->name);
}

static int give_removal(lua_State *L, struct ta_errand *errand) {
  const struct removal *removal = (const struct removal *)errand;
  int error = removal->error;
  if (error) return ta_refuse(L, error, "cannot remove %s", errand->name);
  if (removal->keep->path) forget_keep(removal->keep);
  lua_pushboolean(L, true);
  return 1;
}

static const struct ta_errand_kind removal_kind = {
    .wait = TA_ERRAND_WAIT("remove"), .run = run_removal, .give = give_removal};

/* (kept): it goes, with what is in it.  What could not be removed may be tried again. */
static int l_remove_kept(lua_State *L) {
  struct keep *keep = ta_check_object(L, 1, &keep_kind);
  lua_settop(L, 1);
  lua_pushboolean(L, true);
  if (!keep->path) return 1;
  struct removal *removal =
      ta_push_errand(ta_upvalue_runner(L), L, &removal_kind, sizeof *removal, keep->path);
  removal->keep = keep;
  ta_guard(&removal->errand.guard, L, keep->io, "fs.remove", removal->errand.name, NULL);
  return ta_send_errand(L, keep->lane);
}

/* The making of the directory whose object is at index 2. */
static void run_making(struct ta_errand *errand) {
  struct removal *making = (struct removal *)errand;
  making->error = mkdir(errand->name, 0700) == 0 ? 0 : -errno;
}

static int give_kept(lua_State *L, struct ta_errand *errand) {
  const struct removal *making = (const struct removal *)errand;
  if (!making->error) return lua_pushvalue(L, 2), 1;
  forget_keep(making->keep);
  return ta_refuse(L, making->error, "cannot make the directory %s", errand->name);
}

/* A thread that comes late to it has made it for nobody. */
static void drop_made(struct ta_errand *errand) {
  const struct removal *making = (const struct removal *)errand;
  if (making->error == 0 && atomic_load(&errand->given_up) && !making->keep) rmdir(errand->name);
}

static void leave_made(struct ta_errand *errand) {
  ((struct removal *)errand)->keep = NULL;
}

static const struct ta_errand_kind making_kind = {.wait = TA_ERRAND_WAIT("mkdir"),
                                                  .run = run_making,
                                                  .give = give_kept,
                                                  .stop = leave_made,
                                                  .drop = drop_made};

/* (path) -> what keeps the directory that is made there */
static int l_temp_dir(lua_State *L) {
  const char *path = luaL_checkstring(L, 1);
  lua_settop(L, 1);
  struct keep *keep = push_keep(L, 1);
  struct removal *making =
      ta_push_errand(ta_upvalue_runner(L), L, &making_kind, sizeof *making, path);
  making->error = -EINPROGRESS;
  making->keep = keep;
  ta_guard(&making->errand.guard, L, making->errand.io, "fs.temp_dir", making->errand.name, NULL);
  return keep->lane == TA_LANE_FAR ? ta_send_errand(L, keep->lane) : ta_run_errand(L);
}

/* (path) -> a stream of the file, which is new */
static int l_temp(lua_State *L) {
  lua_settop(L, 1);
  lua_pushvalue(L, 1);
  struct opening *opening = push_opening(L, &open_kind);
  opening->flags = O_RDWR | O_CREAT | O_EXCL;
  opening->mode = 0600;
  opening->max_line = TA_MAX_LINE;
  opening->guarded = calloc(1, sizeof *opening->guarded);
  if (!opening->guarded) luaL_error(L, "not enough memory");
  ta_guard(&opening->errand.guard, L, opening->errand.io, "fs.temp", opening->path, NULL);
  ta_children_guard(&opening->errand.io->children, TA_GUARDED_FILE, opening->path,
                    opening->guarded);
  opening->lane = ta_lane_of(opening->errand.io, opening->path, NULL);
  return opening->lane == TA_LANE_FAR ? ta_send_errand(L, TA_LANE_FAR) : ta_run_errand(L);
}

/* (directory) -> a path in it that nobody else has, or could guess */
static int l_temp_path(lua_State *L) {
  char name[64];
  const char *directory = luaL_checkstring(L, 1);
  snprintf(name, sizeof name, "/tinyasync-%016" PRIx64, ta_file_random());
  lua_pushfstring(L, "%s%s", strcmp(directory, "/") == 0 ? "" : directory, name);
  return 1;
}

const struct ta_function ta_opening_parts[] = {{"open", l_open},
                                               {"open_flags", l_open_flags},
                                               {"temp", l_temp},
                                               {"temp_dir", l_temp_dir},
                                               {"temp_path", l_temp_path},
                                               {"remove_kept", l_remove_kept},
                                               {NULL, NULL}};
