/* SPDX-License-Identifier: MIT */
#include "core/ready.h"

static void append(struct ta_queue *queue, struct ta_task *task) {
  task->next_queued = NULL;
  if (!queue->tail) {
    queue->head = task;
    queue->sorted = true;
  } else {
    if (ta_task_id(queue->tail) > ta_task_id(task)) queue->sorted = false;
    queue->tail->next_queued = task;
  }
  queue->tail = task;
  queue->count++;
}

void ta_call_later(struct ta_runner *runner, double delay) {
  runner->asked_soon = delay <= 0;
  if (runner->host.call_later) runner->host.call_later(runner->host.data, delay);
}

bool ta_hold_passes(struct ta_runner *runner) {
  bool held = runner->stepping;
  if (!held) runner->refused = false;
  runner->stepping = true;
  return held;
}

/* A pass that was refused was asked for. */
void ta_allow_passes(struct ta_runner *runner, bool held) {
  if (held) return;
  runner->stepping = false;
  if (runner->refused || (runner->ready.head && !runner->asked_soon)) ta_call_later(runner, 0);
}

void ta_ask_again(struct ta_runner *runner) {
  runner->asked_soon = false;
}

static void put_in_queue(struct ta_runner *runner, struct ta_queue *queue, struct ta_task *task) {
  task->state = TA_TASK_RUNNABLE;
  append(queue, task);
  if (TA_UNLIKELY(!runner->stepping) && !runner->asked_soon) ta_call_later(runner, 0);
}

void ta_make_ready(struct ta_runner *runner, struct ta_task *task) {
  put_in_queue(runner, &runner->ready, task);
}

void ta_make_ready_new(struct ta_runner *runner, struct ta_task *task) {
  bool now = runner->in_pass && runner->newcomers > 0;
  if (now) runner->newcomers--;
  put_in_queue(runner, now ? &runner->turn : &runner->ready, task);
}
