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

/* Lua tells its mode to those who set it.  To set the one that it has changes nothing, so
 * the guess is what it was last time; a wrong one costs as much as the change that the
 * script has made since, and is put right. */
static bool is_generational(struct ta_collector *collector, lua_State *L) {
  int guess = collector->generational ? LUA_GCGEN : LUA_GCINC;
  int mode = guess == LUA_GCGEN ? lua_gc(L, LUA_GCGEN, 0, 0) : lua_gc(L, LUA_GCINC, 0, 0, 0);
  if (mode != guess && mode == LUA_GCGEN) lua_gc(L, LUA_GCGEN, 0, 0);
  if (mode != guess && mode == LUA_GCINC) lua_gc(L, LUA_GCINC, 0, 0, 0);
  collector->generational = mode == LUA_GCGEN;
  return collector->generational;
}

/* May a collection begin, or go on?  In generational mode none has an end that would be
 * told: there it is Lua's own, which collects little and often. */
static bool may_collect(struct ta_collector *collector, lua_State *L) {
  if (!lua_gc(L, LUA_GCISRUNNING)) return false; /* the script has stopped it */
  if (!is_generational(collector, L)) return true;
  collector->under_way = false;
  collector->settled = lua_gc(L, LUA_GCCOUNT);
  return false;
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
  bool guess = collector->generational;
  if (!may_collect(collector, L)) return collector->generational != guess;
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
