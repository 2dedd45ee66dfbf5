/* SPDX-License-Identifier: MIT
 *
 * outside.h -- which of Lua's own functions wait for the outside.
 *
 * io.read, file:read and what lines() gives wait for input, and io.popen's close and
 * os.execute for a child.  A terminal sends Ctrl-C to all who listen there, so that
 * the input of a run that is to end may have ended for the same reason.  It knows
 * their addresses, and nothing of tasks and signals.
 */
#ifndef TA_CLI_OUTSIDE_H
#define TA_CLI_OUTSIDE_H

#include <lua.h>
#include <stdbool.h>

#define TA_OUTSIDE_READS 4
#define TA_OUTSIDE_CALLS 7

struct ta_outside {
  lua_CFunction reads[TA_OUTSIDE_READS];
  lua_CFunction calls[TA_OUTSIDE_CALLS]; /* others, of which the failures count */
};

enum ta_outside_call {
  TA_OUTSIDE_NONE, /* it is none of these functions */
  TA_OUTSIDE_DONE, /* it has come to a good end, or will not read */
  TA_OUTSIDE_MET   /* it is about to read, or returns from reading, or has failed */
};

/* Finds the functions in the standard library, where ours are in place of some of Lua's,
 * before any script has run.
 * [-0, +0, m] */
void ta_outside_find(struct ta_outside *outside, lua_State *L);

/* In a debug hook of L for calls and returns: what is called or returns?  The handler of
 * an error in a read counts as the read.  [-0, +0, -] */
enum ta_outside_call ta_outside_look(const struct ta_outside *outside, lua_State *L);

#endif
