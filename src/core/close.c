/* SPDX-License-Identifier: MIT
 *
 * close.c -- the end of all tasks at once, for hosts: each unwinds, and none waits.
 */
#include <errno.h>

#include "core/level.h"
#include "core/preempt.h"
#include "core/step.h"

int ta_close_all(struct ta_runner *runner) {
  if (runner->stepping) return -EBUSY;
  struct ta_level *level = runner->level;
  ta_force_end(runner);
  runner->level = NULL;
  runner->stepping = true;
  runner->ready = runner->turn = (struct ta_queue){0};
  runner->in_pass = false;
  ta_interrupted(runner); /* what was asked for before is over */
  bool cut_short = false;
  while (runner->oldest && !cut_short) {
    ta_task_force(runner, runner->oldest);
    runner->ready = (struct ta_queue){0}; /* whoever it has woken ends as well */
    cut_short = ta_interrupted(runner);
  }
  runner->stepping = false;
  runner->level = level;
  return runner->oldest ? -EINTR : 0;
}

void ta_close_all_here(struct ta_runner *runner) {
  ta_force_end(runner);
  if (runner->current) ta_task_abandon(runner, runner->current);
  runner->stepping = false;
  ta_close_all(runner);
}
