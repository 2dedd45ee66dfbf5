/* SPDX-License-Identifier: MIT
 *
 * walk.c -- what must be true of a Runner's structures between two passes.
 */
#include <lauxlib.h>
#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "core/cancel.h"
#include "library/channel.h"
#include "list.h"
#include "core/runner.h"
#include "library/named.h"
#include "core/task.h"
#include "core/wait.h"
#include "library/ends.h"
#include "machine/machine.h"

#define MANY 100000 /* more than this in a list is a loop in it */

struct walk {
  struct ta_runner *runner;
  char *why;
  size_t size;
  size_t queued; /* tasks that say that they are runnable */
  size_t armed;  /* timers, by what owns them */
  size_t deadlines;
  size_t children;
  size_t daemons;
  size_t endless;
};

/* Says what is wrong.  Always false. */
static bool wrong(struct walk *walk, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(walk->why, walk->size, format, arguments);
  va_end(arguments);
  return false;
}

#define REQUIRE(condition)                                                                         \
  do {                                                                                             \
    if (!(condition)) return wrong(walk, "walk.c:%d: %s", __LINE__, #condition);                   \
  } while (0)

#define REQUIRE_OF(task, condition)                                                                \
  do {                                                                                             \
    if (!(condition))                                                                              \
      return wrong(walk, "walk.c:%d: task #%llu (%s): %s", __LINE__,                               \
                   (unsigned long long)ta_task_id(task),                                           \
                   (task)->kind ? (task)->kind->action : "-", #condition);                         \
  } while (0)

static bool is_action(const struct ta_task *task, const char *action) {
  return task->kind && strcmp(task->kind->action, action) == 0;
}

/* ------------------------------------------------------------------- lists */

static bool holds(const struct ta_list *list, const struct ta_link *link) {
  size_t count = 0;
  for (struct ta_link *l = ta_list_first(list); l && count < MANY; l = ta_list_after(list, l)) {
    if (l == link) return true;
    count++;
  }
  return false;
}

static bool check_ring(struct walk *walk, const struct ta_list *list) {
  size_t count = 0;
  const struct ta_link *link = &list->ring;
  do {
    REQUIRE(link->next && link->prev);
    REQUIRE(link->next->prev == link);
    link = link->next;
    REQUIRE(count++ < MANY);
  } while (link != &list->ring);
  return true;
}

static bool is_live(const struct ta_runner *runner, const struct ta_task *task) {
  for (const struct ta_task *t = runner->oldest; t; t = ta_task_newer(runner, t))
    if (t == task) return true;
  return false;
}

/* Are all in a queue alive and waiting? */
static bool check_waiters(struct walk *walk, const struct ta_list *queue) {
  if (!check_ring(walk, queue)) return false;
  for (struct ta_link *link = ta_list_first(queue); link; link = ta_list_after(queue, link)) {
    const struct ta_waiter *waiter = TA_HOLDER(link, struct ta_waiter, link);
    const struct ta_task *task = waiter->task;
    if (!task) continue; /* a watch's */
    REQUIRE(is_live(walk->runner, task));
    REQUIRE_OF(task, task->state == TA_TASK_WAITING);
    REQUIRE_OF(task, waiter == &task->waiter ? task->queued : is_action(task, "select"));
  }
  return true;
}

/* ----------------------------------------------------------------- cancel scopes */

static bool shields(const struct ta_cancel_scope *cancel_scope) {
  return cancel_scope->kind == TA_CANCEL_SCOPE_SHIELD && !cancel_scope->lifted;
}

/* By the contract: in a shield only what was opened inside it counts. */
static bool is_cancelled(const struct ta_runner *runner, const struct ta_task *task) {
  if (runner->no_grace) return true;
  for (const struct ta_cancel_scope *cancel_scope = task->cancel_scope; cancel_scope;
       cancel_scope = cancel_scope->outer) {
    if (shields(cancel_scope)) return false;
    if (cancel_scope->cause) return true;
  }
  return task->cause != NULL;
}

static bool check_children(struct walk *walk, const struct ta_task *task,
                           const struct ta_scope *scope) {
  if (!check_ring(walk, &scope->children) || !check_ring(walk, &scope->failed)) return false;
  REQUIRE_OF(task, !scope->ended);
  for (struct ta_link *link = ta_list_first(&scope->children); link;
       link = ta_list_after(&scope->children, link)) {
    const struct ta_task *child = TA_HOLDER(link, struct ta_task, sibling);
    REQUIRE_OF(task, is_live(walk->runner, child));
    REQUIRE_OF(child, child->scope == scope);
    walk->children++;
  }
  REQUIRE_OF(task, ta_list_count(&scope->failed) == scope->failures);
  REQUIRE_OF(task, scope->failures == 0 || scope->cancel_scope.cause);
  return true;
}

static bool check_deadline(struct walk *walk, const struct ta_task *task,
                           const struct ta_deadline *deadline) {
  walk->deadlines++;
  REQUIRE_OF(task, deadline->timer.seq == 0);
  if (ta_timer_armed(&deadline->timer)) {
    walk->armed++;
    REQUIRE_OF(task,
               walk->runner->timers.heap[deadline->timer.index - 1].timer == &deadline->timer);
  } else {
    REQUIRE_OF(task, deadline->cancel_scope.cause || isinf(deadline->seconds));
  }
  return true;
}

static bool check_regions(struct walk *walk, const struct ta_task *task) {
  unsigned outside = 0;
  size_t count = 0;
  for (const struct ta_cancel_scope *cancel_scope = task->cancel_scope; cancel_scope;
       cancel_scope = cancel_scope->outer) {
    REQUIRE_OF(task, count++ < MANY);
    REQUIRE_OF(task, cancel_scope->task == task);
    REQUIRE_OF(task, !cancel_scope->cause || cancel_scope->cause == cancel_scope);
    outside += shields(cancel_scope);
  }
  for (const struct ta_cancel_scope *cancel_scope = task->cancel_scope; cancel_scope;
       cancel_scope = cancel_scope->outer) {
    outside -= shields(cancel_scope);
    REQUIRE_OF(task, cancel_scope->shields == outside);
    if (cancel_scope->kind == TA_CANCEL_SCOPE_TASKS &&
        !check_children(walk, task, (const struct ta_scope *)cancel_scope))
      return false;
    if (cancel_scope->kind == TA_CANCEL_SCOPE_DEADLINE &&
        !check_deadline(walk, task, (const struct ta_deadline *)cancel_scope))
      return false;
  }
  REQUIRE_OF(task, task->in_force == is_cancelled(walk->runner, task));
  return true;
}

/* ------------------------------------------------------------------- tasks */

/* The queue of the object that a task which is queued waits for. */
static const struct ta_list *queue_of(const struct ta_task *task) {
  if (is_action(task, "await")) return &((const struct ta_task *)task->subject)->more->awaiters;
  if (ta_is_ends_kind(task->kind)) return ta_watch_queue(task->subject);
  if (is_action(task, "send")) return &((const struct ta_channel *)task->subject)->senders;
  bool lasts = is_action(task, "lock") || is_action(task, "semaphore");
  const struct ta_named *named = lasts ? ta_bytes_of(task->subject) : task->subject;
  return &named->waiting;
}

static bool check_waiting(struct walk *walk, const struct ta_task *task) {
  bool timed = ta_timer_armed(&task->timer);
  bool firm = task->kind && task->kind->firm;
  REQUIRE_OF(task, task->kind);
  REQUIRE_OF(task, ta_task_stopped(task));
  if (task->marks > 0)
    REQUIRE_OF(task, lua_touserdata(ta_task_stopped(task), -1) == &ta_direct_mark);
  REQUIRE_OF(task, task->steps > 0);
  REQUIRE_OF(task, !task->in_force || firm);
  REQUIRE_OF(task, firm || !task->cut_short);
  if (task->queued) {
    REQUIRE_OF(task, holds(queue_of(task), &task->waiter.link));
    REQUIRE_OF(task, task->waiter.task == task);
  }
  if (is_action(task, "await")) {
    const struct ta_task *other = task->subject;
    REQUIRE_OF(task, is_live(walk->runner, other));
    REQUIRE_OF(task, task->queued);
  }
  if (is_action(task, "scope"))
    REQUIRE_OF(task, !ta_list_empty(&((const struct ta_scope *)task->subject)->children));
  REQUIRE_OF(task, task->queued || timed || task->endless || task->wait || firm ||
                       is_action(task, "select"));
  if (is_action(task, "sleep")) REQUIRE_OF(task, timed != task->endless);
  if (timed) {
    walk->armed++;
    REQUIRE_OF(task, task->timer.at > walk->runner->now);
  }
  walk->endless += task->endless;
  return true;
}

static bool check_runnable(struct walk *walk, const struct ta_task *task) {
  REQUIRE_OF(task, task->state == TA_TASK_RUNNABLE);
  REQUIRE_OF(task, !task->queued);
  REQUIRE_OF(task, !task->endless);
  REQUIRE_OF(task, task->wait == 0);
  REQUIRE_OF(task, !ta_timer_armed(&task->timer));
  REQUIRE_OF(task, !task->cut_short || task->in_force);
  REQUIRE_OF(task, !task->kind || task->kind == &ta_turn_kind ||
                       task->kind == &ta_checkpoint_kind || is_action(task, "sleep"));
  walk->queued++;
  return true;
}

static bool check_task(struct walk *walk, const struct ta_task *task) {
  const struct ta_runner *runner = walk->runner;
  REQUIRE_OF(task, (task->co != NULL) == (task->steps > 0 || task->starts == TA_START_READY));
  REQUIRE_OF(task, (task->starts == TA_START_LOADED) == (task->steps > 0));
  REQUIRE_OF(task, ta_task_in_slot(runner, ta_task_slot(task)) == task);
  REQUIRE_OF(task, !task->over_limit);
  REQUIRE_OF(task, task->cause != task || !ta_task_has_ended(task));
  if (task->steps > 0) REQUIRE_OF(task, lua_status(task->co) == LUA_YIELD);
  if (task->marks > 0) REQUIRE_OF(task, ta_is_waiting(task->co));
  if (!check_regions(walk, task)) return false;
  if (task->more && !check_waiters(walk, &task->more->awaiters)) return false;
  if (task->more && !check_ring(walk, &task->more->attached)) return false;
  walk->daemons += task->daemon;
  if (task->state == TA_TASK_WAITING) return check_waiting(walk, task);
  return check_runnable(walk, task);
}

/* Tickets find tasks by their slots: only those that live. */
static bool check_slots_taken(struct walk *walk) {
  const struct ta_runner *runner = walk->runner;
  size_t count = 0;
  for (size_t i = 0; i < runner->slot_capacity; i++) {
    const struct ta_task *task = ta_task_in_slot(runner, i);
    if (!task) continue;
    REQUIRE(is_live(runner, task));
    REQUIRE(ta_task_slot(task) == i);
    count++;
  }
  REQUIRE(count == runner->live);
  return true;
}

static bool check_living(struct walk *walk) {
  const struct ta_runner *runner = walk->runner;
  const struct ta_task *older = NULL;
  size_t count = 0, have_scope = 0;
  for (const struct ta_task *task = runner->oldest; task; task = ta_task_newer(runner, task)) {
    REQUIRE(count++ < MANY);
    REQUIRE_OF(task, task->older == (older ? ta_task_slot(older) : 0));
    REQUIRE_OF(task, !older || ta_task_id(older) < ta_task_id(task));
    if (!check_task(walk, task)) return false;
    have_scope += task->scope != NULL;
    older = task;
  }
  REQUIRE(runner->newest == older);
  REQUIRE(runner->live == count);
  REQUIRE(runner->daemons == walk->daemons);
  REQUIRE(runner->endless == walk->endless);
  REQUIRE(runner->deadlines == walk->deadlines);
  REQUIRE(have_scope == walk->children);
  return true;
}

/* ------------------------------------------------------------ queues, timers */

static bool check_queue(struct walk *walk, const struct ta_queue *queue, size_t *count) {
  const struct ta_task *last = NULL;
  *count = 0;
  for (const struct ta_task *task = queue->head; task; task = task->next_queued) {
    REQUIRE(++*count < MANY);
    REQUIRE(is_live(walk->runner, task));
    REQUIRE_OF(task, task->state == TA_TASK_RUNNABLE);
    last = task;
  }
  REQUIRE(queue->count == *count);
  REQUIRE(queue->tail == last);
  return true;
}

/* No task twice: there are as many links as tasks, and each link but the last
 * of a queue has one after it. */
static bool check_queues(struct walk *walk) {
  size_t ready, turn;
  if (!check_queue(walk, &walk->runner->ready, &ready)) return false;
  if (!check_queue(walk, &walk->runner->turn, &turn)) return false;
  REQUIRE(ready + turn == walk->queued);
  return true;
}

static bool is_before(const struct ta_timer *a, const struct ta_timer *b) {
  return a->at < b->at || (a->at == b->at && a->seq < b->seq);
}

static bool check_timers(struct walk *walk) {
  const struct ta_timers *timers = &walk->runner->timers;
  REQUIRE(timers->count <= timers->capacity);
  REQUIRE(timers->capacity >= walk->runner->live + walk->runner->deadlines);
  REQUIRE(timers->count == walk->armed);
  for (size_t i = 0; i < timers->count; i++) {
    const struct ta_timer *timer = timers->heap[i].timer;
    REQUIRE(timer->index == i + 1);
    REQUIRE(timer->at == timers->heap[i].at);
    if (i > 0) REQUIRE(!is_before(timer, timers->heap[(i - 1) / 4].timer));
    if (timer->seq == 0) continue;
    REQUIRE(is_live(walk->runner, TA_HOLDER(timer, struct ta_task, timer)));
  }
  return true;
}

/* ------------------------------------------------------- tables in the registry */

/* Do the keys of a table all belong to tasks that live? */
static bool check_slots(struct walk *walk, int which, bool known) {
  struct ta_runner *runner = walk->runner;
  lua_State *L = runner->L;
  ta_registry_push(runner, L, which);
  lua_pushnil(L);
  while (lua_next(L, -2)) {
    lua_Integer slot = lua_tointeger(L, -2);
    const struct ta_task *task = slot >= 0 ? ta_task_in_slot(runner, (size_t)slot) : NULL;
    bool fits = task && (!known || task->has_note);
    lua_pop(L, 1);
    if (fits) continue;
    lua_pop(L, 2);
    return wrong(walk, "table %d keeps something of slot %lld, which is no task's", which,
                 (long long)slot);
  }
  lua_pop(L, 1);
  return true;
}

/* Is this the cause of a cancellation of something that lasts? */
static bool is_cause(const struct ta_runner *runner, const void *cause) {
  if (cause == runner) return runner->cancelling;
  for (const struct ta_task *task = runner->oldest; task; task = ta_task_newer(runner, task)) {
    if (task == cause) return task->cause == cause;
    for (const struct ta_cancel_scope *cancel_scope = task->cancel_scope; cancel_scope;
         cancel_scope = cancel_scope->outer)
      if (cancel_scope == cause) return cancel_scope->cause == cause;
  }
  return false;
}

static bool check_causes(struct walk *walk) {
  struct ta_runner *runner = walk->runner;
  lua_State *L = runner->L;
  bool fits = true;
  ta_registry_push(runner, L, TA_REGISTRY_CAUSES);
  lua_pushnil(L);
  while (lua_next(L, -2)) {
    lua_pop(L, 1);
    fits = fits && is_cause(runner, lua_touserdata(L, -1));
  }
  lua_pop(L, 1);
  REQUIRE(fits);
  return true;
}

/* Ended tasks are kept only by the scopes in which they failed. */
static bool check_kept_tasks(struct walk *walk) {
  struct ta_runner *runner = walk->runner;
  lua_State *L = runner->L;
  size_t live = 0, failed = 0, kept = 0;
  ta_registry_push(runner, L, TA_REGISTRY_TASKS);
  lua_pushnil(L);
  while (lua_next(L, -2)) {
    const struct ta_task *task = lua_touserdata(L, -1);
    if (task) live += !ta_task_has_ended(task);
    if (task) kept += ta_task_has_ended(task);
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
  for (const struct ta_task *task = runner->oldest; task; task = ta_task_newer(runner, task))
    for (const struct ta_cancel_scope *cancel_scope = task->cancel_scope; cancel_scope;
         cancel_scope = cancel_scope->outer)
      if (cancel_scope->kind == TA_CANCEL_SCOPE_TASKS)
        failed += ta_list_count(&((const struct ta_scope *)cancel_scope)->failed);
  REQUIRE(live == runner->live);
  REQUIRE(kept == failed);
  return true;
}

static bool check_tables(struct walk *walk) {
  return check_slots(walk, TA_REGISTRY_NOTES, true) &&
         check_slots(walk, TA_REGISTRY_LOCALS, false) && check_causes(walk) &&
         check_kept_tasks(walk);
}

static bool check_rest(struct walk *walk) {
  const struct ta_runner *runner = walk->runner;
  REQUIRE(!runner->current && !runner->level && !runner->waiter && !runner->loading);
  REQUIRE(!runner->stepping && !runner->in_hook);
  REQUIRE(runner->in_pass || !runner->turn.head);
  REQUIRE(lua_gettop(runner->L) == 0);
  return true;
}

bool walk_runner(struct ta_runner *runner, char *why, size_t size) {
  struct walk walk = {.runner = runner, .why = why, .size = size};
  return check_rest(&walk) && check_living(&walk) && check_slots_taken(&walk) &&
         check_queues(&walk) && check_timers(&walk) && check_tables(&walk);
}

static bool check_nothing_left(struct walk *walk) {
  const struct ta_runner *runner = walk->runner;
  REQUIRE(runner->live == 0 && runner->daemons == 0 && runner->endless == 0);
  REQUIRE(runner->deadlines == 0 && runner->timers.count == 0);
  REQUIRE(!runner->oldest && !runner->newest && !runner->ready.head && !runner->turn.head);
  return true;
}

bool walk_ended_runner(struct ta_runner *runner, char *why, size_t size) {
  struct walk walk = {.runner = runner, .why = why, .size = size};
  return check_nothing_left(&walk) && walk_runner(runner, why, size);
}
