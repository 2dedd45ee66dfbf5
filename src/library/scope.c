/* SPDX-License-Identifier: MIT */
#include "library/scope.h"

#include <lauxlib.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/kit.h"
#include "core/slots.h"
#include "core/wait.h"
#include "core/where.h"
#include "library/spawn.h"
#include "library/task_local.h"
#include "words/error_group.h"
#include "words/failure.h"

/* What became of the function that a cancel scope function has called. */
enum outcome { RETURNED, RAISED, UNWOUND };

static enum outcome outcome_of(struct ta_runner *runner, lua_State *L, int status) {
  if (status == LUA_OK || status == LUA_YIELD) return RETURNED;
  return ta_is_in_force(runner, L, -1) ? UNWOUND : RAISED;
}

/* Has the running task waited since it opened the cancel scope? */
static bool has_waited(const struct ta_runner *runner, const struct ta_cancel_scope *cancel_scope) {
  return !runner->current || runner->current->steps != cancel_scope->step;
}

/* Puts the message handler that remembers frames at `index`. */
static void insert_handler(struct ta_runner *runner, lua_State *L, int index) {
  ta_registry_push(runner, L, TA_REGISTRY_HANDLER);
  lua_insert(L, index);
}

/* All of these functions have their cancel scope at the same index. */
#define REGION 1

/* Has somebody else resumed the coroutine, so that another task runs here, or
 * none? */
static bool is_elsewhere(const struct ta_runner *runner, lua_State *L) {
  const struct ta_cancel_scope *cancel_scope = lua_touserdata(L, REGION);
  return !ta_in_task(runner, L) || cancel_scope->task != runner->current;
}

/* The cancel scope is still that of the task that was robbed, whose next step ends both.
 * Raises the error on top if there is one. */
static int leave_elsewhere(lua_State *L, int status) {
  return status == LUA_OK || status == LUA_YIELD ? ta_raise_meddled(L) : lua_error(L);
}

/* -------------------------------------------------------- the scope's object */

static struct ta_scope *check_scope(lua_State *L) {
  return ta_check_kind(L, TA_REGISTRY_SCOPE, "Scope");
}

static int l_scope_spawn(lua_State *L) {
  struct ta_scope *scope = check_scope(L);
  ta_check_open(ta_upvalue_runner(L), L);
  if (scope->ended) return luaL_error(L, "spawn: the scope has ended");
  return ta_spawn_child(ta_upvalue_runner(L), L, 2, scope);
}

static int l_scope_cancel(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  struct ta_scope *scope = check_scope(L);
  ta_check_open(runner, L);
  bool can = !scope->ended && !scope->cancel_scope.cause;
  lua_settop(L, 2);
  lua_pushboolean(L, can && ta_cancel_scope_for_reason(runner, L, scope));
  return 1;
}

static int l_scope_tostring(lua_State *L) {
  const struct ta_scope *scope = check_scope(L);
  size_t count = ta_list_count(&scope->children);
  if (scope->ended)
    lua_pushliteral(L, "scope (ended)");
  else
    lua_pushfstring(L, "scope (%d task%s)", (int)count, count == 1 ? "" : "s");
  return 1;
}

/* ------------------------------------------------------- waiting for children */

static void describe_scope(const void *subject, char *text, size_t size) {
  const struct ta_scope *scope = subject;
  size_t count = ta_list_count(&scope->children);
  snprintf(text, size, "with %zu task%s", count, count == 1 ? "" : "s");
}

static struct ta_task *scope_holder(const void *subject) {
  const struct ta_scope *scope = subject;
  struct ta_link *first = ta_list_first(&scope->children);
  return first ? TA_HOLDER(first, struct ta_task, sibling) : NULL;
}

static const struct ta_wait_kind children_kind = {.action = "scope",
                                                  .describe = describe_scope,
                                                  .holder = scope_holder,
                                                  .by_tasks = true,
                                                  .firm = true};

/* Is the child's end an error of the scope?  Where results are wanted, its own
 * cancellation is one too. */
static bool is_failure(const struct ta_scope *scope, const struct ta_task *child) {
  if (scope->mode >= TA_SCOPE_COLLECTS) return false;
  if (child->state == TA_TASK_FAILED) return true;
  bool own = child->state == TA_TASK_CANCELLED && child->cause == child;
  return own && scope->mode == TA_SCOPE_FIRST_ERROR;
}

/* Did it fail in its clean-up, while unwinding, where the scope has another error
 * or result to give?  Or in a scope that gives none? */
