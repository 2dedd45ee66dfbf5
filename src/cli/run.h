/* SPDX-License-Identifier: MIT
 *
 * run.h -- `tinyasync run`: one script from its loading to the exit status.
 *
 * Here the parts meet: the Runner asks for time, the host waits, signals and
 * the time-out end the run, reports go to stderr.
 */
#ifndef TA_CLI_RUN_H
#define TA_CLI_RUN_H

#include <lua.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>

#include "cli/collector.h"
#include "cli/hints.h"
#include "cli/options.h"
#include "cli/shortage.h"
#include "cli/outside.h"
#include "cli/state.h"
#include "host/clock.h"
#include "host/loop.h"
#include "tinyasync.h"
#include "trace/text.h"

/* Exit statuses of our own. */
enum {
  TA_EXIT_REPORTED = 1,
  TA_EXIT_CANNOT_START = 2,
  TA_EXIT_DEADLOCK = 3,
  TA_EXIT_TIMEOUT = 124
};

struct ta_run {
  struct ta_options options;
  struct ta_clock clock;
  struct ta_loop loop;
  struct ta_state state;
  lua_State *L;
  struct ta_collector collector;
  struct ta_outside outside;
  struct ta_runner *runner;
  struct ta_hints hints;
  struct ta_shortage shortage; /* of memory */
  FILE *trace;                 /* the file of --trace, if it is one */
  struct ta_text_trace text_trace;

  double ends_at;             /* the time-out, on the clock; HUGE_VAL: none */
  double grace_ends_at;       /* on the same, once the run is ended */
  uint64_t passes_at_instant; /* under virtual time */
  bool started;               /* the script was loaded and became a task */
  bool reported;              /* something was written to stderr that means status 1 */
  bool stopping;              /* --on-error=stop, after the first report */
  bool starved;               /* tasks kept failing for lack of memory */
  bool deadlocked;
  bool finished;    /* no task was left that keeps the run going */
  bool output_lost; /* a failed write, to stdout or the trace, has been reported */
  bool exit_asked;  /* os.exit(code, true) */
  int exit_code;
  bool leaving;       /* in the middle of a step */
  lua_CFunction load; /* Lua's own */

  /* Shared with signal handlers on the same thread. */
  volatile sig_atomic_t timed_out;
  volatile sig_atomic_t broken;      /* the reader of stdout or stderr has gone */
  volatile sig_atomic_t dump_wanted; /* SIGQUIT, SIGUSR1 */
  volatile sig_atomic_t ending;      /* everything was cancelled */
  volatile sig_atomic_t forced;      /* the grace time is over; for so many ticks */
  volatile sig_atomic_t in_pass;     /* the Runner is at work */
  volatile sig_atomic_t closing;     /* tasks are closed one by one; for so many ticks */
  uint64_t last_steps;               /* how many had begun at the last tick */
  int stuck_ticks;                   /* for which one step has gone on */
  int deaf_ticks;                    /* for which no hook was reached in it */
  volatile double wished_at;         /* in real time; 0: the run is not to end */
  size_t named;                      /* how many lived when `names` was written */
  char names[512];                   /* of those that live, for last words */
};

/* Runs the command; argv[0] is `run` and `program` the word before it, or in the
 * short form the same word.  Returns the exit status, or does not return: a signal
 * ends the process. */
int ta_run_command(const char *program, int argc, char **argv);

/* Ends the process with the exit status that was asked for, from wherever in the script:
 * closes tasks and state as Lua's own os.exit does. */
_Noreturn void ta_run_leave(struct ta_run *run);

/* How the run ended beats what happened in it.  Does not return when a signal did.  Also
 * from handlers. */
int ta_run_exit_status(const struct ta_run *run);

/* Flushes stdout; tells once of an error. */
void ta_run_flush(struct ta_run *run);

#endif
