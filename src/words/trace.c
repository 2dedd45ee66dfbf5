/* SPDX-License-Identifier: MIT */
#include "words/trace.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/cancel.h"
#include "core/where.h"
#include "words/inspect.h"
#include "words/lineage.h"
#include "words/names.h"

static void send(struct ta_runner *runner, struct ta_event *event, const struct ta_task *task) {
  event->time = ta_host_now(runner) - runner->started;
  if (task) {
    event->task = ta_task_id(task);
    event->name = task->name;
  }
  if (event->detail && event->detail_length == 0) event->detail_length = strlen(event->detail);
  runner->trace(runner->trace_data, event);
}

void ta_trace_birth(struct ta_runner *runner, lua_State *L, int task_index, const char *origin) {
  char by[sizeof(ta_title_shown) + 8];
  ta_title_shown title;
  struct ta_event event = {.kind = TA_EVENT_ADD, .detail = origin, .delay = -1};
  lua_getiuservalue(L, task_index, TA_TASK_RECORD);
  if (lua_istable(L, -1)) {
    snprintf(by, sizeof by, "by %s", ta_task_title(runner->current, title));
    event.detail = by;
    event.where = ta_record_place(L, -1);
  }
  send(runner, &event, lua_touserdata(L, task_index));
  lua_pop(L, 1);
}

void ta_trace_step(struct ta_runner *runner, const struct ta_task *task) {
  struct ta_event event = {.kind = TA_EVENT_STEP, .number = task->steps + 1, .delay = -1};
  send(runner, &event, task);
}

void ta_trace_sleep(struct ta_runner *runner, const struct ta_task *task, lua_State *L,
                    double delay) {
  ta_place place;
  ta_wait_words words;
  struct ta_event event = {.kind = TA_EVENT_YIELD, .delay = -1};
  ta_describe_wait(task, words);
  event.action = words;
  if (delay >= 0) {
    event.delay = delay;
    event.until = task->timer.at - runner->started;
  }
  if (ta_where(L, 0, place)) event.where = place;
  send(runner, &event, task);
}

void ta_trace_yield(struct ta_runner *runner, const struct ta_task *task, lua_State *L) {
  ta_trace_sleep(runner, task, L, -1);
}

void ta_trace_simple(struct ta_runner *runner, const struct ta_task *task,
                     enum ta_event_kind kind) {
  struct ta_event event = {.kind = kind, .delay = -1};
  send(runner, &event, task);
}

void ta_trace_error(struct ta_runner *runner, const struct ta_failure *failure, const char *where) {
  struct ta_event event = {.kind = TA_EVENT_ERROR,
                           .task = failure->id,
                           .name = failure->name,
                           .detail = failure->message,
                           .detail_length = failure->message_length,
                           .delay = -1,
                           .where = where};
  send(runner, &event, NULL);
}

void ta_trace_pass(struct ta_runner *runner, size_t count) {
  struct ta_event event = {.kind = TA_EVENT_PASS, .number = count, .delay = -1};
  send(runner, &event, NULL);
}

void ta_trace_wait(struct ta_runner *runner) {
  struct ta_event event = {.kind = TA_EVENT_WAIT, .delay = -1};
  double now = ta_host_now(runner); /* first: it may be Lua, and change who sleeps */
  const struct ta_timer *first = ta_timers_first(&runner->timers);
  if (first) {
    event.number = first->seq;
    if (first->seq == 0)
      event.number = ta_task_id(TA_HOLDER(first, struct ta_deadline, timer)->region.task);
    event.delay = fmax(0, first->at - now);
    event.until = first->at - runner->started;
  }
  send(runner, &event, NULL);
}
