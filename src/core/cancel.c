/* SPDX-License-Identifier: MIT */
#include "core/cancel.h"

#include <lauxlib.h>

#include "core/kit.h"
#include "core/preempt.h"
#include "core/ready.h"
#include "core/slots.h"
#include "core/wait.h"

/* A task that goes on after so many cancellations is closed. */
#define MAX_DELIVERIES 100

const struct ta_cancel_scope ta_unexplained = {.kind = TA_CANCEL_SCOPE_TASKS};

/* ------------------------------------------------------------ error objects */

static void push_with_reason(lua_State *L) {
  lua_pushliteral(L, "cancelled: ");
  luaL_tolstring(L, 2, NULL);
  lua_concat(L, 2);
}

static int l_cancelled_tostring(lua_State *L) {
  if (lua_istable(L, 1)) lua_getfield(L, 1, "reason");
  if (lua_isnoneornil(L, 2))
    lua_pushliteral(L, "cancelled");
  else
    push_with_reason(L);
  return 1;
}

void ta_cancel_setup(struct ta_runner *runner, lua_State *L) {
  ta_keep_error_kind(runner, L, TA_REGISTRY_CANCELLED, "Cancelled", l_cancelled_tostring);
  lua_newtable(L);
  ta_registry_set(runner, L, TA_REGISTRY_CAUSES);
}

/* Replaces the reason on top by an error object.  Finalizers may run meanwhile, and
 * cancel, end tasks, or free the Runner: that raises. */
static void make_object(struct ta_runner *runner, lua_State *L) {
  lua_createtable(L, 0, 2);
  lua_insert(L, -2);
  lua_setfield(L, -2, "reason");
  lua_pushliteral(L, "cancelled");
  lua_setfield(L, -2, "kind");
  ta_check_open(runner, L);
  ta_registry_push(runner, L, TA_REGISTRY_CANCELLED);
  lua_setmetatable(L, -2);
}

/* Keeps the error object on top, which is popped, for the cause.  No finalizer
 * runs. */
static void keep_object(struct ta_runner *runner, lua_State *L, const void *cause) {
  ta_registry_push(runner, L, TA_REGISTRY_CAUSES);
  lua_insert(L, -2);
  lua_rawsetp(L, -2, cause);
  lua_pop(L, 1);
}

/* Pushes the object that is kept for the cause, or nil. */
static bool push_kept_object(struct ta_runner *runner, lua_State *L, const void *cause) {
  ta_registry_push(runner, L, TA_REGISTRY_CAUSES);
  lua_rawgetp(L, -1, cause);
  lua_remove(L, -2);
  return !lua_isnil(L, -1);
}

void ta_push_cancellation(struct ta_runner *runner, lua_State *L, const void *cause) {
  ta_check_stack(L, LUA_MINSTACK);
  if (push_kept_object(runner, L, cause)) return;
  lua_pop(L, 1);
  /* A task's own was made when it was cancelled; these have a word for it. */
  const struct ta_cancel_scope *cancel_scope = cause;
  lua_pushstring(L, cause == runner ? runner->reason : cancel_scope->reason);
  make_object(runner, L);
  if (push_kept_object(runner, L, cause)) { /* a finalizer was faster */
    lua_remove(L, -2);
    return;
  }
  lua_pop(L, 1);
  lua_pushvalue(L, -1);
  keep_object(runner, L, cause);
}

/* (Runner, task, cause) */
static int l_adopt(lua_State *L) {
  struct ta_runner *runner = lua_touserdata(L, 1);
  ta_push_cancellation(runner, L, lua_touserdata(L, 3));
  keep_object(runner, L, lua_touserdata(L, 2));
  return 0;
}

/* What has cancelled the task may end before it does: the error object is the task's own
 * from now on.  No finalizer runs. */
static void adopt_cause(struct ta_runner *runner, struct ta_task *task, const void *cause) {
  lua_State *L = runner->L;
  bool collects = lua_gc(L, LUA_GCISRUNNING);
  if (collects) lua_gc(L, LUA_GCSTOP);
  lua_pushcfunction(L, l_adopt);
  lua_pushlightuserdata(L, runner);
  lua_pushlightuserdata(L, task);
  lua_pushlightuserdata(L, (void *)(uintptr_t)cause);
  bool kept = lua_pcall(L, 3, 0, 0) == LUA_OK;
  if (!kept) lua_pop(L, 1);
  if (collects) lua_gc(L, LUA_GCRESTART);
  task->cause = kept ? (const void *)task : &ta_unexplained;
}

