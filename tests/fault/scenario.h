/* SPDX-License-Identifier: MIT
 *
 * scenario.h -- one busy script in a Lua state whose allocator can refuse.
 *
 * The script spawns, sleeps, nests coroutines, requires modules that wait,
 * fails in several ways and holds to-be-closed variables all the while.  All
 * it fails with on purpose begins with "planned".
 */
#ifndef SCENARIO_H
#define SCENARIO_H

#include <lua.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>

#include "tinyasync.h"

#define GUARDS 128

/* Which requests for memory are refused, counted from 1. */
enum refusal {
  REFUSE_NONE,
  REFUSE_ONE, /* the n-th: Lua collects and asks again */
  REFUSE_TWO, /* the n-th and the next: a true failure, after which there is memory again */
  REFUSE_REST /* the n-th and all that follow */
};

struct scenario {
  lua_State *L;
  struct ta_runner *runner;
  enum refusal refusal;
  uint64_t nth;
  uint64_t requests;
  bool refused; /* at least one was */
  size_t bytes; /* that were not given back */

  double now;
  uint64_t steps, stop_at; /* ta_interrupt() in this step; 0: never */
  int entered;             /* scopes */
  int closed[GUARDS];      /* how often each was */
  char log[4096];
  const char *fault; /* what went wrong, or NULL */
  char words[512];   /* room for it */

  jmp_buf panic;
};

/* How far a scenario came. */
enum outcome { NOT_STARTED, STOPPED, ENDED };

/* Makes the state, starts the script and runs it until its end or `stop_at`.
 * Must be followed by scenario_end(). */
enum outcome scenario_run(struct scenario *scenario);

/* Cancels, frees and closes, and looks whether every byte came back. */
void scenario_end(struct scenario *scenario);

/* Notes what went wrong, if it is the first thing. */
void scenario_fault(struct scenario *scenario, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* How many scopes were entered and not closed exactly once. */
int scenario_unclosed(const struct scenario *scenario);

#endif
