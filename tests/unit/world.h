/* SPDX-License-Identifier: MIT
 *
 * world.h -- a Lua state with a Runner and a host that is all make-believe.
 *
 * Its clock is a number, its outside a flag, its allocator counts.  What
 * scripts log and what tasks fail with is collected in one line of words.
 *
 * Scripts find these functions beside the library:
 *   log(...)    adds words to the log
 *   work(s)     moves the clock on, as a step that takes s seconds
 *   park()      waits for the next ticket; returns "woken"
 *   park_firmly() the same, in a wait that a cancellation does not cut short
 *   take()      takes the next ticket, and does not park
 *   unpark(n)   unparks the n-th ticket, counted from 0: whether it took effect
 *   raise_taken() takes the next ticket, then raises "no"
 */
#ifndef WORLD_H
#define WORLD_H

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <math.h>

#include "kit/memory.h"
#include "tinyasync.h"
#include "unit/test.h"

#define WORLD_TICKETS 8

struct world {
  lua_State *L;
  struct ta_runner *runner;
  struct memory memory;
  size_t most; /* bytes; more are refused.  0: none */
  unsigned refusals;

  double now;          /* the clock */
  double deadline;     /* from the last pass */
  bool in_hook;        /* for tests whose callbacks are not to call themselves */
  unsigned polls;      /* how often the outside was looked at */
  double last_poll;    /* when */
  double longest_poll; /* the longest time between two looks */
  void (*on_poll)(struct world *world);

  void (*on_preempted)(struct world *world, lua_State *L);

  struct ta_ticket tickets[WORLD_TICKETS];
  int taken;
  int disarmed;           /* waits for tickets that were given up */
  int continued;          /* and those whose continuation was called */
  struct ta_task *holder; /* who is said to hold them */

  unsigned failures;
  enum ta_failure_kind last_kind;
  char log[4096];
};

/* A state with the standard libraries, the functions above and a Runner, on
 * which nothing is opened but `flags`. */
void world_open(struct world *world, unsigned flags);

/* The clock of a world, for hosts of one's own. */
double world_clock(void *world);

/* A Runner on the state of the world, whose host has that clock and no more. */
struct ta_runner *world_new_runner(struct world *world);

/* Has what its tasks fail with logged, which world_open() does. */
void world_tell_failures(struct world *world);

/* The same without the Runner. */
void world_open_bare(struct world *world);

/* Closes and frees whatever there is, and checks that every byte came back. */
void world_close(struct world *world);

/* Compiles Lua code, called "=test" in messages, and leaves the function on the
 * stack. */
void world_load(struct world *world, const char *code);

/* Runs Lua code outside any task; its error fails the test. */
void world_do(struct world *world, const char *code);

/* Makes a task of Lua code. */
struct ta_task *world_add(struct world *world, const char *code);
struct ta_task *world_add_named(struct world *world, const char *name, const char *code);

/* One pass. */
enum ta_pass_result world_pass(struct world *world);

/* Passes until no task is runnable now. */
enum ta_pass_result world_settle(struct world *world);

/* Passes until the end, the clock jumping from deadline to deadline. */
enum ta_pass_result world_run(struct world *world);

/* Adds a word to the log. */
void world_log(struct world *world, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Bytes in use after a full collection. */
size_t world_settled_bytes(struct world *world);

/* A world with the whole library, for the length of a test. */
#define WITH_WORLD(name)                                                                           \
  struct world name;                                                                               \
  world_open(&name, TA_OPEN_ALL | TA_OPEN_REUSE)

/* One world, one script, what it logs when run to its end.  The commonest test. */
void world_expect(unsigned flags, const char *code, const char *log, const char *file, int line);

#define EXPECT(code, log) world_expect(TA_OPEN_ALL | TA_OPEN_REUSE, code, log, __FILE__, __LINE__)

#endif