static bool is_unheard(const struct ta_scope *scope, const struct ta_task *child) {
  if (scope->mode == TA_SCOPE_REPORTS) return child->state == TA_TASK_FAILED;
  if (child->state != TA_TASK_FAILED || child->deliveries == 0) return false;
  if (scope->mode == TA_SCOPE_SETTLES) return child->cause != child;
  return scope->mode == TA_SCOPE_COLLECTS ||
         (scope->mode == TA_SCOPE_FIRST_ERROR && scope->failures > 0);
}

static bool child_ended(struct ta_runner *runner, struct ta_scope *scope, struct ta_task *child) {
  struct ta_task *parent = scope->cancel_scope.task;
  bool counts = is_failure(scope, child);
  ta_list_leave(&child->sibling);
  if (is_unheard(scope, child)) {
    ta_report_abandoned(runner, child);
    counts = false;
  }
  if (counts) {
    ta_list_append(&scope->failed, &child->sibling);
    scope->failures++;
    ta_cancel_inside(runner, &scope->cancel_scope, "a task of its scope failed");
  }
  child->scope = NULL;
  bool waited_for = parent->kind == &children_kind && parent->subject == scope;
  if (waited_for && ta_list_empty(&scope->children)) ta_complete_wait(runner, parent);
  return counts;
}

static const struct ta_scope_kind scope_kind = {child_ended, ta_report_abandoned};

/* ------------------------------------------------------------------- scope */

/* The stack of async.scope: then the results of its function, or its error. */
enum { SCOPE_OBJECT = 1, SCOPE_HANDLER, SCOPE_VALUES };

/* Forgets those that failed: their errors are in Lua's care now. */
static void release_failed(struct ta_runner *runner, struct ta_scope *scope) {
  struct ta_link *link;
  while ((link = ta_list_first(&scope->failed)))
    ta_task_release(runner, TA_HOLDER(link, struct ta_task, sibling));
}

/* Memory was out when their errors were to be raised. */
static int l_scope_gc(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  struct ta_scope *scope = ta_to_kind(runner, L, 1, TA_REGISTRY_SCOPE);
  if (scope && !scope->cancel_scope.task && runner->L) release_failed(runner, scope);
  return 0;
}

/* Raises what went wrong in the scope; its function's own error, if it has one,
 * is at SCOPE_VALUES. */
static int raise_errors(struct ta_runner *runner, lua_State *L, struct ta_scope *scope,
                        bool has_own) {
  ta_close_cancel_scope(runner, &scope->cancel_scope);
  if (scope->failures == 0) return ta_rethrow(runner, L);
  ta_push_scope_errors(runner, L, scope, has_own ? SCOPE_VALUES : 0);
  release_failed(runner, scope);
  return ta_raise(runner, L);
}

/* What the scope gives when nothing went wrong. */
static int give_results(struct ta_runner *runner, lua_State *L, struct ta_scope *scope,
                        enum outcome outcome, bool hit) {
  bool own = outcome == UNWOUND && ta_is_object_of(runner, L, &scope->cancel_scope);
  ta_close_cancel_scope(runner, &scope->cancel_scope);
  if (outcome == UNWOUND && !own) return ta_rethrow(runner, L);
  if (hit) ta_raise_cancellation(runner, L);
  if (!scope->asked) return lua_gettop(L) - SCOPE_VALUES + 1;
  lua_pushnil(L);
  lua_pushliteral(L, "cancelled");
  return 2;
}

/* Did the function only pass on the error of a child that it has awaited? */
static bool is_of_child(struct ta_runner *runner, lua_State *L, struct ta_scope *scope) {
  bool found = false;
  struct ta_link *link = ta_list_first(&scope->failed);
  for (; link && !found; link = ta_list_after(&scope->failed, link)) {
    ta_task_push(runner, L, TA_HOLDER(link, struct ta_task, sibling));
    lua_getiuservalue(L, -1, TA_TASK_OUTCOME);
    found = lua_rawequal(L, -1, SCOPE_VALUES);
    lua_pop(L, 2);
  }
  return found;
}

/* Bits of the context in which the children are waited for. */
enum { OUTCOME_BITS = 3, HIT = 4, WAITED = 8 };

static int k_scope(lua_State *L, int status, lua_KContext context);

static int end_scope(struct ta_runner *runner, lua_State *L, lua_KContext context);

