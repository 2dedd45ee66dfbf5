/* SPDX-License-Identifier: MIT
 *
 * script.h -- what all chunks need of C to deal with the script that calls them.
 */
#ifndef TA_IO_SCRIPT_H
#define TA_IO_SCRIPT_H

#include <lua.h>

/* (message): a mistake of the script's, where that called us.  [-0, +0, v] */
int ta_l_raise(lua_State *L);

/* (value) -> can it be called?  [-0, +1, -] */
int ta_l_can_be_called(lua_State *L);

#endif