void ta_forget_cancellation(struct ta_runner *runner, const void *cause) {
  lua_State *L = runner->L;
  if (!push_kept_object(runner, L, cause)) {
    lua_pop(L, 1);
    return;
  }
  ta_registry_push(runner, L, TA_REGISTRY_CAUSES);
  lua_pushnil(L);
  lua_rawsetp(L, -2, cause);
  lua_pop(L, 2);
}

bool ta_is_object_of(struct ta_runner *runner, lua_State *L, const void *cause) {
  if (!cause || !lua_istable(L, -1) || !lua_checkstack(L, 3)) return false;
  push_kept_object(runner, L, cause);
  bool same = lua_rawequal(L, -1, -2);
  lua_pop(L, 1);
  return same;
}

/* ----------------------------------------------------------------- in force */

/* Does the cancel scope hold off what comes from outside it? */
static bool shields(const struct ta_cancel_scope *cancel_scope) {
  return cancel_scope->kind == TA_CANCEL_SCOPE_SHIELD && !cancel_scope->lifted;
}

/* The outermost cause in force on the task, or NULL. */
static const void *find_cause(const struct ta_runner *runner, const struct ta_task *task) {
  const void *cause = NULL;
  if (runner->no_grace) return runner;
  for (const struct ta_cancel_scope *cancel_scope = task->cancel_scope; cancel_scope;
       cancel_scope = cancel_scope->outer) {
    if (shields(cancel_scope)) return cause;
    if (cancel_scope->cause) cause = cancel_scope->cause;
  }
  return task->cause ? task->cause : cause;
}

const void *ta_cause_around(const struct ta_cancel_scope *cancel_scope) {
  const struct ta_task *task = cancel_scope->task;
  for (; cancel_scope; cancel_scope = cancel_scope->outer) {
    if (shields(cancel_scope)) return NULL;
    if (cancel_scope->cause) return cancel_scope->cause;
  }
  return task ? task->cause : NULL;
}

static bool in_shield(const struct ta_task *task) {
  const struct ta_cancel_scope *cancel_scope = task->cancel_scope;
  while (cancel_scope && !shields(cancel_scope)) cancel_scope = cancel_scope->outer;
  return cancel_scope != NULL;
}

bool ta_is_in_shelter(const struct ta_runner *runner) {
  const struct ta_task *task = runner->current;
  return task && (task->shielded || in_shield(task));
}

const void *ta_cause_of_birth(const struct ta_runner *runner, bool *shielded) {
  *shielded = false;
  if (!runner->cancelling) return NULL;
  if (runner->no_grace || !ta_is_in_shelter(runner)) return runner;
  *shielded = true;
  return NULL;
}

/* When everything is forced to end, whatever cancellation was on its way counts. */
static bool is_cancellation(struct ta_runner *runner, lua_State *L) {
  if (!lua_getmetatable(L, -1)) return false;
  bool same = lua_topointer(L, -1) == runner->kinds[TA_REGISTRY_CANCELLED];
  lua_pop(L, 1);
  return same;
}

bool ta_is_in_force(struct ta_runner *runner, lua_State *L, int index) {
  const struct ta_task *task = runner->current;
  if (!task || !task->in_force || !lua_istable(L, index) || !lua_checkstack(L, 4)) return false;
  lua_pushvalue(L, index);
  bool found = runner->no_grace && is_cancellation(runner, L);
  const struct ta_cancel_scope *cancel_scope = task->cancel_scope;
  for (; !found && cancel_scope && !shields(cancel_scope); cancel_scope = cancel_scope->outer)
    found = ta_is_object_of(runner, L, cancel_scope->cause);
  if (!found && !cancel_scope) found = ta_is_object_of(runner, L, task->cause);
  lua_pop(L, 1);
  return found;
}

/* ------------------------------------------------------------------- raising */

/* Cancelled too often: stops for good, to be closed after the step.  Where it
 * cannot stop it is raised once more. */
