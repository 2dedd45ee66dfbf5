/* SPDX-License-Identifier: MIT
 *
 * refuse.h -- what the world refuses, as scripts hear of it: nil, message, code.
 *
 * The message says what could not be done and why; the code is the system's own name of
 * the error.
 */
#ifndef TA_IO_REFUSE_H
#define TA_IO_REFUSE_H

#include <lua.h>

/* "ENOENT"; NULL: it has no name here. */
const char *ta_code_name(int error);

/* Pushes nil, "WHAT: No such file or directory", "ENOENT", and gives 3.  `what` may be NULL.
 * [-0, +3, m] */
int ta_refuse(lua_State *L, int error, const char *what);

#endif
