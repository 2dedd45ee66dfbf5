/* SPDX-License-Identifier: MIT
 *
 * thread.h -- async.thread: a function on another core, in a Lua state of its own.
 */
#ifndef TA_IO_THREAD_H
#define TA_IO_THREAD_H

#include "io/io.h"

/* Sets it in the table async, which is on top.  [-0, +0, e] */
void ta_offer_threads(struct ta_io *io, lua_State *L);

#endif
