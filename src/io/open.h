/* SPDX-License-Identifier: MIT
 *
 * open.h -- opens the parts of async that wait for the outside.
 *
 * Each part is loaded when a script first asks for it.
 */
#ifndef TA_IO_OPEN_H
#define TA_IO_OPEN_H

#include "io/io.h"

/* First of all: it can be closed from then on. */
void ta_io_prepare(struct ta_io *io);

/* After ta_open(): the parts are offered in the table async.  [-0, +0, e] */
void ta_io_open(struct ta_io *io, lua_State *L);

/* The same in the Lua state of a thread, which has not all of them.  [-0, +0, e] */
void ta_io_open_in_thread(struct ta_io *io, lua_State *L);

/* The same for a Runner in a program with a loop of its own, whose are the processes, signals,
 * standard streams and the terminal.  [-0, +0, e] */
void ta_io_open_hosted(struct ta_io *io, lua_State *L);

/* When the Lua state was closed: C has its own stdin again.  The commands are the host's. */
void ta_io_close(struct ta_io *io);
void ta_io_close_in_thread(struct ta_io *io);

#endif