static void doom(struct ta_runner *runner, lua_State *L) {
  static const struct ta_wait_kind kind = {.action = "closing", .by_tasks = true, .firm = true};
  if (!ta_can_wait(runner, L)) return;
  ta_begin_wait(runner, L, &kind, NULL)->over_limit = true;
  runner->waiter = L;
  lua_yield(L, 0);
}

/* Clean-up that wants to wait when the time for it is over meets an ordinary
 * error, and can go on. */
static void refuse_wait(struct ta_task *task, lua_State *L) {
  if (task->no_grace && task->deliveries < MAX_DELIVERIES) {
    task->deliveries++;
    luaL_error(L, "cannot wait: the time for clean-up is over");
  }
  task->no_grace = true;
}

void ta_raise_cancellation(struct ta_runner *runner, lua_State *L) {
  struct ta_task *task = runner->current;
  if (!task) return;
  const void *cause = find_cause(runner, task);
  bool in_hook = runner->in_hook;
  task->cut_short = runner->in_hook = false;
  if (!cause) return;
  if (in_hook) ta_end_preemption(runner);
  ta_check_stack(L, LUA_MINSTACK);
  if (runner->no_grace && !in_hook) refuse_wait(task, L);
  ta_push_cancellation(runner, L, cause);
  if (task->deliveries < MAX_DELIVERIES)
    task->deliveries++;
  else if (!in_hook)
    doom(runner, L);
  if (runner->hold_off) runner->hold_off(runner, L);
  lua_error(L);
}

int ta_raise_in_step(struct ta_runner *runner, lua_State *L) {
  runner->in_hook = false;
  ta_end_preemption(runner);
  return lua_error(L);
}

int ta_raise(struct ta_runner *runner, lua_State *L) {
  if (runner->hold_off && ta_is_in_force(runner, L, -1)) runner->hold_off(runner, L);
  return lua_error(L);
}

int ta_rethrow(struct ta_runner *runner, lua_State *L) {
  if (runner->current) runner->current->rethrown = !ta_is_in_force(runner, L, -1);
  return ta_raise(runner, L);
}

bool ta_is_unwinding(const struct ta_runner *runner) {
  return runner->current && runner->current->deliveries > 0;
}

bool ta_is_cancelled(const struct ta_runner *runner) {
  return runner->current && runner->current->in_force;
}

bool ta_is_daemon(const struct ta_runner *runner) {
  return runner->current && runner->current->daemon;
}

bool ta_is_ending(const struct ta_runner *runner) {
  return runner->cancelling;
}

bool ta_ended_cancelled(const struct ta_task *task) {
  return task->state == TA_TASK_CANCELLED;
}

bool ta_would_cancel(const struct ta_runner *runner) {
  const struct ta_task *task = runner->current;
  if (!task || task->deliveries > 0 || task->shielded) return false;
  const struct ta_cancel_scope *cancel_scope = task->cancel_scope;
  for (;;) { /* the task's cancel scopes, then those around the scope it is a child of */
    while (cancel_scope && !shields(cancel_scope)) cancel_scope = cancel_scope->outer;
    if (cancel_scope) return false;
    if (!task->scope || !task->scope->cancel_scope.task) return true;
    cancel_scope = &task->scope->cancel_scope;
    task = cancel_scope->task;
  }
}

static void cancel_children(struct ta_runner *runner, const struct ta_scope *scope) {
  struct ta_link *link = ta_list_first(&scope->children);
  for (; link; link = ta_list_after(&scope->children, link)) {
    struct ta_task *child = TA_HOLDER(link, struct ta_task, sibling);
    child->shielded = false;
    ta_cancel_task(runner, child, runner);
  }
}

void ta_cancel_running(struct ta_runner *runner) {
  struct ta_task *task = runner->current;
  if (!task) return;
  task->shielded = false;
  if (!task->cause) task->cause = runner;
  for (struct ta_cancel_scope *cancel_scope = task->cancel_scope; cancel_scope;
       cancel_scope = cancel_scope->outer)
    if (cancel_scope->kind == TA_CANCEL_SCOPE_TASKS)
      cancel_children(runner, (struct ta_scope *)cancel_scope);
  for (struct ta_cancel_scope *cancel_scope = task->cancel_scope; cancel_scope;
       cancel_scope = cancel_scope->outer)
    cancel_scope->lifted = true;
  task->in_force = find_cause(runner, task) != NULL;
}

/* ---------------------------------------------------------------- cancelling */

