/* SPDX-License-Identifier: MIT
 *
 * where.h -- which line of a script is running, or waits.
 */
#ifndef TA_CORE_WHERE_H
#define TA_CORE_WHERE_H

#include <lua.h>
#include <stdbool.h>

#include "tinyasync_lib.h"

/* What the Lua half of the library is called, which reports do not show. */
#define TA_CHUNK_SOURCE "=(tinyasync)"

/* "file.lua:12" */
typedef char ta_where_shown[LUA_IDSIZE + 16];

/* Writes where L is: its innermost Lua function at or above `level`.  False
 * when there is none. */
bool ta_where(lua_State *L, int level, ta_where_shown where);

/* Is this a frame of a script's, with a line, as lua_getinfo() with "Sl" tells? */
bool ta_is_scripts_frame(const lua_Debug *ar);

#endif
