/* SPDX-License-Identifier: MIT
 *
 * patience.h -- how long a step may go on: --warn-slow and --max-step.
 *
 * Ticks tell it whether the step under way is the one of the tick before, and it says
 * what is due: to name the step, or to end it.  Between ticks it does nothing, and none come
 * while no pass is under way.  Its seconds are real, and those in which the whole process
 * was stopped do not count.  It knows no Lua, and raises nothing.
 */
#ifndef TA_CLI_PATIENCE_H
#define TA_CLI_PATIENCE_H

#include <signal.h>
#include <stdbool.h>

struct ta_patience {
  double slow;    /* seconds after which a step is named; HUGE_VAL: never */
  double longest; /* and after which it is to end; likewise */

  /* Shared with signal handlers on the same thread. */
  volatile sig_atomic_t ticking;
  volatile sig_atomic_t is_slow; /* it is to be named */
  volatile sig_atomic_t is_over; /* an error is to be raised in it */
  volatile sig_atomic_t raised;  /* how often that was done to this step */
  volatile double seconds;       /* for which it has gone on, at least */
  volatile double ticked_at;     /* in real time */
  volatile double names_at, ends_at;
};

/* Of seconds that are 0 there is no end. */
void ta_patience_open(struct ta_patience *patience, double slow, double longest);

/* Is there anything to be watched? */
static inline bool ta_patience_is_on(const struct ta_patience *patience) {
  return patience->slow < patience->longest || patience->longest < 1e300;
}

/* A step begins at `now`, as far as is known. */
void ta_patience_start(struct ta_patience *patience, double now);

/* A pass begins at `now`: seconds until the first tick, or 0 when ticks come already. */
double ta_patience_begin(struct ta_patience *patience, double now);

/* A tick at `now`; `same`: the step was under way at the last one.  Seconds until the next
 * tick is wanted. */
double ta_patience_tick(struct ta_patience *patience, double now, bool same);

/* An error is about to be raised in the step.  It gets a while for it.  False: it has caught
 * too many, and is to be ended in another way. */
bool ta_patience_raise(struct ta_patience *patience);

#endif
