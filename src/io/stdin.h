/* SPDX-License-Identifier: MIT
 *
 * stdin.h -- standard input: a stream, `async.stdin`, and C's stdin over the same bytes.
 *
 * The stream is made when it is first read from, over a descriptor of its own that shares
 * all with ours: its mode stays as it was.  C's stdin has no buffer: what C code reads
 * comes from the stream's.  Of a file what was read and not taken is given back at the
 * end, as C does.
 */
#ifndef TA_IO_STDIN_H
#define TA_IO_STDIN_H

#include <lua.h>

#include "io/io.h"

/* Offers it in the table async, which is on top.  [-0, +0, e] */
void ta_offer_stdin(struct ta_io *io, lua_State *L);

/* Puts a stdin of ours in the place of C's, and back. */
void ta_stdin_open(struct ta_io *io);
void ta_stdin_close(struct ta_io *io);

/* Pushes the stream.  0; or a negative errno, and nothing is pushed: -EBADF, the Lua state is
 * being closed, and the stream has gone.  [-0, +(0|1), v] */
int ta_push_stdin(struct ta_io *io, lua_State *L);

/* Of a file, its place becomes that of what will be read next. */
void ta_stdin_give_back(struct ta_io *io);

#endif
