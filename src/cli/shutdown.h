/* SPDX-License-Identifier: MIT
 *
 * shutdown.h -- why a session ends, how its tasks are ended, and what its status is.
 *
 * Whatever ends a session is a cause.  One table says of each what the tasks are told
 * and which status the process gets, and its order which of several decides: between
 * passes, in the middle of a step and in signal handlers alike.  Then all tasks are
 * cancelled, have the grace time to unwind, and are closed when that is over.
 * It waits for nothing and catches no signals.
 */
#ifndef TA_CLI_SHUTDOWN_H
#define TA_CLI_SHUTDOWN_H

#include <signal.h>
#include <stdbool.h>

#include "host/clock.h"
#include "tinyasync.h"

/* Exit statuses of our own. */
enum {
  TA_EXIT_REPORTED = 1,
  TA_EXIT_CANNOT_START = 2,
  TA_EXIT_DEADLOCK = 3,
  TA_EXIT_TIMEOUT = 124
};

/* The first of those that were noted decides. */
enum ta_cause {
  TA_CAUSE_EXIT,          /* os.exit(code ...); its number is the code */
  TA_CAUSE_NO_START,      /* there was nothing to run */
  TA_CAUSE_SECOND_SIGNAL, /* this and the next two have the signal's number */
  TA_CAUSE_SIGNAL,
  TA_CAUSE_BROKEN,   /* the reader of stdout or stderr has gone */
  TA_CAUSE_FINISHED, /* no task was left that keeps the session going */
  TA_CAUSE_TIMEOUT,
  TA_CAUSE_DEADLOCK,
  TA_CAUSE_ERROR,   /* a report that is to stop the others */
  TA_CAUSE_STARVED, /* tasks kept failing for lack of memory */
  TA_CAUSE_LOST,    /* a failed write, to stdout or a trace, has been reported: as the next, */
  TA_CAUSE_REPORT,  /* something was written to stderr: that ends nothing, and counts */
  TA_CAUSES
};

struct ta_shutdown {
  struct ta_runner *runner; /* NULL: not yet, or gone with its state */
  const struct ta_clock *clock;
  double timeout, grace; /* seconds; HUGE_VAL: none */
  double ends_at;        /* the time-out, on the clock */
  double grace_ends_at;  /* on the same, once it has begun */

  /* Shared with signal handlers on the same thread. */
  volatile sig_atomic_t noted[TA_CAUSES];
  volatile sig_atomic_t numbers[TA_CAUSES];
  volatile sig_atomic_t begun;   /* everything was cancelled */
  volatile sig_atomic_t forced;  /* the grace time is over; for so many ticks */
  volatile sig_atomic_t closing; /* tasks are closed one by one; for so many ticks */
  volatile double wished_at;     /* in real time; 0: nobody wants an end */
};

/* From now on the time of the time-out counts. */
void ta_shutdown_arm(struct ta_shutdown *shutdown);

/* There is this cause, with this number if it has one.  Also from handlers. */
void ta_shutdown_note(struct ta_shutdown *shutdown, enum ta_cause cause, int number);

/* Is it among those that were noted?  Also from handlers. */
bool ta_shutdown_has(const struct ta_shutdown *shutdown, enum ta_cause cause);

/* Is there a reason to end?  Looks at the clock. */
bool ta_shutdown_is_wanted(struct ta_shutdown *shutdown);

/* The grace of a step that does not end counts from the first call.  Also from handlers. */
void ta_shutdown_wish(struct ta_shutdown *shutdown);

/* Cancels everything, once, for the reason that there is. */
void ta_shutdown_begin(struct ta_shutdown *shutdown);

/* The time at which the session, or the grace it was given, ends. */
double ta_shutdown_limit(const struct ta_shutdown *shutdown);

/* Was everything cancelled, and is the grace time over? */
bool ta_shutdown_is_out_of_grace(const struct ta_shutdown *shutdown);

/* Closes what is left, and says so.  `stuck`: nothing can wake it any more.  False when
 * there was no time to close all. */
bool ta_shutdown_force(struct ta_shutdown *shutdown, lua_State *L, bool stuck);

/* The exit status, or a signal that is to end the process, as a negative number.  How it
 * ended beats what happened in it.  Also from handlers. */
int ta_shutdown_status(const struct ta_shutdown *shutdown);

/* Ends the process with that status where it stands.  Also from handlers. */
_Noreturn void ta_shutdown_at_once(const struct ta_shutdown *shutdown);

#endif
