/* SPDX-License-Identifier: MIT */
#include "io/stdin.h"

#include <errno.h>
#include <fcntl.h>
#include <lauxlib.h>
#include <string.h>
#include <unistd.h>

#include "io/stream.h"

extern const char *const ta_chunk_stdin[];

/* Under its address in the registry lies what keeps the stream. */
static const char key;

/* ----------------------------------------------------------------- the stream */

/* What keeps the stream, in its user value, and goes before it. */
struct keeper {
  struct ta_io *io; /* NULL: it is not open */
  struct ta_stream_object *stream;
  bool gone;
};

void ta_stdin_give_back(struct ta_io *io) {
  struct ta_stream_object *stream = io->input.stream;
  if (stream && ta_stream_held(ta_stream_of(stream)) > 0) ta_seek_stream(stream, 0, SEEK_CUR);
}

static int l_forget(lua_State *L) {
  struct keeper *keeper = ta_object_at(L, 1);
  keeper->gone = true;
  if (!keeper->io) return 0;
  ta_stdin_give_back(keeper->io);
  keeper->io->input.stream = NULL;
  keeper->io = NULL;
  return 0;
}

static const struct ta_function meta[] = {{"__gc", l_forget}, {NULL, NULL}};
static const struct ta_object_kind kind = {.name = "Input", .meta = meta};

/* Closing the stream must leave the process its standard input, or the next file that is
 * opened would be that. */
static int open_over_copy(struct ta_stream_object *object) {
  int fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  if (fd < 0) return -errno;
  int error = ta_open_stream(object, TA_ONCE, fd);
  if (error) close(fd);
  return error;
}

/* Pushes what keeps the stream, which is closed yet: new, unless there is one. */
static struct keeper *push_keeper(struct ta_io *io, lua_State *L) {
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &key) == LUA_TUSERDATA) return ta_object_at(L, -1);
  lua_pop(L, 1);
  struct ta_stream_object *stream = ta_push_stream(io, L, "standard input");
  struct keeper *keeper = ta_push_object(io->runner, L, &kind, sizeof *keeper, 1);
  keeper->stream = stream;
  lua_insert(L, -2);
  lua_setiuservalue(L, -2, 1);
  lua_pushvalue(L, -1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &key);
  return keeper;
}

int ta_push_stdin(struct ta_io *io, lua_State *L) {
  luaL_checkstack(L, LUA_MINSTACK, NULL);
  struct keeper *keeper = push_keeper(io, L);
  int error = keeper->gone ? -EBADF : 0;
  if (!error && !keeper->io) error = open_over_copy(keeper->stream);
  if (error) {
    lua_pop(L, 1);
    return error;
  }
  keeper->io = io;
  io->input.stream = keeper->stream;
  lua_getiuservalue(L, -1, 1);
  lua_remove(L, -2);
  return 0;
}

static int l_open(lua_State *L) {
  int error = ta_push_stdin(ta_io_of(ta_upvalue_runner(L), L), L);
  if (error) return luaL_error(L, "cannot open standard input: %s", strerror(-error));
  return 1;
}

void ta_offer_stdin(struct ta_io *io, lua_State *L) {
  static const char *const names[] = {"stdin", NULL};
  static const struct ta_function functions[] = {{"open_standard_input", l_open}, {NULL, NULL}};
  ta_push_environment(io->runner, L);
  ta_set_functions(io->runner, L, functions);
  lua_pop(L, 1);
  ta_offer_chunk(io->runner, L, names, ta_chunk_stdin);
}

/* ------------------------------------------------------------------ C's stdin */

/* Whoever has no stream reads what was asked for and no more. */
static ssize_t read_input(void *data, char *bytes, size_t size) {
  const struct ta_io *io = data;
  if (io->input.stream) return ta_read_stream_here(io->input.stream, bytes, size);
  ssize_t count = read(STDIN_FILENO, bytes, size);
  return count < 0 ? -errno : count;
}

static off_t seek_input(void *data, off_t offset, int whence) {
  const struct ta_io *io = data;
  if (io->input.stream) return ta_seek_stream(io->input.stream, offset, whence);
  off_t place = lseek(STDIN_FILENO, offset, whence);
  return place < 0 ? -errno : place;
}

void ta_stdin_open(struct ta_io *io) {
  static const struct ta_cfile_kind reads = {.read = read_input, .seek = seek_input};
  struct ta_stdin *input = &io->input;
  *input = (struct ta_stdin){.cfile = {.kind = &reads, .data = io}, .own = stdin};
  input->file = ta_cfile_open(&input->cfile, STDIN_FILENO, NULL, 0);
  if (input->file) stdin = input->file;
}

void ta_stdin_close(struct ta_io *io) {
  struct ta_stdin *input = &io->input;
  if (!input->file) return;
  stdin = input->own;
  fclose(input->file);
  input->file = NULL;
}
