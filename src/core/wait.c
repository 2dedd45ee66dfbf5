/* SPDX-License-Identifier: MIT */
#include "core/wait.h"

#include <lauxlib.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/kit.h"
#include "core/ready.h"
#include "core/upper.h"

const char ta_direct_mark;

/* Its address is what one yields that passes on a wait. */
static const char nested_mark;

/* The mark that a suspended coroutine has yielded, or NULL. */
static const void *mark_of(lua_State *co) {
  return lua_status(co) == LUA_YIELD ? lua_touserdata(co, -1) : NULL;
}

bool ta_is_waiting(lua_State *co) {
  const void *mark = mark_of(co);
  return mark == &ta_direct_mark || mark == &nested_mark;
}

lua_State *ta_waiting_inner(lua_State *co) {
  return mark_of(co) == &nested_mark ? lua_tothread(co, -2) : NULL;
}

lua_State *ta_innermost(lua_State *co) {
  for (lua_State *inner; (inner = ta_waiting_inner(co));) co = inner;
  return co;
}

void ta_drop_mark(lua_State *co) {
  const void *mark = mark_of(co);
  if (mark == &ta_direct_mark) lua_pop(co, 1);
  if (mark == &nested_mark) lua_pop(co, 2);
}

static void push_mark(lua_State *L, const char *mark) {
  lua_pushlightuserdata(L, (void *)(uintptr_t)mark);
}

int ta_pass_wait_up(struct ta_runner *runner, lua_State *L, int inner, lua_KContext context,
                    lua_KFunction k) {
  runner->waiter = L;
  if (!inner) {
    push_mark(L, &ta_direct_mark);
    return lua_yieldk(L, 1, context, k);
  }
  lua_pushvalue(L, inner);
  push_mark(L, &nested_mark);
  return lua_yieldk(L, 2, context, k);
}

/* -------------------------------------------------------- may it wait? */

bool ta_can_wait(const struct ta_runner *runner, lua_State *L) {
  const struct ta_level *level = runner->level;
  return level && level->co == L && level->waitable && lua_isyieldable(L);
}

void ta_enter(struct ta_runner *runner, lua_State *L) {
  if (TA_UNLIKELY(!runner->current))
    ta_check_open(runner, L);
  else if (TA_UNLIKELY(runner->current->in_force))
    ta_raise_cancellation(runner, L);
}

void ta_check_wait(struct ta_runner *runner, lua_State *L, const char *action) {
  if (runner->current) ta_enter(runner, L);
  if (!ta_can_wait(runner, L)) runner->upper->raise_cannot_wait(runner, L, action);
}

/* ----------------------------------------------------------- park, unpark */

void ta_anchor_anew(struct ta_runner *runner, lua_State *L, int index, const void *object) {
  struct ta_task *task = runner->current;
  lua_pushvalue(L, index);
  ta_task_push(runner, L, task);
  lua_insert(L, -2);
  lua_setiuservalue(L, -2, TA_TASK_ANCHOR);
  lua_pop(L, 1);
  task->anchored = object;
}

void ta_leave_anchor(struct ta_runner *runner, struct ta_task *task) {
  lua_State *L = runner->L;
  if (!task->anchored) return;
  task->anchored = NULL;
  ta_task_push(runner, L, task);
  lua_pushnil(L);
  lua_setiuservalue(L, -2, TA_TASK_ANCHOR);
  lua_pop(L, 1);
}

struct ta_task *ta_begin_wait(struct ta_runner *runner, lua_State *L,
                              const struct ta_wait_kind *kind, void *subject) {
  struct ta_task *task = runner->current;
  task->kind = kind;
  task->subject = subject;
  task->nested = L != task->co;
  task->state = TA_TASK_WAITING;
  task->since = runner->now; /* some steps old at most: it is for reports */
  task->wait = 0;            /* a ticket that was taken and not parked is stale now */
  return task;
}

void ta_count_outside(struct ta_runner *runner, struct ta_task *task) {
  task->outside = true;
  runner->outside++;
}

