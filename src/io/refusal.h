/* SPDX-License-Identifier: MIT
 *
 * refusal.h -- what the outside refuses, as scripts get it: nil, message, code.
 *
 * The message names the thing and the reason, the code is the system's name for that.
 */
#ifndef TA_IO_REFUSAL_H
#define TA_IO_REFUSAL_H

#include <lua.h>

#include "exported.h"
/* "ECONNRESET", of a positive errno. */
TA_FOR_MODULES const char *ta_error_code(int error);

/* "connection reset by peer", of a positive errno: as it stands in a sentence. */
TA_FOR_MODULES void ta_copy_reason(int error, char *text, size_t size);

/* Pushes the same.  [-0, +1, m] */
void ta_push_reason(lua_State *L, int error);

/* Pushes nil, "WHAT: connection reset by peer" and "ECONNRESET" of a negative errno, and
 * returns 3.  `what` is a format as of lua_pushfstring().  [-0, +3, m] */
TA_FOR_MODULES int ta_refuse(lua_State *L, int error, const char *what, ...);

/* A name as messages have it: an empty one is not seen but between quotes. */
static inline const char *ta_name_shown(const char *name) {
  return name[0] ? name : "''";
}

/* Pushes nil, the words and the code.  [-0, +3, m] */
TA_FOR_MODULES int ta_refuse_in_words(lua_State *L, const char *words, const char *code);

/* As Lua's own functions fail: pushes nil, "WHAT: Broken pipe", or without `what`, and the number
 * of the error with this code, and returns 3.  [-0, +3, m] */
int ta_fail_as_file(lua_State *L, const char *code, const char *what);

#endif
