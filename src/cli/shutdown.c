/* SPDX-License-Identifier: MIT */
#include "cli/shutdown.h"

#include <math.h>
#include <unistd.h>

#include "cli/report.h"
#include "host/signals.h"
#include "host/terminal.h"

/* ---------------------------------------------------------------- the table */

enum how {
  STATUS,   /* with a status of the cause's own */
  CODE,     /* with the number that was noted */
  SIGNAL,   /* by the signal that was noted */
  HAPPENED, /* as if it had ended by itself: with what happened in it */
};

static const struct {
  const char *words; /* what tasks are told; NULL: it ends nothing */
  enum how how;
  int status;
} causes[TA_CAUSES] = {
    [TA_CAUSE_EXIT] = {"exit", CODE, 0},
    [TA_CAUSE_NO_START] = {NULL, STATUS, TA_EXIT_CANNOT_START},
    [TA_CAUSE_SECOND_SIGNAL] = {"interrupted", SIGNAL, 0},
    [TA_CAUSE_SIGNAL] = {"interrupted", SIGNAL, 0},
    [TA_CAUSE_BROKEN] = {"output closed", SIGNAL, 0},
    [TA_CAUSE_FINISHED] = {"the run has ended", HAPPENED, 0},
    [TA_CAUSE_TIMEOUT] = {"timeout", STATUS, TA_EXIT_TIMEOUT},
    [TA_CAUSE_DEADLOCK] = {"deadlock", STATUS, TA_EXIT_DEADLOCK},
    [TA_CAUSE_ERROR] = {"an error stopped the run", HAPPENED, 0},
    [TA_CAUSE_STARVED] = {"memory is short", HAPPENED, 0},
    [TA_CAUSE_LOST] = {NULL, HAPPENED, 0},
    [TA_CAUSE_REPORT] = {NULL, HAPPENED, 0},
};

/* The first one that was noted, from `cause` on, or TA_CAUSES. */
static enum ta_cause next_noted(const struct ta_shutdown *shutdown, enum ta_cause cause) {
  while (cause < TA_CAUSES && !shutdown->noted[cause]) cause++;
  return cause;
}

/* The first one that ends a session, or TA_CAUSES. */
static enum ta_cause find_reason(const struct ta_shutdown *shutdown) {
  enum ta_cause cause = next_noted(shutdown, 0);
  while (cause < TA_CAUSES && !causes[cause].words) cause = next_noted(shutdown, cause + 1);
  return cause;
}

void ta_shutdown_note(struct ta_shutdown *shutdown, enum ta_cause cause, int number) {
  shutdown->numbers[cause] = number;
  shutdown->noted[cause] = 1;
}

bool ta_shutdown_has(const struct ta_shutdown *shutdown, enum ta_cause cause) {
  return shutdown->noted[cause];
}

static int what_happened(const struct ta_shutdown *shutdown) {
  bool reported = shutdown->noted[TA_CAUSE_REPORT] || shutdown->noted[TA_CAUSE_LOST];
  return reported ? TA_EXIT_REPORTED : 0;
}

/* As the system cuts it.  A script that wants to have succeeded has not when its output was
 * lost. */
static int status_of_code(const struct ta_shutdown *shutdown, int code) {
  code &= 0xff;
  return code == 0 && shutdown->noted[TA_CAUSE_LOST] ? TA_EXIT_REPORTED : code;
}

int ta_shutdown_status(const struct ta_shutdown *shutdown) {
  enum ta_cause cause = next_noted(shutdown, 0);
  if (cause == TA_CAUSES) return 0;
  switch (causes[cause].how) {
  case STATUS:
    return causes[cause].status;
  case CODE:
    return status_of_code(shutdown, shutdown->numbers[cause]);
  case SIGNAL:
    return -shutdown->numbers[cause];
  case HAPPENED:
    break;
  }
  return what_happened(shutdown);
}