void ta_arm_wait(struct ta_runner *runner, struct ta_task *task, double at) {
  task->timer.at = at;
  ta_timers_add(&runner->timers, &task->timer);
}

void ta_queue_wait(struct ta_task *task, struct ta_list *queue) {
  task->queued = true;
  task->waiter.task = task;
  ta_list_append(queue, &task->waiter.link);
}

int ta_raise_meddled(lua_State *L) {
  return luaL_error(L, "the coroutine of a task was resumed by somebody else");
}

int ta_park_here(struct ta_runner *runner, lua_State *L, lua_KContext context, lua_KFunction k) {
  if (ta_tracing(runner)) runner->upper->trace_wait(runner, runner->current, L);
  return ta_pass_wait_up(runner, L, 0, context, k);
}

struct ta_ticket ta_take_ticket(struct ta_runner *runner, lua_State *L,
                                const struct ta_wait_kind *kind, void *subject) {
  ta_check_wait(runner, L, kind->action);
  struct ta_task *task = runner->current;
  task->kind = kind;
  task->subject = subject;
  task->wait = ++runner->last_wait;
  return (struct ta_ticket){.slot = ta_task_slot(task), .wait = task->wait};
}

/* Of a wait that is complete before it has begun. */
static struct ta_ticket completed_ticket(struct ta_runner *runner) {
  struct ta_task *task = runner->current;
  task->wait = 0;
  return (struct ta_ticket){.slot = ta_task_slot(task), .wait = ++runner->last_wait};
}

struct ta_ticket ta_retake_ticket(struct ta_runner *runner, lua_State *L,
                                  const struct ta_wait_kind *kind, void *subject) {
  const struct ta_task *task = runner->current;
  bool cancelled = task && task->in_force;
  if (cancelled && kind->is_over && kind->is_over(subject)) return completed_ticket(runner);
  if ((cancelled || !ta_can_wait(runner, L)) && kind->disarm) kind->disarm(subject);
  return ta_take_ticket(runner, L, kind, subject);
}

/* Parked with a ticket: on with the function that was handed to ta_park(). */
static int k_parked(lua_State *L, int status, lua_KContext context) {
  struct ta_runner *runner = (struct ta_runner *)context;
  struct ta_task *task = runner->current;
  ta_check_cut_short(runner, L);
  return task->after.k(L, status, task->after.context);
}

/* What was armed is disarmed again. */
static int refuse_to_park(struct ta_runner *runner, lua_State *L, struct ta_task *task) {
  const struct ta_wait_kind *kind = task->kind;
  task->wait = 0;
  task->kind = NULL;
  if (kind->disarm) kind->disarm(task->subject);
  ta_check_wait(runner, L, kind->action);
  return ta_raise_memory(L);
}

/* What the ticket's wait is about often is a userdata on the stack. */
static void anchor_subject(struct ta_runner *runner, lua_State *L, const void *subject) {
  if (!subject || runner->current->anchored == subject) return;
  for (int index = lua_gettop(L); index > 0; index--) {
    if (!ta_is_known_as(L, index, subject)) continue;
    ta_anchor_wait(runner, L, index, subject);
    return;
  }
}

/* The wait is complete, and the turn is given up before `k` goes on. */
static int pause_parked(struct ta_runner *runner, lua_State *L, lua_KContext context,
                        lua_KFunction k) {
  runner->current->after.k = k;
  runner->current->after.context = context;
  return ta_pause(runner, L, (lua_KContext)runner, k_parked);
}

