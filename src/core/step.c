/* SPDX-License-Identifier: MIT */
#include "core/step.h"

#include <string.h>

#include "core/cancel.h"
#include "core/kit.h"
#include "core/level.h"
#include "core/pool.h"
#include "core/preempt.h"
#include "core/queue.h"
#include "core/slots.h"
#include "core/start.h"
#include "core/upper.h"
#include "core/wait.h"

/* ---------------------------------------------------------------- the body */

/* Makes one value of the results, which lie above the handler at index 1: the
 * task's outcome. */
static void pack_results(lua_State *L, struct ta_task *task) {
  int count = lua_gettop(L) - 1;
  if (count == 1) return;
  ta_check_stack(L, 3);
  task->packed = count > 1;
  task->empty = count == 0;
  if (count == 0) {
    lua_pushnil(L);
    return;
  }
  ta_pack(L, 2);
}

/* The program has returned: functions among its results become tasks. */
static void start_returned(struct ta_runner *runner, lua_State *L) {
  int count = lua_gettop(L);
  ta_check_stack(L, 1);
  for (int i = 2; i <= count; i++) {
    if (!lua_isfunction(L, i)) continue;
    lua_pushvalue(L, i);
    ta_add_task(runner, L, 0, NULL);
    lua_pop(L, 1);
  }
  lua_settop(L, 1);
}

static int k_body_done(lua_State *L, int status, lua_KContext context) {
  (void)context;
  struct ta_runner *runner = ta_upvalue_runner(L);
  struct ta_task *task = ta_task_running_on(runner, L);
  if (!task) return status == LUA_OK || status == LUA_YIELD ? 0 : lua_error(L);
  if (status == LUA_OK || status == LUA_YIELD) {
    if (TA_UNLIKELY(task->program)) start_returned(runner, L);
    pack_results(L, task);
    task->ends_as = TA_TASK_DONE;
    return 1;
  }
  if (ta_is_in_force(runner, L, -1)) {
    task->ends_as = TA_TASK_CANCELLED;
    return 1;
  }
  task->ends_as = TA_TASK_FAILED;
  if (status == LUA_ERRMEM) ta_pool_note_refusal(runner);
  return runner->upper->describe_end(runner, L, task);
}

/* (handler, function, ...): at the bottom of each task, runs the function inside a
 * protected call of its own coroutine, so that clean-up runs while an error
 * unwinds, and may wait.  It is the one frame below the function, as lua has one
 * below a script: those that look how deep they are find what they know. */
static int l_body(lua_State *L) {
  int status = lua_pcallk(L, lua_gettop(L) - 2, LUA_MULTRET, 1, 0, k_body_done);
  return k_body_done(L, status, 0);
}

/* --------------------------------------------------------------------- end */

static void leave_living(struct ta_runner *runner, struct ta_task *task) {
  struct ta_task *older = task->older ? runner->slots[task->older] : NULL;
  struct ta_task *newer = ta_task_newer(runner, task);
  if (older)
    older->newer = task->newer;
  else
    runner->oldest = newer;
  if (newer)
    newer->older = task->older;
  else
    runner->newest = older;
  task->older = task->newer = 0;
  runner->slots[ta_task_slot(task)] = NULL; /* tickets of it are stale */
  runner->live--;
  runner->daemons -= task->daemon;
}

static void wake_awaiters(struct ta_runner *runner, struct ta_task *task) {
  struct ta_link *link;
  if (!task->more) return;
  while ((link = ta_list_first(&task->more->awaiters))) ta_wake_waiter(runner, link);
}

static void detach_all(struct ta_runner *runner, struct ta_task *task) {
  struct ta_link *link;
  if (task->lost_lock) runner->upper->report_lost(runner, task);
  while (task->more && (link = ta_list_first(&task->more->attached))) {
    struct ta_attachment *attachment = TA_HOLDER(link, struct ta_attachment, link);
    ta_list_leave(link);
    attachment->kind->on_end(runner, task, attachment);
  }
}

static void forget_attached(struct ta_task *task) {
  struct ta_link *link;
  while (task->more && (link = ta_list_first(&task->more->attached))) {
    struct ta_attachment *attachment = TA_HOLDER(link, struct ta_attachment, link);
    ta_list_leave(link);
    if (attachment->kind->on_forget) attachment->kind->on_forget(attachment);
  }
}

/* What others have of a task that ends. */
static void let_go(struct ta_runner *runner, struct ta_task *task) {
  runner->upper->forget(runner, task);
  if (task->lost_lock || task->more) detach_all(runner, task);
  if (runner->heritage) runner->heritage->forget(runner, runner->L, task);
  if (task->cause == task) ta_forget_cancellation(runner, task);
}

