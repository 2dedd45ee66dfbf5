/* SPDX-License-Identifier: MIT */
#include "cli/patience.h"

#include <math.h>

#define TICK 0.1          /* seconds between two looks */
#define SHORTEST 1e-3     /* and at least */
#define LONGEST_GAP 0.5   /* more was not the step's: the process was stopped */
#define SECOND_CHANCE 1.0 /* seconds for what catches the error, at most */
#define MOST_ERRORS 3     /* for one step */

void ta_patience_start(struct ta_patience *patience, double now) {
  patience->ticked_at = now;
  patience->seconds = 0;
  patience->names_at = patience->slow;
  patience->ends_at = patience->longest;
  patience->is_slow = patience->is_over = patience->raised = 0;
}

void ta_patience_open(struct ta_patience *patience, double slow, double longest) {
  *patience = (struct ta_patience){.slow = slow > 0 ? slow : HUGE_VAL,
                                   .longest = longest > 0 ? longest : HUGE_VAL};
  ta_patience_start(patience, 0);
}

/* Until something may be due. */
static double next_tick(const struct ta_patience *patience) {
  double due = fmin(patience->names_at, patience->ends_at) - patience->seconds;
  return fmin(TICK, fmax(due, SHORTEST));
}

double ta_patience_begin(struct ta_patience *patience, double now) {
  if (patience->ticking) return 0;
  patience->ticking = 1;
  ta_patience_start(patience, now);
  return next_tick(patience);
}

double ta_patience_tick(struct ta_patience *patience, double now, bool same) {
  double gap = now - patience->ticked_at;
  patience->ticked_at = now;
  if (!same)
    ta_patience_start(patience, now);
  else
    patience->seconds += fmin(gap, LONGEST_GAP);
  if (patience->seconds >= patience->names_at) {
    patience->is_slow = 1;
    patience->names_at = 2 * patience->seconds;
  }
  if (patience->seconds >= patience->ends_at) patience->is_over = 1;
  return next_tick(patience);
}

bool ta_patience_raise(struct ta_patience *patience) {
  patience->is_over = 0;
  patience->ends_at = patience->seconds + fmin(patience->longest, SECOND_CHANCE);
  return ++patience->raised <= MOST_ERRORS;
}