int ta_park(struct ta_runner *runner, lua_State *L, struct ta_ticket ticket, lua_KContext context,
            lua_KFunction k) {
  struct ta_task *task = runner->current;
  bool completed = task->wait != ticket.wait;
  if (completed && !ta_has_to_pause(runner, L)) return k(L, LUA_OK, context);
  if (completed) return pause_parked(runner, L, context, k);
  if (task->in_force || !ta_can_wait(runner, L) || !lua_checkstack(L, LUA_MINSTACK))
    return refuse_to_park(runner, L, task);
  anchor_subject(runner, L, task->subject);
  ta_begin_wait(runner, L, task->kind, task->subject);
  if (!task->kind->by_tasks) ta_count_outside(runner, task);
  task->wait = ticket.wait;
  task->after.k = k;
  task->after.context = context;
  return ta_park_here(runner, L, (lua_KContext)runner, k_parked);
}

/* ------------------------------------------------- going on without a wait */

bool ta_has_gone_on_too_often(struct ta_runner *runner, lua_State *L) {
  if (!ta_can_wait(runner, L) || runner->current->in_force) return false;
  if (!lua_checkstack(L, LUA_MINSTACK)) return false;
  runner->polls = false;
  return true;
}

bool ta_has_gone_on(struct ta_runner *runner, lua_State *L) {
  return ta_has_to_pause(runner, L);
}

int ta_pause(struct ta_runner *runner, lua_State *L, lua_KContext context, lua_KFunction k) {
  ta_make_ready(runner, ta_begin_wait(runner, L, &ta_turn_kind, NULL));
  return ta_park_here(runner, L, context, k);
}

static int k_paused(lua_State *L, int status, lua_KContext context) {
  (void)status;
  ta_check_cut_short(ta_upvalue_runner(L), L);
  return ((lua_CFunction)context)(L);
}

int ta_give_turn_before(struct ta_runner *runner, lua_State *L, lua_CFunction function) {
  return ta_pause(runner, L, (lua_KContext)function, k_paused);
}

static int k_returned(lua_State *L, int status, lua_KContext context) {
  (void)status;
  ta_check_cut_short(ta_upvalue_runner(L), L);
  return (int)context;
}

int ta_return_at_once(struct ta_runner *runner, lua_State *L, int count) {
  return ta_has_to_pause(runner, L) ? ta_pause(runner, L, count, k_returned) : count;
}

/* Nothing will complete the wait any more. */
static void disarm(struct ta_runner *runner, struct ta_task *task) {
  if (task->queued) ta_list_leave(&task->waiter.link);
  if (TA_UNLIKELY(task->endless)) runner->endless--;
  if (TA_UNLIKELY(task->outside)) runner->outside--;
  task->queued = task->endless = task->outside = false;
  ta_timers_remove(&runner->timers, &task->timer);
  task->wait = 0;
}

static void complete(struct ta_runner *runner, struct ta_task *task) {
  disarm(runner, task);
  task->kind = NULL;
  if (task->state != TA_TASK_WAITING) return; /* it has not parked yet */
  ta_make_ready(runner, task);
  if (ta_tracing(runner))
    runner->upper->trace_task(runner, task, TA_EVENT_WAKE); /* reads the clock */
}

void ta_complete_wait(struct ta_runner *runner, struct ta_task *task) {
  runner->polls = false;
  complete(runner, task);
}

bool ta_unpark(struct ta_runner *runner, struct ta_ticket ticket) {
  if (ticket.wait == 0) return false;
  struct ta_task *task = ta_task_in_slot(runner, ticket.slot);
  if (!task || task->wait != ticket.wait) return false;
  ta_complete_wait(runner, task);
  return true;
}

void ta_drop_wait(struct ta_runner *runner, struct ta_task *task) {
  const struct ta_wait_kind *kind = task->kind;
  disarm(runner, task);
  task->kind = NULL;
  if (task->state == TA_TASK_WAITING && kind && kind->disarm) kind->disarm(task->subject);
}

/* ------------------------------------------------------------------ sleep */

static void describe_sleep(const void *subject, char *text, size_t size) {
  const struct ta_task *task = subject;
  double delay = task->endless ? HUGE_VAL : task->timer.at - task->since;
  if (isinf(delay))
    snprintf(text, size, "for ever");
  else
    snprintf(text, size, "%.14gs", delay);
}

