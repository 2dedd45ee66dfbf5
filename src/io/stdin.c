/* SPDX-License-Identifier: MIT */
#include "io/stdin.h"

#include <errno.h>
#include <fcntl.h>
#include <lauxlib.h>
#include <string.h>
#include <unistd.h>

#include "io/stream.h"

extern const char *const ta_chunk_stdin[];

/* Closing the stream must leave the process its standard input, or the next file that is
 * opened would be that. */
static int open_over_copy(struct ta_stream_object *object) {
  int fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  if (fd < 0) return -errno;
  int error = ta_open_stream(object, TA_ONCE, fd);
  if (error) close(fd);
  return error;
}

static int l_open(lua_State *L) {
  struct ta_io *io = ta_io_of(ta_upvalue_runner(L), L);
  int error = open_over_copy(ta_push_stream(io, L, "standard input"));
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
