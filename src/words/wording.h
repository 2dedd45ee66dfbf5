/* SPDX-License-Identifier: MIT
 *
 * wording.h -- error objects in words.
 *
 * Of whom they are it does not know.
 */
#ifndef TA_WORDS_WORDING_H
#define TA_WORDS_WORDING_H

#include <lua.h>

/* Pushes an error object in words.  Runs __tostring.  [-0, +1, e] */
void ta_push_message(lua_State *L, int index);

#endif
