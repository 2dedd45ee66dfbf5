/* SPDX-License-Identifier: MIT
 *
 * queue.h -- tasks that wait for something in a queue of its own.
 *
 * Who comes first gets first, at the moment something is released; who is stepped
 * first is not its affair but the Runner's.  It knows nothing of what is waited for.
 */
#ifndef TA_CORE_QUEUE_H
#define TA_CORE_QUEUE_H

#include "core/task.h"

/* A place in a queue that is not a task's own, but one of several, or of somebody who
 * is no task. */
struct ta_seat {
  struct ta_waiter waiter; /* its task is NULL when none waits for this place alone */

  /* The place was reached: the task, if there is one, is woken next. */
  void (*taken)(struct ta_runner *runner, struct ta_seat *seat);

  int subject_at; /* where on the stack the task has the subject of its wait; 0: nowhere */
};

/* Ends the wait of whoever has this place in a queue. */
void ta_wake_waiter(struct ta_runner *runner, struct ta_link *link);

/* The first in the queue who still stands in its wait, or NULL.  Whoever
 * was robbed of its coroutine is sent away: its next step tells.  The host's call_later
 * may be Lua: look at everything else afterwards. */
struct ta_waiter *ta_first_standing(struct ta_runner *runner, const struct ta_list *queue);

#endif
