/* SPDX-License-Identifier: MIT
 *
 * signal_names.h -- signals as scripts call them: "TERM", without SIG.
 */
#ifndef TA_IO_SIGNAL_NAMES_H
#define TA_IO_SIGNAL_NAMES_H

#include <lua.h>

/* Its number; 0: there is none of that name. */
int ta_signal_number(const char *name);

/* Its name; NULL: it has none. */
const char *ta_signal_name(int number);

/* Pushes its name; of one that has none its number.  [-0, +1, m] */
void ta_push_signal_name(lua_State *L, int number);

#endif