void ta_shutdown_at_once(const struct ta_shutdown *shutdown) {
  int status = ta_shutdown_status(shutdown);
  ta_terminal_take_back(true, NULL);
  if (status < 0) ta_signals_die(-status);
  _exit(status);
}

/* --------------------------------------------------------------- beginning */

void ta_shutdown_arm(struct ta_shutdown *shutdown) {
  shutdown->ends_at = ta_clock_now(shutdown->clock) + shutdown->timeout;
}

static void look_at_clock(struct ta_shutdown *shutdown) {
  if (!isinf(shutdown->ends_at) && ta_clock_now(shutdown->clock) >= shutdown->ends_at)
    ta_shutdown_note(shutdown, TA_CAUSE_TIMEOUT, 0);
}

bool ta_shutdown_is_wanted(struct ta_shutdown *shutdown) {
  look_at_clock(shutdown);
  return find_reason(shutdown) != TA_CAUSES;
}

static void report_timeout(struct ta_shutdown *shutdown) {
  size_t unfinished = ta_live(shutdown->runner) - ta_daemons(shutdown->runner);
  if (unfinished == 0)
    ta_report("timed out");
  else
    ta_report("timed out with %zu task%s unfinished", unfinished, unfinished == 1 ? "" : "s");
}

void ta_shutdown_wish(struct ta_shutdown *shutdown) {
  if (shutdown->wished_at == 0) shutdown->wished_at = ta_clock_real(shutdown->clock);
}

void ta_shutdown_begin(struct ta_shutdown *shutdown) {
  if (shutdown->begun) return;
  look_at_clock(shutdown);
  enum ta_cause reason = find_reason(shutdown);
  shutdown->grace_ends_at = ta_clock_now(shutdown->clock) + shutdown->grace;
  ta_shutdown_wish(shutdown);
  shutdown->begun = 1;
  if (reason == TA_CAUSE_TIMEOUT) report_timeout(shutdown);
  if (reason == TA_CAUSES) reason = TA_CAUSE_FINISHED;
  ta_cancel_all(shutdown->runner, causes[reason].words);
  ta_signals_tick(TA_TICK);
}

/* ------------------------------------------------------------------ the end */

double ta_shutdown_limit(const struct ta_shutdown *shutdown) {
  return shutdown->begun ? shutdown->grace_ends_at : shutdown->ends_at;
}

bool ta_shutdown_is_out_of_grace(const struct ta_shutdown *shutdown) {
  return shutdown->begun && ta_clock_now(shutdown->clock) >= shutdown->grace_ends_at;
}

static void report_forced(struct ta_shutdown *shutdown, lua_State *L, bool stuck) {
  int top = lua_gettop(L);
  size_t live = ta_live(shutdown->runner);
  double grace = shutdown->grace;
  const char *names = ta_report_names(shutdown->runner, L);
  if (stuck)
    ta_report("%zu task%s in clean-up, and nothing can wake %s: %s", live,
              live == 1 ? " waits" : "s wait", live == 1 ? "it" : "them", names);
  else
    ta_report("%zu task%s did not end within %.14g second%s of grace: %s", live,
              live == 1 ? "" : "s", grace, grace == 1 ? "" : "s", names);
  lua_settop(L, top);
  ta_shutdown_note(shutdown, TA_CAUSE_REPORT, 0);
}

/* Not even being closed may take for ever. */
static void report_left(struct ta_shutdown *shutdown) {
  size_t live = ta_live(shutdown->runner);
  ta_report("%zu task%s left without clean-up", live, live == 1 ? " is" : "s are");
}

bool ta_shutdown_force(struct ta_shutdown *shutdown, lua_State *L, bool stuck) {
  report_forced(shutdown, L, stuck);
  shutdown->forced = shutdown->closing = 1;
  int error = ta_close_all(shutdown->runner);
  shutdown->closing = 0;
  if (error) report_left(shutdown);
  return error == 0;
}
