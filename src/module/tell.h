/* SPDX-License-Identifier: MIT
 *
 * tell.h -- what failed, told to the program's on_error, or on stderr.
 *
 * It raises nothing.  What on_error itself raises is told on stderr, and the report too.
 * It does not know whether the core is at work meanwhile.
 */
#ifndef TA_MODULE_TELL_H
#define TA_MODULE_TELL_H

#include "module/adapter.h"

/* Something to be told to on_error, or on stderr. */
struct ta_told {
  const char *message;
  size_t length;
  const struct ta_failure *failure; /* NULL: it is not a task that failed */
};

/* [-0, +0, -] */
void ta_tell(struct ta_adapter *adapter, lua_State *L, const struct ta_told *report);

/* Tells of the error on top, and pops it.  [-1, +0, -] */
void ta_tell_error(struct ta_adapter *adapter, lua_State *L);

/* Calls the function below the `nargs` arguments on top.  An error is left as text: false.
 * [-(nargs + 1), +(nresults or 1), -] */
bool ta_call_quietly(lua_State *L, int nargs, int nresults);

#endif