/* The function's results fill the stack: nothing can be done with them. */
static int raise_too_many(struct ta_runner *runner, lua_State *L, struct ta_scope *scope) {
  lua_settop(L, SCOPE_HANDLER);
  lua_pushliteral(L, "async.scope: too many results");
  scope->before_own = scope->failures;
  ta_cancel_inside(runner, &scope->cancel_scope, "a task of its scope failed");
  return end_scope(runner, L, RAISED);
}

/* Waits for children that still live, then ends the scope. */
static int end_scope(struct ta_runner *runner, lua_State *L, lua_KContext context) {
  struct ta_scope *scope = lua_touserdata(L, SCOPE_OBJECT);
  enum outcome outcome = (enum outcome)(context & OUTCOME_BITS);
  if (!lua_checkstack(L, LUA_MINSTACK)) return raise_too_many(runner, L, scope);
  bool waits = !ta_list_empty(&scope->children) && ta_can_wait(runner, L) && !runner->no_grace;
  if (waits) {
    if (ta_begin_wait(runner, L, &children_kind, scope)->in_force) context |= HIT;
    return ta_park_here(runner, L, context | WAITED, k_scope);
  }
  bool at_once = outcome == RETURNED && !(context & WAITED) && ta_list_empty(&scope->children);
  if (at_once && scope->failures == 0 && ta_has_to_pause(runner, L))
    return ta_pause(runner, L, context | WAITED, k_scope);
  if (!ta_list_empty(&scope->children)) context |= HIT; /* the time for waiting is over */
  scope->ended = true;
  bool raised = outcome == RAISED && !is_of_child(runner, L, scope);
  if (raised || scope->failures > 0) return raise_errors(runner, L, scope, raised);
  return give_results(runner, L, scope, outcome, (context & HIT) != 0);
}

/* Back from waiting for children, or from giving up the turn. */
static int k_scope(lua_State *L, int status, lua_KContext context) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  struct ta_task *task = runner->current;
  (void)status;
  if (is_elsewhere(runner, L)) return leave_elsewhere(L, LUA_OK);
  if (task->cut_short) {
    task->cut_short = false;
    context |= HIT;
  }
  return end_scope(runner, L, context);
}

/* The scope's function has ended. */
static int k_scope_body(lua_State *L, int status, lua_KContext context) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  struct ta_scope *scope = lua_touserdata(L, SCOPE_OBJECT);
  enum outcome outcome = outcome_of(runner, L, status);
  (void)context;
  if (is_elsewhere(runner, L)) return leave_elsewhere(L, status);
  if (outcome == RAISED) {
    scope->before_own = scope->failures;
    ta_cancel_inside(runner, &scope->cancel_scope, "a task of its scope failed");
  }
  bool waited = has_waited(runner, &scope->cancel_scope);
  return end_scope(runner, L, (lua_KContext)outcome | (waited ? WAITED : 0));
}

static int open_scope(lua_State *L, enum ta_scope_mode mode) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  ta_check_callable(L, 1, "scope(work)");
  lua_settop(L, 1);
  struct ta_scope *scope = lua_newuserdatauv(L, sizeof *scope, 1);
  memset(scope, 0, sizeof *scope);
  scope->kind = &scope_kind;
  scope->mode = (uint8_t)mode;
  ta_list_init(&scope->children);
  ta_list_init(&scope->failed);
  ta_registry_push(runner, L, TA_REGISTRY_SCOPE);
  lua_setmetatable(L, -2);
  lua_insert(L, SCOPE_OBJECT);
  insert_handler(runner, L, SCOPE_HANDLER);
  lua_pushvalue(L, SCOPE_OBJECT);
  ta_check_wait(runner, L, "async.scope");
  ta_open_cancel_scope(runner, L, SCOPE_OBJECT, TA_CANCEL_SCOPE_TASKS);
  int status = lua_pcallk(L, 1, LUA_MULTRET, SCOPE_HANDLER, 0, k_scope_body);
  return k_scope_body(L, status, 0);
}

static int l_scope(lua_State *L) {
  return open_scope(L, TA_SCOPE_PLAIN);
}

int ta_l_first_error_scope(lua_State *L) {
  return open_scope(L, TA_SCOPE_FIRST_ERROR);
}

int ta_l_collecting_scope(lua_State *L) {
  return open_scope(L, TA_SCOPE_COLLECTS);
}

int ta_l_settling_scope(lua_State *L) {
  return open_scope(L, TA_SCOPE_SETTLES);
}

int ta_l_reporting_scope(lua_State *L) {
  return open_scope(L, TA_SCOPE_REPORTS);
}

