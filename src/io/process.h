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

/* What follows is for those of Lua's functions that start commands, and has the object of a
 * command of process.lua's, which Lua has still. */

/* Waits for its end where no task can; it is stopped if the run is to end. */
void ta_await_command_here(void *object);

/* Pushes how it has ended, as os.execute() says it: true or nil, "exit" or "signal", and a number,
 * and returns 3.  [-0, +3, m] */
int ta_push_command_end(lua_State *L, const void *object);

/* Stops it, in the background: its task was cancelled. */
void ta_stop_command(void *object);

/* It goes on, and nobody will ask for its end. */
void ta_leave_command(void *object);

#endif
