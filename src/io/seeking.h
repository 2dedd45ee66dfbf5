/* SPDX-License-Identifier: MIT
 *
 * seeking.h -- where a stream stands in its file, for scripts.
 *
 * How long a file of a server is only that knows: a thread asks it.  What is read and written there
 * is not known here.
 */
#ifndef TA_IO_SEEKING_H
#define TA_IO_SEEKING_H

#include <lua.h>

/* A method.  [-all, +n, v] */
int ta_l_stream_seek(lua_State *L);

#endif
