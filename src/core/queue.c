/* SPDX-License-Identifier: MIT */
#include "core/queue.h"

#include <lauxlib.h>

#include "core/wait.h"

/* Where on its stack a task that waits in a queue by itself has what it waits for. */
enum { SUBJECT_AT = 1 };

void ta_wake_waiter(struct ta_runner *runner, struct ta_link *link) {
  struct ta_waiter *waiter = TA_HOLDER(link, struct ta_waiter, link);
  struct ta_task *task = waiter->task;
  if (!task || waiter != &task->waiter) {
    struct ta_seat *seat = TA_HOLDER(waiter, struct ta_seat, waiter);
    seat->taken(runner, seat);
  }
  if (task) ta_complete_wait(runner, task);
}

/* Does whoever has the place still stand in its wait? */
static bool stands(const struct ta_waiter *waiter) {
  const struct ta_task *task = waiter->task;
  if (!task) return true;
  bool plain = waiter == &task->waiter;
  int index = plain ? SUBJECT_AT : TA_HOLDER(waiter, struct ta_seat, waiter)->subject_at;
  return index == 0 || ta_stands_in_wait(task, index, task->subject);
}

struct ta_waiter *ta_first_standing(struct ta_runner *runner, const struct ta_list *queue) {
  struct ta_link *link;
  while ((link = ta_list_first(queue))) {
    struct ta_waiter *waiter = TA_HOLDER(link, struct ta_waiter, link);
    if (TA_LIKELY(stands(waiter))) return waiter;
    ta_wake_waiter(runner, link);
  }
  return NULL;
}

struct ta_task *ta_wake_first(struct ta_runner *runner, struct ta_list *waiting) {
  struct ta_waiter *waiter = ta_first_standing(runner, waiting);
  if (!waiter) return NULL;
  struct ta_task *task = waiter->task;
  ta_wake_waiter(runner, &waiter->link);
  return task;
}

int ta_wait_in(struct ta_runner *runner, lua_State *L, const char *name,
               const struct ta_wait_kind *kind, void *subject, struct ta_list *waiting,
               lua_KFunction k) {
  if (TA_UNLIKELY(!ta_is_known_as(L, SUBJECT_AT, subject)))
    luaL_error(L, "ta_wait_in: what '%s' waits for is not at index %d", name, SUBJECT_AT);
  ta_check_wait(runner, L, name);
  ta_check_stack(L, LUA_MINSTACK);
  ta_anchor_wait(runner, L, SUBJECT_AT, subject);
  struct ta_task *task = ta_begin_wait(runner, L, kind, subject);
  ta_queue_wait(task, waiting);
  if (!kind->by_tasks) ta_count_outside(runner, task);
  return ta_park_here(runner, L, 0, k);
}