/* The task's cancel scopes or their causes have changed. */
static void update(struct ta_runner *runner, struct ta_task *task) {
  task->in_force = find_cause(runner, task) != NULL;
  if (!task->in_force || task->state != TA_TASK_WAITING || task->over_limit) return;
  task->cut_short = true;
  if (task->kind->firm) return;
  ta_drop_wait(runner, task);
  ta_make_ready(runner, task);
}

static bool cancel_one(struct ta_runner *runner, struct ta_task *task, const void *cause) {
  if (task->cause || ta_task_has_ended(task)) return false;
  task->cause = cause;
  update(runner, task);
  return true;
}

/* What a cancellation reaches: in `task` the scopes up to `last`, from the
 * outside in NULL, that are in no more than `shields` shields. */
struct reach {
  const struct ta_task *task;
  const struct ta_cancel_scope *last;
  unsigned shields;
};

/* The first child of the first scope that has one, looking outward. */
static struct ta_task *first_child(const struct reach *reach, const struct ta_task *task,
                                   struct ta_cancel_scope *cancel_scope) {
  bool is_root = task == reach->task;
  for (; cancel_scope; cancel_scope = cancel_scope->outer) {
    struct ta_scope *scope = (struct ta_scope *)cancel_scope;
    if (cancel_scope->kind == TA_CANCEL_SCOPE_TASKS &&
        cancel_scope->shields == (is_root ? reach->shields : 0) && !ta_list_empty(&scope->children))
      return TA_HOLDER(ta_list_first(&scope->children), struct ta_task, sibling);
    if (is_root && cancel_scope == reach->last) break;
  }
  return NULL;
}

/* The child after this one: its sibling, or one in a scope further out, or one
 * of its parent's siblings. */
static struct ta_task *next_child(const struct reach *reach, struct ta_task *child) {
  for (;;) {
    struct ta_scope *scope = child->scope;
    struct ta_task *parent = scope->cancel_scope.task;
    struct ta_link *link = ta_list_after(&scope->children, &child->sibling);
    if (link) return TA_HOLDER(link, struct ta_task, sibling);
    bool is_last = parent == reach->task && &scope->cancel_scope == reach->last;
    struct ta_task *next = is_last ? NULL : first_child(reach, parent, scope->cancel_scope.outer);
    if (next || parent == reach->task) return next;
    child = parent;
  }
}

/* Cancels the children in what is reached, and theirs: a walk without recursion,
 * for such trees may be deep.  One that was cancelled before has passed it on. */
static void cancel_below(struct ta_runner *runner, const struct reach *reach, const void *cause) {
  struct ta_task *child = first_child(reach, reach->task, reach->task->cancel_scope);
  while (child) {
    struct ta_task *below = NULL;
    if (cancel_one(runner, child, cause)) below = first_child(reach, child, child->cancel_scope);
    child = below ? below : next_child(reach, child);
  }
}

bool ta_cancel_task(struct ta_runner *runner, struct ta_task *task, const void *cause) {
  if (!cancel_one(runner, task, cause)) return false;
  const struct reach reach = {.task = task};
  cancel_below(runner, &reach, cause);
  return true;
}

/* The object is made before anybody looks whether it is wanted. */
bool ta_cancel_task_for_reason(struct ta_runner *runner, lua_State *L, struct ta_task *task) {
  make_object(runner, L);
  bool can = !task->cause && !ta_task_has_ended(task);
  if (!can) {
    lua_pop(L, 1);
    return false;
  }
  keep_object(runner, L, task);
  return ta_cancel_task(runner, task, task);
}

void ta_cancel_current(struct ta_runner *runner, lua_State *L) {
  if (runner->current)
    ta_cancel_task_for_reason(runner, L, runner->current);
  else
    lua_pop(L, 1);
}

bool ta_cancel_scope_for_reason(struct ta_runner *runner, lua_State *L, struct ta_scope *scope) {
  make_object(runner, L);
  bool can = !scope->ended && !scope->cancel_scope.cause;
  if (!can) {
    lua_pop(L, 1);
    return false;
  }
  keep_object(runner, L, &scope->cancel_scope);
  scope->asked = true;
  ta_cancel_inside(runner, &scope->cancel_scope, NULL);
  return true;
}

