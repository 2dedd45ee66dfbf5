/* SPDX-License-Identifier: MIT */
#include "cli/collector.h"

#include <math.h>

#define SMALL_KIB (16 << 10)   /* what a small program uses is not worth it */
#define GROWN(kib) ((kib) / 2) /* Lua itself begins when memory has doubled */
#define SECONDS_A_TASK 60e-9   /* to look at its stack, at a guess */
#define LONGEST_SESSION 1e-3   /* seconds: the outside wants to be looked at */

/* Is there enough to collect? */
static bool is_due(struct ta_collector *collector, lua_State *L) {
  int kib = lua_gc(L, LUA_GCCOUNT);
  if (kib < collector->settled || collector->settled == 0) collector->settled = kib;
  return kib >= SMALL_KIB && kib - collector->settled >= GROWN(collector->settled);
}

static void finish(struct ta_collector *collector, lua_State *L) {
  collector->under_way = false;
  collector->expected = collector->longest;
  collector->longest = 0;
  collector->settled = lua_gc(L, LUA_GCCOUNT);
}

bool ta_collector_use_idle(struct ta_collector *collector, lua_State *L, double seconds,
                           size_t tasks, double (*now)(void *data), void *data) {
  if (!collector->under_way && !is_due(collector, L)) return false;
  if (!lua_gc(L, LUA_GCISRUNNING)) return false; /* the script has stopped it */
  double step = fmax(collector->expected, (double)tasks * SECONDS_A_TASK);
  double before = now(data);
  double end = fmin(before + seconds - step, before + LONGEST_SESSION);
  if (before >= end) return false;
  collector->under_way = true;
  while (collector->under_way && before < end) {
    bool ended = lua_gc(L, LUA_GCSTEP, 0);
    double after = now(data);
    collector->longest = fmax(collector->longest, after - before);
    before = after;
    if (ended) finish(collector, L);
  }
  return true;
}
