/* SPDX-License-Identifier: MIT
 *
 * descriptor.h -- a descriptor on its way, in Lua's care.
 *
 * Between its opening and the child or the stream that gets it much may raise: so it lies
 * in an object that closes it when it is forgotten.  Scripts do not see these.
 */
#ifndef TA_IO_DESCRIPTOR_H
#define TA_IO_DESCRIPTOR_H

#include "io/io.h"

struct ta_descriptor {
  int fd; /* -1: none, or given away */
};

/* Pushes one that has none yet.  [-0, +1, m] */
struct ta_descriptor *ta_push_descriptor(struct ta_runner *runner, lua_State *L);

/* The one at `index`.  [-0, +0, v] */
struct ta_descriptor *ta_check_descriptor(lua_State *L, int index);

/* The descriptor at `index`: of one of these, or a number from 0 to 2.  [-0, +0, v] */
int ta_check_fd(lua_State *L, int index);

/* A pipe, () -> reading end, writing end; a file, (path, mode: "r", "w" or "a"), which waits
 * where it is a FIFO whose other side nobody has; closing one, (descriptor).  nil, message, code:
 * the world refuses. */
int ta_l_pipe(lua_State *L);
int ta_l_open_file(lua_State *L);
int ta_l_close_descriptor(lua_State *L);

#endif
