/* SPDX-License-Identifier: MIT
 *
 * collector.h -- Lua's collector, run while nothing else is to be done.
 *
 * With very many tasks the collector's last phase looks at each of their stacks
 * at once: tens of milliseconds in which nobody is stepped.  Here it is brought
 * forward to where the Runner waits anyway, when the next deadline is further away
 * than that phase took the last time.  In generational mode nothing is done.  What does
 * not fit is left to Lua, which collects as it allocates.
 */
#ifndef TA_CLI_COLLECTOR_H
#define TA_CLI_COLLECTOR_H

#include <lua.h>
#include <stdbool.h>

/* Zeroed it is ready for use. */
struct ta_collector {
  int settled;       /* KiB in use after the last collection, as far as is known */
  bool generational; /* so Lua's mode was when it was last asked for */
  bool under_way;    /* a collection that was begun here has not ended */
  double longest;    /* seconds: the longest step of this collection */
  double expected;   /* and of the one before */
};

/* Collects in `seconds` of idle time, among so many tasks, but not for much longer
 * than a millisecond unless one step takes that long; `now` gives the real time.  True when
 * something was done: finalizers have perhaps been called. */
bool ta_collector_use_idle(struct ta_collector *collector, lua_State *L, double seconds,
                           size_t tasks, double (*now)(void *data), void *data);

#endif
