/* SPDX-License-Identifier: MIT
 *
 * nearest.h -- which word was meant, of those that there are: on the command line, among options
 * of commands, in what a script has got wrong.
 */
#ifndef TA_IO_NEAREST_H
#define TA_IO_NEAREST_H

#include <lua.h>
#include <stddef.h>

/* The one of `count` names that is nearest to `word`, or NULL when none is near: a
 * third of its letters may be wrong, at least one.  Of several the first in the alphabet. */
const char *ta_nearest(const char *word, const char *const *names, size_t count);

/* The same for Lua: (word, list of names) -> name, how many letters are wrong; or nil.
 * [-all, +n, e] */
int ta_l_nearest(lua_State *L);

/* Likewise as the end of a sentence: (word, list of names, or table with them as its keys) ->
 * ", did you mean 'NAME'?", or "" where none is near, or the word is no string.  [-all, +1, e] */
int ta_l_hint(lua_State *L);

#endif
