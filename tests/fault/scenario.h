/* SPDX-License-Identifier: MIT
 *
 * scenario.h -- a busy script in a Lua state whose allocator can refuse.
 *
 * There are several, a file each beside this one, called chapters.  Each holds
 * to-be-closed values all the while, and all that it fails with on purpose begins
 * with "planned".  When nothing can wake its tasks, they are cancelled.
 */
#ifndef SCENARIO_H
#define SCENARIO_H

#include <lua.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>

#include "kit/memory.h"
#include "tinyasync.h"

#define GUARDS 256

/* Which requests for memory are refused, counted from 1. */
enum refusal {
  REFUSE_NONE,
  REFUSE_ONE, /* the n-th: Lua collects and asks again */
  REFUSE_TWO, /* the n-th and the next: a true failure, after which there is memory again */
  REFUSE_REST /* the n-th and all that follow */
};

/* How a scenario that was stopped is brought to its end. */
enum ending {
  END_BY_CANCELLING, /* passes go on until all have unwound */
  END_BY_CLOSING,
  END_BY_FREEING, /* the Runner goes while its tasks live, the state later */
  END_WITH_STATE  /* the state is closed */
};

struct scenario {
  const char *chapter; /* a script's name, without ".lua" */
  enum ending ending;
  enum refusal refusal;
  uint64_t nth;
  uint64_t stop_at; /* ta_interrupt() in this step; 0: never */

  lua_State *L;
  struct ta_runner *runner;
  uint64_t requests;
  uint64_t begun_at; /* the requests that were made before the script ran */
  bool refused;      /* at least one was */
  struct memory memory;

  double now;
  uint64_t steps;
  int entered;        /* to-be-closed values */
  int closed[GUARDS]; /* how often each was */
  char log[8192];
  const char *fault; /* what went wrong, or NULL */
  char words[1024];  /* room for it */

  jmp_buf panic;
};

/* How far a scenario came. */
enum outcome { NOT_STARTED, STOPPED, ENDED };

/* Makes the state, starts the script and runs it until its end or `stop_at`.
 * Must be followed by scenario_end(). */
enum outcome scenario_run(struct scenario *scenario);

/* Brings what is left to its end, and looks whether every byte came back. */
void scenario_end(struct scenario *scenario);

/* Notes what went wrong, if it is the first thing. */
void scenario_fault(struct scenario *scenario, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* How many values were entered and not closed exactly once. */
int scenario_unclosed(const struct scenario *scenario);

/* Was one closed more than once, or without having been entered? */
bool scenario_overclosed(const struct scenario *scenario);

#endif
