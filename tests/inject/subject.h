/* SPDX-License-Identifier: MIT
 *
 * subject.h -- a test script in a state of its own, with a clock that jumps.
 *
 * It can be stopped after any step.  harness.lua counts what the script opens
 * and closes.
 */
#ifndef SUBJECT_H
#define SUBJECT_H

#include <lua.h>
#include <stdbool.h>
#include <stdint.h>

#include "kit/memory.h"
#include "tinyasync.h"

struct subject {
  const char *path;
  lua_State *L;
  struct ta_runner *runner;
  struct memory memory;
  double now;

  uint64_t steps;
  uint64_t stop_after; /* this step; 0: never */
  uint64_t *takers;    /* who takes each step, as far as there is room */
  uint64_t room;
  uint64_t beats; /* what the watchdog looks at */

  uint64_t entered, closed; /* guards */
  unsigned odd;             /* messages that ought not to be */
  char fault[512];          /* what went wrong; empty: nothing */
};

/* How far it came. */
enum reached { SUBJECT_NOT_STARTED, SUBJECT_STOPPED, SUBJECT_ENDED };

/* Makes the state and runs the script until it ends, can go on no more, or has
 * taken the step to stop after. */
enum reached subject_run(struct subject *subject);

/* Cancels the task with this id; nothing happens when it does not live. */
void subject_cancel(struct subject *subject, uint64_t id);

/* Goes on until the script ends or can go on no more. */
void subject_go_on(struct subject *subject);

/* Cancels everything and waits for clean-up, forces what is left to its end, and
 * closes the state; looks whether anything is left behind. */
void subject_end(struct subject *subject);

/* To be called now and then in a signal handler: ends steps that do not end. */
void subject_look_after(struct subject *subject);

#endif
