/* SPDX-License-Identifier: MIT
 *
 * process.h -- async.process: commands, whose semantics are in process.lua.
 *
 * A command is one process or several in one group, what it writes where nobody reads at
 * once, and the text it is given.  All that happens without the script is done in the
 * loop; a task only waits for its end.
 */
#ifndef TA_IO_PROCESS_H
#define TA_IO_PROCESS_H

#include "io/io.h"

/* Offers async.process and async.secret.  The table async is on top.  [-0, +0, e] */
void ta_offer_processes(struct ta_io *io, lua_State *L);

#endif
