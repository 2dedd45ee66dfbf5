/* SPDX-License-Identifier: MIT
 *
 * abroad.h -- what a thread, or a script of somebody else's program, cannot do: whose it is
 * stands in the error of who tries it.
 */
#ifndef TA_IO_ABROAD_H
#define TA_IO_ABROAD_H

#include <lua.h>

/* Replaces what reads standard input, starts commands or ends the process, in the state of a
 * thread.  The table async is on top.  [-0, +0, e] */
void ta_refuse_abroad(lua_State *L);

/* Puts what only the program has into the table async, on top, of a host.  [-0, +0, e] */
void ta_refuse_hosted(lua_State *L);

#endif
