/* SPDX-License-Identifier: MIT */
#include "io/pty.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "host/pty.h"
#include "host/terminal.h"
#include "io/descriptor.h"

/* One of our own: the other is closed when the command has started.  -1 where there is none. */
static int copy_fd(lua_State *L, int index, int *copy) {
  *copy = -1;
  if (lua_isnil(L, index)) return 0;
  *copy = fcntl(ta_check_fd(L, index), F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  return *copy < 0 ? -errno : 0;
}

/* Our own standard input, where it is our terminal, is a person's. */
static bool is_typed(lua_State *L, int index) {
  if (lua_type(L, index) != LUA_TNUMBER || ta_terminal_open() != 0) return false;
  return ta_terminal_is_at((int)lua_tointeger(L, index));
}

static int open_relay(struct ta_io *io, const struct ta_pty_ends *ends, bool typed, int ours,
                      int to, int from, struct ta_relay **relay) {
  struct ta_relay *made = malloc(sizeof *made);
  if (!made) return -ENOMEM;
  int error = ta_relay_open(io->loop, ours, to, from, typed, ends->on_end, ends->data, made);
  if (error)
    free(made);
  else
    *relay = made;
  return error;
}

static void close_all(const int *fds, int count) {
  for (int i = 0; i < count; i++)
    if (fds[i] >= 0) close(fds[i]);
}

int ta_push_pty(struct ta_io *io, lua_State *L, const struct ta_pty_ends *ends,
                struct ta_relay **relay) {
  bool typed = is_typed(L, ends->in);
  if (!lua_isnil(L, ends->in)) ta_check_fd(L, ends->in); /* raises now, if ever */
  if (!lua_isnil(L, ends->out)) ta_check_fd(L, ends->out);
  struct ta_descriptor *theirs = ta_push_descriptor(io->runner, L);
  struct ta_pty pty;
  int error = ta_pty_open(typed, &pty);
  if (error) return error;
  theirs->fd = pty.theirs;
  int fds[] = {pty.ours, -1, -1};
  error = copy_fd(L, ends->out, &fds[1]);
  if (!error) error = copy_fd(L, ends->in, &fds[2]);
  if (!error) error = open_relay(io, ends, typed, fds[0], fds[1], fds[2], relay);
  if (error) close_all(fds, 3);
  return error;
}
