/* SPDX-License-Identifier: MIT
 *
 * stdin.h -- standard input as a stream, `async.stdin`.
 *
 * It is made when a script first asks for it, over a descriptor of its own that shares all
 * with ours: its mode stays as it was.
 */
#ifndef TA_IO_STDIN_H
#define TA_IO_STDIN_H

#include <lua.h>

#include "io/io.h"

/* Offers it in the table async, which is on top.  [-0, +0, e] */
void ta_offer_stdin(struct ta_io *io, lua_State *L);

#endif