void ta_cancel_inside(struct ta_runner *runner, struct ta_cancel_scope *cancel_scope,
                      const char *reason) {
  if (cancel_scope->cause || !cancel_scope->task) return;
  cancel_scope->cause = cancel_scope;
  cancel_scope->reason = reason;
  update(runner, cancel_scope->task);
  const struct reach reach = {
      .task = cancel_scope->task, .last = cancel_scope, .shields = cancel_scope->shields};
  cancel_below(runner, &reach, cancel_scope);
}

void ta_deadline_due(struct ta_runner *runner, struct ta_deadline *deadline) {
  ta_cancel_inside(runner, &deadline->cancel_scope, "timeout");
}

/* Is the task part of what a shield holds together: a child of a scope in it?
 * Its parent is older and was asked before. */
static bool is_sheltered(const struct ta_task *task) {
  if (!task->scope) return task->sheltered;
  const struct ta_cancel_scope *cancel_scope = &task->scope->cancel_scope;
  if (cancel_scope->task->shielded) return true;
  while (cancel_scope && !shields(cancel_scope)) cancel_scope = cancel_scope->outer;
  return cancel_scope != NULL;
}

void ta_cancel_all(struct ta_runner *runner, const char *reason) {
  if (runner->cancelling) return;
  runner->cancelling = true;
  runner->reason = reason;
  for (struct ta_task *task = runner->oldest; task; task = ta_task_newer(runner, task)) {
    task->shielded = is_sheltered(task);
    if (!task->shielded) cancel_one(runner, task, runner);
  }
}

void ta_force_end(struct ta_runner *runner) {
  ta_cancel_all(runner, "forced");
  if (runner->no_grace) return;
  runner->no_grace = true;
  for (struct ta_task *task = runner->oldest; task; task = ta_task_newer(runner, task)) {
    if (task->cause != task) task->cause = runner;
    task->in_force = true;
  }
}

/* ------------------------------------------------------------------- cancel scopes */

/* The task keeps the innermost cancel scope, and each cancel scope the one around it: should the
 * coroutine on whose stack they lie be closed by somebody else, they are still there. */
static void anchor(struct ta_runner *runner, lua_State *L, int index, const struct ta_task *task) {
  ta_task_push(runner, L, task);
  if (task->cancel_scope->outer) {
    lua_getiuservalue(L, -1, TA_TASK_CANCEL_SCOPE);
    lua_setiuservalue(L, index, 1);
  }
  lua_pushvalue(L, index);
  lua_setiuservalue(L, -2, TA_TASK_CANCEL_SCOPE);
  lua_pop(L, 1);
}

/* The innermost cancel scope was left and is kept no longer. */
static void release_anchor(struct ta_runner *runner, const struct ta_task *task) {
  lua_State *L = runner->L;
  ta_task_push(runner, L, task);
  int object = lua_gettop(L);
  if (task->cancel_scope) {
    lua_getiuservalue(L, object, TA_TASK_CANCEL_SCOPE);
    lua_getiuservalue(L, -1, 1);
  } else {
    lua_pushnil(L);
  }
  lua_setiuservalue(L, object, TA_TASK_CANCEL_SCOPE);
  lua_settop(L, object - 1);
}

void ta_open_cancel_scope(struct ta_runner *runner, lua_State *L, int index,
                          enum ta_cancel_scope_kind kind) {
  struct ta_task *task = runner->current;
  struct ta_cancel_scope *cancel_scope = lua_touserdata(L, index);
  struct ta_cancel_scope *outer = task->cancel_scope;
  *cancel_scope = (struct ta_cancel_scope){.outer = outer,
                                           .task = task,
                                           .co = L,
                                           .step = task->steps,
                                           .kind = (uint8_t)kind,
                                           .deliveries = task->deliveries,
                                           .shields = outer ? outer->shields + shields(outer) : 0};
  atomic_signal_fence(memory_order_seq_cst); /* handlers look through them: ta_would_cancel() */
  task->cancel_scope = cancel_scope;
  anchor(runner, L, index, task);
  if (kind == TA_CANCEL_SCOPE_SHIELD) task->in_force = find_cause(runner, task) != NULL;
}

/* Children that a scope could not wait for go on on their own. */
static void detach_children(struct ta_scope *scope) {
  struct ta_link *link;
  scope->ended = true;
  while ((link = ta_list_first(&scope->children))) {
    struct ta_task *child = TA_HOLDER(link, struct ta_task, sibling);
    ta_list_leave(link);
    child->scope = NULL;
  }
}

