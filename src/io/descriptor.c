/* SPDX-License-Identifier: MIT */
#include "io/descriptor.h"

#include <errno.h>
#include <fcntl.h>
#include <lauxlib.h>
#include <unistd.h>

#include "io/refusal.h"

#define MODE 0666 /* of a new file, but for the umask */

static const struct ta_function meta[] = {
    {"__gc", ta_l_close_descriptor}, {"__close", ta_l_close_descriptor}, {NULL, NULL}};
static const struct ta_object_kind kind = {.name = "Descriptor", .meta = meta};

struct ta_descriptor *ta_push_descriptor(struct ta_runner *runner, lua_State *L) {
  struct ta_descriptor *descriptor = ta_push_object(runner, L, &kind, sizeof *descriptor, 0);
  descriptor->fd = -1;
  return descriptor;
}

struct ta_descriptor *ta_check_descriptor(lua_State *L, int index) {
  return ta_check_object(L, index, &kind);
}

int ta_check_fd(lua_State *L, int index) {
  if (lua_type(L, index) == LUA_TNUMBER) return (int)lua_tointeger(L, index);
  return ta_check_descriptor(L, index)->fd;
}

int ta_l_close_descriptor(lua_State *L) {
  struct ta_descriptor *descriptor = ta_check_descriptor(L, 1);
  if (descriptor->fd >= 0) close(descriptor->fd);
  descriptor->fd = -1;
  return 0;
}

/* Non-blocking is the end that is ours: each has its own mode. */
int ta_l_pipe(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  lua_settop(L, 0);
  struct ta_descriptor *reading = ta_push_descriptor(runner, L);
  struct ta_descriptor *writing = ta_push_descriptor(runner, L);
  int fds[2];
  if (pipe2(fds, O_CLOEXEC) != 0) return ta_refuse(L, -errno, "cannot make a pipe");
  reading->fd = fds[0];
  writing->fd = fds[1];
  return 2;
}

static int flags_of(const char *mode) {
  if (*mode == 'r') return O_RDONLY;
  return O_WRONLY | O_CREAT | (*mode == 'a' ? O_APPEND : O_TRUNC);
}

int ta_l_open_file(lua_State *L) {
  const char *path = luaL_checkstring(L, 1);
  const char *mode = luaL_checkstring(L, 2);
  struct ta_descriptor *descriptor = ta_push_descriptor(ta_upvalue_runner(L), L);
  descriptor->fd = open(path, flags_of(mode) | O_CLOEXEC, MODE);
  if (descriptor->fd >= 0) return 1;
  return ta_refuse(L, -errno, "cannot open %s", path);
}
