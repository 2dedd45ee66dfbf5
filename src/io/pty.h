/* SPDX-License-Identifier: MIT
 *
 * pty.h -- a command's own terminal, as the command that is to be started has it.
 *
 * It opens the terminal and what hands on at our end.  Who waits for the end of that, and
 * closes it, is the command's business.
 */
#ifndef TA_IO_PTY_H
#define TA_IO_PTY_H

#include "host/relay.h"
#include "io/io.h"

/* What a terminal is to be made of: descriptors at these indices, as ta_check_fd() takes them,
 * or nil for nothing. */
struct ta_pty_ends {
  int in, out;
  void (*on_end)(void *data); /* as ta_relay_open() */
  void *data;
};

/* Pushes a descriptor that is to be the command's standard streams.  What is shown goes on from
 * now on; *relay is the caller's, to be closed and freed, and NULL until then.  0, or a negative
 * errno: then something is pushed as well.  [-0, +1, m] */
int ta_push_pty(struct ta_io *io, lua_State *L, const struct ta_pty_ends *ends,
                struct ta_relay **relay);

#endif