/* Moves the outcome from below the table of tasks into the one whose object is on top of
 * L, with what is known of it. */
static void keep_outcome(struct ta_runner *runner, lua_State *L, struct ta_task *task) {
  if (!task->empty || task->anchored) { /* else nil is there already */
    task->anchored = NULL;
    lua_pushvalue(L, -3);
    lua_setiuservalue(L, -2, TA_TASK_OUTCOME);
  }
  if (task->has_note || task->state != TA_TASK_DONE) runner->upper->keep_note(runner, L, task);
}

/* Takes an ended task, which no queue and no timer holds, off the Runner.  Its
 * outcome is on top of the Runner's L and popped: it is in its place before reports,
 * which may be Lua, can ask for it. */
static void end_task(struct ta_runner *runner, struct ta_task *task, enum ta_task_state state) {
  lua_State *L = runner->L;
  struct ta_scope *scope = task->scope;
  if (ta_tracing(runner) && state != TA_TASK_FAILED)
    runner->upper->trace_task(runner, task,
                              state == TA_TASK_DONE ? TA_EVENT_RETURN : TA_EVENT_CANCEL);
  runner->polls = false;
  runner->current = NULL; /* what reports and clocks run in Lua is no part of it */
  if (TA_UNLIKELY(task->cancel_scope != NULL)) ta_abandon_cancel_scopes(runner, task, NULL);
  task->state = (uint8_t)state;
  if (state != TA_TASK_DONE) task->packed = task->empty = false; /* memory was out */
  task->starts = TA_START_LOADED; /* its arguments are gone, should it never have started */
  ta_pool_give_back(runner, task);
  ta_registry_push(runner, L, TA_REGISTRY_TASKS);
  lua_rawgeti(L, -1, (lua_Integer)ta_task_slot(task));
  keep_outcome(runner, L, task);
  leave_living(runner, task);
  let_go(runner, task);
  task->wait = ++runner->last_wait; /* from now on says who ended before whom */
  wake_awaiters(runner, task);
  ta_task_drop_more(runner, task);
  bool kept = scope && scope->kind->child_ended(runner, scope, task);
  lua_pop(L, 1);
  if (!kept) ta_task_release_here(runner, task);
  lua_pop(L, 2);
}

/* The coroutine has ended with its outcome, and perhaps a failure's description
 * above it, on its stack: from there others could take them away. */
static void end_here(struct ta_runner *runner, struct ta_task *task, enum ta_task_state state) {
  lua_State *L = runner->L;
  int count = lua_gettop(task->co) - TA_POOL_BOTTOM;
  lua_xmove(task->co, L, count);
  if (count > 1) {
    runner->upper->report(runner, task, L);
    lua_pop(L, count - 1);
  }
  end_task(runner, task, state);
}

/* Fails a task with the error object on top of the Runner's L. */
static void end_failed(struct ta_runner *runner, struct ta_task *task) {
  runner->upper->report_error(runner, task);
  end_task(runner, task, TA_TASK_FAILED);
}

/* ------------------------------------------------------------------ closing */

/* The nested coroutine so many levels further in than the task's own, or NULL. */
static lua_State *nested_at(const struct ta_task *task, int depth) {
  lua_State *co = task->co;
  while (co && depth-- > 0) co = ta_waiting_inner(co);
  return co;
}

/* Closes the task's coroutines from the innermost outward.  An error of their
 * clean-up is left on top of the Runner's L; false then.  Clean-up may itself close
 * one further out, and with it all that it holds. */
static bool close_coroutines(struct ta_runner *runner, struct ta_task *task) {
  int depth = 0;
  int top = lua_gettop(runner->L);
  while (nested_at(task, depth)) depth++;
  while (depth > 0) {
    lua_State *co = nested_at(task, --depth);
    if (!co) continue;
    int status = ta_close_coroutine(runner, co, runner->L, "the end of a cancelled task");
    if (status == LUA_OK || lua_gettop(co) == 0) continue;
    lua_settop(runner->L, top);
    lua_xmove(co, runner->L, 1);
  }
  return lua_gettop(runner->L) == top;
}

static int l_push_cancellation(lua_State *L) {
  ta_push_cancellation(lua_touserdata(L, 1), L, lua_touserdata(L, 2));
  return 1;
}

/* Pushes the task's error object, on the Runner's L.  False, and nothing, where there is
 * no memory for it. */
