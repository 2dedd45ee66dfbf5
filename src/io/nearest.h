/* SPDX-License-Identifier: MIT
 *
 * nearest.h -- which word was meant, of those that there are: on the command line, and among
 * options of commands.
 */
#ifndef TA_IO_NEAREST_H
#define TA_IO_NEAREST_H

#include <lua.h>
#include <stddef.h>

/* The one of `count` names that is nearest to `word`, or NULL when none is near: a
 * third of its letters may be wrong, at least one.  Of several the first in the alphabet. */
const char *ta_nearest(const char *word, const char *const *names, size_t count);

/* The same for Lua: (word, list of names) -> name, or nil.  [-all, +1, e] */
int ta_l_nearest(lua_State *L);

#endif