static const struct ta_wait_kind sleep_kind = {.action = "sleep", .describe = describe_sleep};
const struct ta_wait_kind ta_turn_kind = {.action = "turn"};
const struct ta_wait_kind ta_checkpoint_kind = {.action = "checkpoint"};

double ta_check_delay(lua_State *L, int index, const char *what) {
  int is_number;
  double delay = lua_tonumberx(L, index, &is_number);
  if (!is_number)
    luaL_error(L, "%s must be a number of seconds, got %s", what, luaL_typename(L, index));
  if (isnan(delay)) luaL_error(L, "%s must be a number of seconds, got nan", what);
  return delay;
}

static int k_slept(lua_State *L, int status, lua_KContext context) {
  struct ta_runner *runner = (struct ta_runner *)context;
  (void)status;
  ta_check_cut_short(runner, L);
  const struct ta_task *task = runner->current;
  /* Of two late times the difference may be a little less than what was slept. */
  double slept = ta_now(runner) - task->since;
  lua_pushnumber(L, slept < task->delay ? task->delay : slept);
  return 1;
}

static int k_nothing(lua_State *L, int status, lua_KContext context) {
  (void)status;
  ta_check_cut_short((struct ta_runner *)context, L);
  return 0;
}

int ta_give_turn(struct ta_runner *runner, lua_State *L, const struct ta_wait_kind *kind) {
  ta_check_wait(runner, L, kind->action);
  ta_make_ready(runner, ta_begin_wait(runner, L, kind, NULL));
  return ta_park_here(runner, L, (lua_KContext)runner, k_nothing);
}

/* When a sleep begins.  To be read before the wait is: a clock that is Lua may
 * cancel the task. */
static double start_of_sleep(struct ta_runner *runner, double delay) {
  return delay > 0 ? ta_host_now(runner) : ta_now(runner);
}

/* Lets the current task, which stops in L, be stepped again in `delay` seconds. */
static void arm_sleep(struct ta_runner *runner, lua_State *L, double delay, double start) {
  struct ta_task *task = ta_begin_wait(runner, L, &sleep_kind, NULL);
  if (TA_UNLIKELY(task->anchored)) ta_leave_anchor(runner, task); /* for a long time perhaps */
  task->subject = task;
  task->since = start;
  task->delay = delay;
  task->timer.at = delay <= 0 ? start : ta_time_after(start, delay);
  if (task->timer.at <= start) {
    ta_make_ready(runner, task);
  } else if (isinf(delay)) {
    task->endless = true;
    runner->endless++;
  } else {
    ta_timers_add(&runner->timers, &task->timer);
  }
}

void ta_wake_sleeper(struct ta_runner *runner, struct ta_task *task) {
  if (task->kind == &sleep_kind) {
    ta_make_ready(runner, task);
    return;
  }
  if (task->kind->disarm) task->kind->disarm(task->subject); /* it was too late */
  complete(runner, task);
}

void ta_sleep_foreign(struct ta_runner *runner, struct ta_task *task, double delay) {
  double start = start_of_sleep(runner, delay);
  if (task->in_force) { /* it is raised at the next step */
    task->cut_short = true;
    delay = 0;
  }
  arm_sleep(runner, task->co, delay, start);
  if (ta_tracing(runner)) runner->upper->trace_sleep(runner, task, task->co, fmax(0, delay));
}

int ta_sleep(struct ta_runner *runner, lua_State *L, double delay) {
  ta_check_wait(runner, L, "sleep");
  double start = start_of_sleep(runner, delay);
  ta_enter(runner, L); /* once more: it may be cancelled now */
  arm_sleep(runner, L, delay, start);
  if (ta_tracing(runner)) runner->upper->trace_sleep(runner, runner->current, L, fmax(0, delay));
  return ta_pass_wait_up(runner, L, 0, (lua_KContext)runner, k_slept);
}

void ta_check_wait_end(struct ta_runner *runner, lua_State *L) {
  ta_check_cut_short(runner, L);
}
