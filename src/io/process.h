/* SPDX-License-Identifier: MIT
 *
 * process.h -- async.process: commands, whose semantics are in process.lua.
 *
 * A command itself is in command.h.
 */
#ifndef TA_IO_PROCESS_H
#define TA_IO_PROCESS_H

#include "io/io.h"

/* Offers async.process and async.secret.  The table async is on top.  [-0, +0, e] */
void ta_offer_processes(struct ta_io *io, lua_State *L);

#endif