static bool push_cancellation(struct ta_runner *runner, const struct ta_task *task) {
  lua_State *L = runner->L;
  if (TA_UNLIKELY(ta_pool_refuses(runner))) return false;
  lua_pushcfunction(L, l_push_cancellation);
  lua_pushlightuserdata(L, runner);
  lua_pushlightuserdata(L, (void *)(uintptr_t)task->cause);
  int status = lua_pcall(L, 2, 1, 0);
  if (status != LUA_OK) lua_pop(L, 1);
  if (status == LUA_ERRMEM) ta_pool_note_refusal(runner);
  return status == LUA_OK;
}

/* Ends a task as cancelled: its error object is made if memory allows. */
static void end_cancelled(struct ta_runner *runner, struct ta_task *task) {
  if (!push_cancellation(runner, task)) lua_pushnil(runner->L);
  end_task(runner, task, TA_TASK_CANCELLED);
}

/* Closes a task: its clean-up runs where nothing can wait. */
static void close_task(struct ta_runner *runner, struct ta_task *task) {
  ta_drop_wait(runner, task);
  ta_adopt_cause(runner, task);
  runner->current = task;
  task->state = TA_TASK_RUNNING;
  ta_abandon_cancel_scopes(runner, task, NULL); /* what is closed is dead to the collector */
  task->in_force = true;
  bool clean = close_coroutines(runner, task);
  if (!clean && !ta_is_in_force(runner, runner->L, -1)) {
    end_failed(runner, task);
  } else {
    if (!clean) lua_pop(runner->L, 1);
    end_cancelled(runner, task);
  }
  runner->current = NULL;
}

/* -------------------------------------------------------------------- step */

/* How many values on the coroutine's stack the step hands over: to the body its
 * function and arguments, to a wait none. */
static int prepare_step(struct ta_task *task) {
  /* Read before the bytes beside them are written: one after the other would have
   * the processor wait. */
  int marks = task->marks;
  bool lost = task->cut_short && marks == 0;
  task->state = TA_TASK_RUNNING;
  task->kind = NULL;
  if (task->steps++ == 0) return lua_gettop(task->co) - TA_POOL_BOTTOM - 1;
  if (TA_UNLIKELY(lost)) ta_preempt_to_raise(task->co);
  lua_pop(task->co, marks);
  return 0;
}

/* The coroutine yielded, and not by way of our own waits.  False: it has ended. */
static bool stop_foreign(struct ta_runner *runner, struct ta_task *task, int count) {
  if (runner->upper->await_foreign(runner, task, count) == 0) return true;
  ta_abandon_cancel_scopes(runner, task, NULL);
  if (!close_coroutines(runner, task)) lua_remove(runner->L, -2); /* the first error */
  end_failed(runner, task);
  return false;
}

/* Is the coroutine as the last step left it?  A script may have got hold of it, and of
 * Lua's own coroutine library. */
static bool is_intact(const struct ta_task *task) {
  if (task->steps == 0) return true;
  return task->marks ? ta_is_waiting(task->co) : lua_status(task->co) == LUA_YIELD;
}

static int l_push_meddled(lua_State *L) {
  lua_pushliteral(L, "the coroutine of a task was resumed or closed by somebody else");
  return 1;
}

/* Whoever holds the coroutine finds it dead. */
static void end_meddled(struct ta_runner *runner, struct ta_task *task) {
  runner->current = task;
  task->state = TA_TASK_RUNNING;
  ta_abandon_cancel_scopes(runner, task, NULL);
  if (!close_coroutines(runner, task)) lua_pop(runner->L, 1);
  lua_pushcfunction(runner->L, l_push_meddled);
  (void)lua_pcall(runner->L, 0, 1, 0); /* or the error of memory that is out */
  end_failed(runner, task);
  runner->current = NULL;
}

/* Memory was out when it was to take a step. */
static void end_refused(struct ta_runner *runner, struct ta_task *task) {
  lua_pushliteral(runner->L, "not enough memory"); /* Lua keeps this string ready */
  runner->upper->report_refused(runner, task);
  end_task(runner, task, TA_TASK_FAILED);
}

/* It died outside its body's protected call, of the error on top of the Runner's L. */
static void end_dead(struct ta_runner *runner, struct ta_task *task, int status) {
  if (status != LUA_ERRMEM) {
    end_failed(runner, task);
    return;
  }
  lua_pop(runner->L, 1);
  ta_pool_note_refusal(runner);
  end_refused(runner, task);
}

