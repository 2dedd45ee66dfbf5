/* SPDX-License-Identifier: MIT
 *
 * watchdog.h -- signals and the tick: what is done about a step that does not end.
 *
 * Handlers note why a session is to end, and the session then ends it.  A step that goes on
 * meanwhile is looked into, ended where it is, named when nothing reaches it, and in the
 * end the process with it.  It also shows what the tasks do when a signal asks for it.
 */
#ifndef TA_CLI_WATCHDOG_H
#define TA_CLI_WATCHDOG_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "cli/outside.h"
#include "cli/patience.h"
#include "cli/shutdown.h"

struct ta_watchdog {
  struct ta_shutdown *shutdown;
  struct ta_outside outside;
  struct ta_patience patience;
  bool virtual_time;

  /* Shared with signal handlers on the same thread. */
  volatile sig_atomic_t watches;     /* the Runner is at work, or a finalizer */
  volatile sig_atomic_t dump_wanted; /* SIGQUIT, SIGUSR1 */
  uint64_t last_steps;               /* how many had begun at the last tick */
  int stuck_ticks;                   /* for which one step has gone on */
  int deaf_ticks;                    /* for which no hook was reached in it */
  size_t named;                      /* how many lived when `names` was written */
  char names[512];                   /* of those that live, for last words */
};

/* Sets the signal handlers, and the tick for the time-out. */
void ta_watchdog_arm(struct ta_watchdog *dog);

/* A pass begins, whose steps are looked after until `watches` is 0. */
void ta_watchdog_watch(struct ta_watchdog *dog);

/* For the Runner's host function of this name. */
void ta_watchdog_preempted(struct ta_watchdog *dog, lua_State *L);

/* Writes the tree of tasks, if a signal asked for it.  L is the running coroutine, or the
 * Runner's. */
void ta_watchdog_dump(struct ta_watchdog *dog, lua_State *L);

/* Keeps the names of those that live where a signal handler can read them. */
void ta_watchdog_keep_names(struct ta_watchdog *dog, lua_State *L);

#endif
