/* SPDX-License-Identifier: MIT
 *
 * outside.h -- what the hosts have in common whose scripts have sockets.
 *
 * Each of the files outside_*.c is a program with an event loop that runs a script of
 * tinyasync_outside.h's.  All that the loop does for that is to call outside_pass() when the
 * descriptor can be read, and when the delay is over that it has returned.  It has a timer of its
 * own too, which counts `ticks`: scripts must not hold it up.
 */
#ifndef EMBED_OUTSIDE_H
#define EMBED_OUTSIDE_H

#include <lua.h>
#include <math.h>
#include <stdlib.h>

#include "tinyasync_outside.h"

#define TICK 5 /* milliseconds */

struct outside_host {
  lua_State *L;
  struct ta_outside *outside;
  bool done; /* no task is left but daemons */
  unsigned ticks, passes;
  void *loop;
};

/* The script becomes a task, with the other arguments of the program. */
void outside_open(struct outside_host *host, int argc, char **argv);

/* Gives the delay in milliseconds, rounded up, at most a day. */
int outside_pass(struct outside_host *host);

/* Once in TICK milliseconds. */
void outside_tick(struct outside_host *host);

void outside_close(struct outside_host *host);

#endif