/* ----------------------------------------------------------------- deadlines */

/* The stack of a deadline's function and of shield. */
enum { REGION_OBJECT = 1, REGION_HANDLER, REGION_VALUES };

/* Returns what the function did, which has perhaps not waited. */
static int give_values(struct ta_runner *runner, lua_State *L,
                       const struct ta_cancel_scope *cancel_scope) {
  int count = lua_gettop(L) - REGION_VALUES + 1;
  return has_waited(runner, cancel_scope) ? count : ta_return_at_once(runner, L, count);
}

enum form { RAISES, MOVES_ON };

static const char *const names[] = {"with_timeout", "move_on_after"};
static const char *const seconds_of[] = {"with_timeout: seconds", "move_on_after: seconds"};
static const char *const usage_of[] = {"with_timeout(seconds, work, ...)",
                                       "move_on_after(seconds, work, ...)"};

static int raise_timeout(struct ta_runner *runner, lua_State *L, double seconds) {
  lua_createtable(L, 0, 2);
  lua_pushliteral(L, "timeout");
  lua_setfield(L, -2, "kind");
  lua_pushnumber(L, seconds);
  lua_setfield(L, -2, "seconds");
  ta_registry_push(runner, L, TA_REGISTRY_TIMEOUT);
  lua_setmetatable(L, -2);
  return lua_error(L);
}

static int k_deadline(lua_State *L, int status, lua_KContext context) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  struct ta_deadline *deadline = lua_touserdata(L, REGION_OBJECT);
  bool returned = status == LUA_OK || status == LUA_YIELD;
  if (is_elsewhere(runner, L)) return leave_elsewhere(L, status);
  bool own = !returned && deadline->cancel_scope.cause &&
             ta_is_object_of(runner, L, &deadline->cancel_scope);
  ta_close_cancel_scope(runner, &deadline->cancel_scope);
  if (returned) return give_values(runner, L, &deadline->cancel_scope);
  if (!own) return ta_rethrow(runner, L);
  if ((enum form)context == RAISES) return raise_timeout(runner, L, deadline->seconds);
  lua_pushnil(L);
  lua_pushliteral(L, "timeout");
  return 2;
}

static void arm_deadline(struct ta_runner *runner, lua_State *L, double seconds, const char *name) {
  struct ta_deadline *deadline = lua_touserdata(L, REGION_OBJECT);
  bool endless = isinf(seconds) && seconds > 0;
  double now = endless ? 0 : ta_host_now(runner); /* first: it may be Lua */
  ta_check_wait(runner, L, name);
  if (ta_timers_reserve(&runner->timers, runner->live + runner->deadlines + 2, runner->alloc,
                        runner->alloc_data))
    ta_raise_memory(L);
  deadline->seconds = seconds;
  ta_open_cancel_scope(runner, L, REGION_OBJECT, TA_CANCEL_SCOPE_DEADLINE);
  runner->deadlines++;
  if (endless) return;
  deadline->timer.at = ta_time_after(now, seconds);
  ta_timers_add(&runner->timers, &deadline->timer);
}

static int call_with_deadline(lua_State *L, enum form form) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  if (lua_isfunction(L, 1))
    return luaL_error(L, "%s: seconds come first: %s(1, work, ...)", names[form], names[form]);
  double seconds = ta_check_seconds(L, 1, seconds_of[form]);
  ta_check_callable(L, 2, usage_of[form]);
  struct ta_deadline *deadline = lua_newuserdatauv(L, sizeof *deadline, 1);
  memset(deadline, 0, sizeof *deadline);
  lua_replace(L, REGION_OBJECT);
  insert_handler(runner, L, REGION_HANDLER);
  arm_deadline(runner, L, seconds, names[form]);
  int status = lua_pcallk(L, lua_gettop(L) - REGION_VALUES, LUA_MULTRET, REGION_HANDLER,
                          (lua_KContext)form, k_deadline);
  return k_deadline(L, status, (lua_KContext)form);
}

static int l_with_timeout(lua_State *L) {
  return call_with_deadline(L, RAISES);
}

static int l_move_on_after(lua_State *L) {
  return call_with_deadline(L, MOVES_ON);
}

static int l_timeout_tostring(lua_State *L) {
  if (lua_istable(L, 1)) lua_getfield(L, 1, "seconds");
  char text[64];
  double seconds = lua_tonumber(L, -1);
  snprintf(text, sizeof text, "timed out after %.14g second%s", seconds, seconds == 1 ? "" : "s");
  lua_pushstring(L, text);
  return 1;
}