/* The child, and with it those below that were cancelled when it was, goes on after what
 * has cancelled it: as if it had been cancelled by itself. */
static void hand_over_cause(struct ta_runner *runner, struct ta_task *child) {
  const struct reach reach = {.task = child};
  const void *cause = child->cause;
  adopt_cause(runner, child, cause);
  struct ta_task *below = first_child(&reach, child, child->cancel_scope);
  while (below) {
    if (below->cause == cause) below->cause = child->cause;
    struct ta_task *deeper = first_child(&reach, below, below->cancel_scope);
    below = deeper ? deeper : next_child(&reach, below);
  }
}

static void hand_over_causes(struct ta_runner *runner, const struct ta_scope *scope) {
  if (runner->no_grace) return;
  struct ta_link *link = ta_list_first(&scope->children);
  for (; link; link = ta_list_after(&scope->children, link)) {
    struct ta_task *child = TA_HOLDER(link, struct ta_task, sibling);
    bool is_lasting = !child->cause || child->cause == child || child->cause == runner;
    if (!is_lasting) hand_over_cause(runner, child);
  }
}

void ta_adopt_cause(struct ta_runner *runner, struct ta_task *task) {
  if (task->cause) return;
  const void *cause = find_cause(runner, task);
  if (cause == runner)
    task->cause = runner;
  else
    adopt_cause(runner, task, cause ? cause : &ta_unexplained);
}

static void leave_cancel_scope(struct ta_runner *runner, struct ta_cancel_scope *cancel_scope) {
  struct ta_task *task = cancel_scope->task;
  task->cancel_scope = cancel_scope->outer;
  if (cancel_scope->kind == TA_CANCEL_SCOPE_TASKS) {
    hand_over_causes(runner, (struct ta_scope *)cancel_scope);
    detach_children((struct ta_scope *)cancel_scope);
  }
  if (cancel_scope->cause) {
    ta_forget_cancellation(runner, cancel_scope);
    task->deliveries = cancel_scope->deliveries;
  }
  if (cancel_scope->kind == TA_CANCEL_SCOPE_DEADLINE) {
    ta_timers_remove(&runner->timers, &((struct ta_deadline *)cancel_scope)->timer);
    runner->deadlines--;
  }
  cancel_scope->task = NULL;
  cancel_scope->outer = NULL;
  task->in_force = find_cause(runner, task) != NULL;
  release_anchor(runner, task); /* from now on the cancel scope may go */
}

void ta_close_cancel_scope(struct ta_runner *runner, struct ta_cancel_scope *cancel_scope) {
  if (!cancel_scope->task) return;
  while (cancel_scope->task->cancel_scope != cancel_scope)
    leave_cancel_scope(runner, cancel_scope->task->cancel_scope);
  leave_cancel_scope(runner, cancel_scope);
}

/* What failed in a scope that cannot raise it is told. */
static void report_failed(struct ta_runner *runner, struct ta_scope *scope) {
  struct ta_link *link;
  while ((link = ta_list_first(&scope->failed))) {
    struct ta_task *child = TA_HOLDER(link, struct ta_task, sibling);
    scope->kind->unraised(runner, child);
    ta_task_release(runner, child);
  }
}

void ta_bury_cancel_scopes(struct ta_task *task) {
  while (task->cancel_scope) {
    struct ta_cancel_scope *cancel_scope = task->cancel_scope;
    if (cancel_scope->kind == TA_CANCEL_SCOPE_TASKS)
      ((struct ta_scope *)cancel_scope)->ended = true;
    task->cancel_scope = cancel_scope->outer;
    cancel_scope->task = NULL;
    cancel_scope->outer = NULL;
  }
}

void ta_abandon_cancel_scopes(struct ta_runner *runner, struct ta_task *task, const lua_State *co) {
  while (task->cancel_scope && (!co || task->cancel_scope->co == co)) {
    struct ta_cancel_scope *cancel_scope = task->cancel_scope;
    if (cancel_scope->kind == TA_CANCEL_SCOPE_TASKS)
      report_failed(runner, (struct ta_scope *)cancel_scope);
    leave_cancel_scope(runner, cancel_scope);
  }
}
