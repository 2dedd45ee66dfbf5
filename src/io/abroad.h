/* SPDX-License-Identifier: MIT
 *
 * abroad.h -- what a thread cannot do: it belongs to the main thread, and says so.
 */
#ifndef TA_IO_ABROAD_H
#define TA_IO_ABROAD_H

#include "io/io.h"

/* Replaces what reads standard input, starts commands or ends the process, in the state of a
 * thread.  The table async is on top.  [-0, +0, e] */
void ta_refuse_abroad(struct ta_io *io, lua_State *L);

#endif
