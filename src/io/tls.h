/* SPDX-License-Identifier: MIT
 *
 * tls.h -- stream:start_tls(), and what else of a script's speaks TLS.
 *
 * Options are checked, and the module `tls` is loaded, by the Lua half, tls.lua, which others
 * use too: what it gives is listed at its end.  Here is what it waits with.
 */
#ifndef TA_IO_TLS_H
#define TA_IO_TLS_H

#include <lua.h>

#include "io/io.h"

/* Of a stream's user values the last: a function that tells of its TLS. */
#define TA_TLS_VALUE 5

/* What the Lua half is made of lies in the environment of chunks from now on.  [-0, +0, v] */
void ta_tls_prepare(struct ta_io *io, lua_State *L);

/* A method.  [-all, +n, v] */
int ta_l_stream_start_tls(lua_State *L);

/* Pushes what is known of the TLS of the stream at `index`, a table, or nil.  [-0, +1, v] */
void ta_push_tls(lua_State *L, int index);

#endif