/* -------------------------------------------------------------------- shield */

static int k_shield(lua_State *L, int status, lua_KContext context) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  struct ta_cancel_scope *cancel_scope = lua_touserdata(L, REGION_OBJECT);
  (void)context;
  if (is_elsewhere(runner, L)) return leave_elsewhere(L, status);
  ta_close_cancel_scope(runner, cancel_scope);
  if (status == LUA_OK || status == LUA_YIELD) return give_values(runner, L, cancel_scope);
  return ta_rethrow(runner, L);
}

/* Outside a task there is nothing to hold off. */
static int call_plainly(lua_State *L) {
  lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
  return lua_gettop(L);
}

static int l_shield(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  ta_check_callable(L, 1, "shield(work, ...)");
  ta_check_open(runner, L);
  if (!ta_in_task(runner, L)) return call_plainly(L);
  struct ta_cancel_scope *cancel_scope = lua_newuserdatauv(L, sizeof *cancel_scope, 1);
  memset(cancel_scope, 0, sizeof *cancel_scope);
  lua_insert(L, REGION_OBJECT);
  insert_handler(runner, L, REGION_HANDLER);
  ta_open_cancel_scope(runner, L, REGION_OBJECT, TA_CANCEL_SCOPE_SHIELD);
  int status =
      lua_pcallk(L, lua_gettop(L) - REGION_VALUES, LUA_MULTRET, REGION_HANDLER, 0, k_shield);
  return k_shield(L, status, 0);
}

/* ------------------------------------------------------------------- opening */

static const struct ta_function functions[] = {
    {"scope", l_scope},
    {"with_timeout", l_with_timeout},
    {"move_on_after", l_move_on_after},
    {"shield", l_shield},
};

#define FUNCTION_COUNT (sizeof functions / sizeof *functions)

static const char *name_of(lua_CFunction function) {
  for (size_t i = 0; i < FUNCTION_COUNT; i++)
    if (functions[i].function == function) return functions[i].name;
  return NULL;
}

bool ta_is_cancel_scope_function(lua_CFunction function) {
  if (function == ta_l_first_error_scope || function == ta_l_collecting_scope ||
      function == ta_l_settling_scope || function == ta_l_reporting_scope ||
      function == ta_l_defer_close)
    return true;
  return function && name_of(function) != NULL;
}

/* The level at which the innermost of these functions runs in L. */
static const char *find_function(lua_State *L, int *level) {
  lua_Debug ar;
  for (*level = 0; lua_getstack(L, *level, &ar); ++*level) {
    lua_getinfo(L, "f", &ar);
    const char *name = name_of(lua_tocfunction(L, -1));
    lua_pop(L, 1);
    if (name) return name;
  }
  return NULL;
}

int ta_raise_cancel_scope_open(lua_State *L) {
  ta_where_shown where;
  int level;
  const char *name = find_function(L, &level);
  bool found = name && ta_where(L, level + 1, where);
  return luaL_error(L, "cannot yield out of async.%s (opened at %s)", name ? name : "scope",
                    found ? where : "?");
}

static void setup_scope_object(struct ta_runner *runner, lua_State *L) {
  static const struct ta_function methods[] = {
      {"spawn", l_scope_spawn},
      {"cancel", l_scope_cancel},
      {NULL, NULL},
  };
  ta_new_kind(runner, L, "Scope", methods);
  ta_set_function(runner, L, "__tostring", l_scope_tostring);
  ta_set_function(runner, L, "__gc", l_scope_gc);
  ta_registry_set(runner, L, TA_REGISTRY_SCOPE);
}

void ta_open_scopes(struct ta_runner *runner, lua_State *L) {
  setup_scope_object(runner, L);
  ta_keep_error_kind(runner, L, TA_REGISTRY_TIMEOUT, "Timeout", l_timeout_tostring);
  for (size_t i = 0; i < FUNCTION_COUNT; i++) {
    ta_set_function(runner, L, functions[i].name, functions[i].function);
    ta_lets_wait(runner, L, functions[i].function);
  }
  ta_lets_wait(runner, L, ta_l_first_error_scope);
  ta_lets_wait(runner, L, ta_l_collecting_scope);
  ta_lets_wait(runner, L, ta_l_settling_scope);
  ta_lets_wait(runner, L, ta_l_reporting_scope);
  ta_name_action(runner, L, "scope");
}
