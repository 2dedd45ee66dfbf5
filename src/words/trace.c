/* SPDX-License-Identifier: MIT */
#include "words/trace.h"

#include <math.h>
#include <string.h>

#include "core/cancel.h"
#include "core/where.h"
#include "tinyasync_lib.h"
#include "words/inspect.h"
#include "words/lineage.h"

static void send(struct ta_runner *runner, struct ta_trace_event *event,
                 const struct ta_task *task) {
  event->time = ta_host_now(runner) - runner->started;
  if (task) {
    event->task = ta_task_id(task);
    event->name = task->name;
  }
  runner->trace(runner->trace_data, event);
}

static void set_by(struct ta_trace_event *event, const struct ta_task *by) {
  if (!by) return;
  event->by = ta_task_id(by);
  event->by_name = by->name;
}

void ta_trace_birth(struct ta_runner *runner, lua_State *L, int task_index, const char *origin) {
  struct ta_trace_event event = {.kind = TA_EVENT_ADD, .delay = -1};
  ta_push_record(runner, L, lua_touserdata(L, task_index));
  event.where = ta_record_where(L, -1);
  if (lua_istable(L, -1))
    set_by(&event, runner->current);
  else
    event.origin = origin;
  send(runner, &event, lua_touserdata(L, task_index));
  lua_pop(L, 1);
}

void ta_trace_step(struct ta_runner *runner, const struct ta_task *task) {
  struct ta_trace_event event = {.kind = TA_EVENT_STEP, .number = task->steps + 1, .delay = -1};
  send(runner, &event, task);
}

void ta_trace_sleep(struct ta_runner *runner, const struct ta_task *task, lua_State *L,
                    double delay) {
  ta_where_shown where;
  ta_wait_words words = "";
  const struct ta_wait_kind *kind = task->kind;
  const struct ta_task *holder = kind->holder ? kind->holder(task->subject) : NULL;
  struct ta_trace_event event = {
      .kind = TA_EVENT_YIELD, .wait = task->steps, .action = kind->action, .delay = -1};
  if (kind->describe) kind->describe(task->subject, words, sizeof words);
  if (*words) event.subject = words + (*words == ' ');
  if (holder) event.holder = ta_task_id(holder);
  if (delay >= 0) {
    event.delay = delay;
    event.until = task->timer.at - runner->started;
  }
  if (ta_where(L, 0, where)) event.where = where;
  send(runner, &event, task);
}

void ta_trace_yield(struct ta_runner *runner, const struct ta_task *task, lua_State *L) {
  ta_trace_sleep(runner, task, L, -1);
}

void ta_trace_simple(struct ta_runner *runner, const struct ta_task *task,
                     enum ta_event_kind kind) {
  struct ta_trace_event event = {.kind = kind, .delay = -1};
  if (kind == TA_EVENT_WAKE) {
    event.wait = task->steps;
    set_by(&event, runner->current);
  }
  send(runner, &event, task);
}

void ta_trace_error(struct ta_runner *runner, const struct ta_task *task,
                    const struct ta_failure *failure, const char *where) {
  struct ta_trace_event event = {.kind = TA_EVENT_ERROR,
                                 .message = failure->message,
                                 .message_length = failure->message_length,
                                 .delay = -1,
                                 .where = where};
  send(runner, &event, task);
}

void ta_trace_pass(struct ta_runner *runner, size_t count) {
  struct ta_trace_event event = {.kind = TA_EVENT_PASS, .number = count, .delay = -1};
  send(runner, &event, NULL);
}

void ta_trace_wait(struct ta_runner *runner) {
  struct ta_trace_event event = {.kind = TA_EVENT_WAIT, .delay = -1};
  double now = ta_host_now(runner); /* first: it may be Lua, and change who sleeps */
  const struct ta_timer *first = ta_timers_first(&runner->timers);
  if (first) {
    event.number = first->seq;
    if (first->seq == 0)
      event.number = ta_task_id(TA_HOLDER(first, struct ta_deadline, timer)->cancel_scope.task);
    event.delay = fmax(0, first->at - now);
    event.until = first->at - runner->started;
  }
  send(runner, &event, NULL);
}

void ta_tell_of_outside(struct ta_runner *runner, lua_State *L, enum ta_event_kind kind,
                        const char *action, uint64_t number, const char *subject,
                        const char *message) {
  if (!ta_tracing(runner)) return;
  bool starts = kind == TA_EVENT_START;
  ta_where_shown where;
  struct ta_trace_event event = {.kind = kind,
                                 .action = action,
                                 .number = number,
                                 .subject = subject,
                                 .message = message,
                                 .message_length = message ? strlen(message) : 0,
                                 .delay = -1};
  if (starts && L && ta_where(L, 0, where)) event.where = where;
  send(runner, &event, starts ? runner->current : NULL);
}
