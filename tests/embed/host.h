/* SPDX-License-Identifier: MIT
 *
 * host.h -- what the hosts of these tests have in common.
 *
 * Each of the other files is a program with an event loop, and all of them run the
 * same script.  host_open() makes the Lua state and the Runner and adds the script
 * as a task; then the loop calls host_pass() as the Runner asks for it; until
 * `done`.  This part knows no loop.
 */
#ifndef EMBED_HOST_H
#define EMBED_HOST_H

#include <lua.h>
#include <math.h>
#include <stdlib.h>

#include "tinyasync.h"

struct host {
  lua_State *L;
  struct ta_runner *runner;
  bool done; /* no task is left but daemons */
  void *loop;
};

/* Makes the Runner with the loop's functions, and the task of the script.  The
 * `data` and `now` of these are filled in here: they get the host. */
void host_open(struct host *host, struct ta_host functions, const char *script);

/* What is left is closed, and all is freed. */
void host_close(struct host *host);

/* To be called when the Runner asked for it. */
void host_pass(struct host *host);

/* Seconds on a clock that never goes back. */
double host_now(void *data);

/* The delay in milliseconds, rounded up.  Endless ones end after a day, for a pass
 * too many does no harm. */
int host_milliseconds(double delay);

/* Each loop has this one: after `seconds`, by a timer of its own, the ticket is
 * unparked. */
void host_unpark_later(struct host *host, double seconds, struct ta_ticket ticket);

#endif