/* The step is over: what became of the coroutine? */
static void end_step(struct ta_runner *runner, struct ta_task *task, int status, int count) {
  if (status == LUA_YIELD) {
    bool waits = ta_take_wait(runner, task->co);
    task->marks = waits ? (uint8_t)count : 0;
    if (TA_UNLIKELY(!waits) && !stop_foreign(runner, task, count)) return;
    if (task->state != TA_TASK_RUNNABLE && !ta_is_over_at_once(runner)) runner->polls = false;
    if (TA_UNLIKELY(task->over_limit)) close_task(runner, task);
  } else if (TA_UNLIKELY(status != LUA_OK)) { /* it died outside its body's protected call */
    lua_xmove(task->co, runner->L, 1);
    end_dead(runner, task, status);
  } else {
    end_here(runner, task, (enum ta_task_state)task->ends_as);
  }
}

/* Makes it ready for its first step.  False when it has ended instead: it was
 * cancelled, perhaps by a finalizer that has just run, or memory is out. */
static bool start(struct ta_runner *runner, struct ta_task *task) {
  bool loaded = !task->cause && ta_start_load(runner, task);
  bool cancelled = task->cause != NULL;
  if (cancelled)
    end_cancelled(runner, task);
  else if (!loaded)
    end_refused(runner, task);
  return loaded && !cancelled;
}

void ta_task_step(struct ta_runner *runner, struct ta_task *task) {
  int count;
  runner->steps++; /* of one that does not start, too: it goes on */
  if (task->steps == 0 && !start(runner, task)) return;
  if (ta_tracing(runner)) runner->upper->trace_step(runner, task);
  if (TA_UNLIKELY(!is_intact(task))) {
    end_meddled(runner, task);
    return;
  }
  int nargs = prepare_step(task);
  runner->at_once = runner->most_at_once;
  runner->current = task;
  /* As a nested coroutine is resumed, with a call less on the way of each step. */
  struct ta_level level = {.co = task->co, .waitable = true, .depth = 1};
  atomic_signal_fence(memory_order_seq_cst);
  runner->level = &level;
  if (ta_wants_preemption(runner)) ta_preempt_coroutine(runner, task->co);
  int status = lua_resume(task->co, runner->L, nargs, &count);
  runner->level = NULL;
  end_step(runner, task, status, count);
  runner->current = NULL;
}

void ta_task_force(struct ta_runner *runner, struct ta_task *task) {
  uint64_t id = ta_task_id(task);
  if (!task->cause) task->cause = runner;
  if (task->state == TA_TASK_WAITING) {
    ta_drop_wait(runner, task);
    task->cut_short = true;
  }
  ta_task_step(runner, task);
  bool lives = runner->oldest && ta_task_id(runner->oldest) == id;
  if (lives) close_task(runner, runner->oldest);
}

void ta_task_abandon(struct ta_runner *runner, struct ta_task *task) {
  ta_abandon_cancel_scopes(runner, task, NULL);
  task->in_force = true;
  while (runner->level) {
    lua_State *co = runner->level->co;
    runner->level = runner->level->up;
    ta_close_coroutine(runner, co, runner->L, "the end of the program");
  }
  runner->current = NULL;
  ta_task_drop_more(runner, task);
  leave_living(runner, task);
}

void ta_task_forget(struct ta_runner *runner, struct ta_task *task) {
  ta_drop_wait(runner, task);
  ta_abandon_cancel_scopes(runner, task, NULL);
  forget_attached(task);
  ta_task_drop_more(runner, task);
  ta_list_leave(&task->sibling);
  task->scope = NULL;
  task->state = TA_TASK_CANCELLED;
  task->starts = TA_START_LOADED;
  task->co = NULL; /* from now on only a script may keep it */
  ta_task_push(runner, runner->L, task);
  runner->upper->forget(runner, task);
  task->anchored = NULL;
  lua_pushnil(runner->L);
  lua_setiuservalue(runner->L, -2, TA_TASK_OUTCOME);
  lua_pop(runner->L, 1);
}

void ta_task_bury(struct ta_runner *runner, lua_State *L, struct ta_task *task) {
  ta_drop_wait(runner, task);
  ta_bury_cancel_scopes(task);
  forget_attached(task);
  ta_task_drop_more(runner, task);
  ta_task_leave_called(L, task);
  task->scope = NULL;
  task->state = TA_TASK_CANCELLED;
  task->packed = task->empty = false;
  ta_task_push(runner, L, task);
  lua_pushnil(L);
  lua_setiuservalue(L, -2, TA_TASK_OUTCOME);
  lua_pop(L, 1);
}

void ta_task_setup(struct ta_runner *runner, lua_State *L) {
  lua_newtable(L);
  ta_registry_set(runner, L, TA_REGISTRY_TASKS);
  ta_push_function(runner, L, l_body);
  ta_registry_set(runner, L, TA_REGISTRY_BODY);
  ta_pool_setup(runner, L);
}
