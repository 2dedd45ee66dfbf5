/* SPDX-License-Identifier: MIT */
#include "library/task_local.h"

#include <lauxlib.h>

#include "core/cancel.h"
#include "core/kit.h"
#include "core/task.h"
#include "core/upper.h"
#include "words/failure.h"
#include "words/wording.h"

/* --------------------------------------------------------------- task_local */

/* What a task has of its own lies in a table by local, and the tables by the
 * tasks' slots.  A child shares the table until one of the two changes it. */

static bool push_locals(struct ta_runner *runner, lua_State *L, const struct ta_task *task) {
  ta_registry_push(runner, L, TA_REGISTRY_LOCALS);
  lua_rawgeti(L, -1, (lua_Integer)ta_task_slot(task));
  lua_remove(L, -2);
  return lua_istable(L, -1);
}

static void set_locals(struct ta_runner *runner, lua_State *L, const struct ta_task *task) {
  ta_registry_push(runner, L, TA_REGISTRY_LOCALS);
  lua_insert(L, -2);
  lua_rawseti(L, -2, (lua_Integer)ta_task_slot(task));
  lua_pop(L, 1);
}

/* Under the key true a table says that a child shares it. */
static void set_shared(lua_State *L) {
  lua_pushboolean(L, true);
  lua_pushboolean(L, true);
  lua_rawset(L, -3);
}

static bool is_shared(lua_State *L, int index) {
  lua_pushboolean(L, true);
  bool shared = lua_rawget(L, index) != LUA_TNIL;
  lua_pop(L, 1);
  return shared;
}

/* A task that ends leaves none behind. */
static void forget_locals(struct ta_runner *runner, lua_State *L, const struct ta_task *task) {
  if (push_locals(runner, L, task)) {
    lua_pushnil(L);
    set_locals(runner, L, task);
  }
  lua_pop(L, 1);
}

/* A new task starts with the values of the one that runs. */
static void inherit_locals(struct ta_runner *runner, lua_State *L, const struct ta_task *task) {
  forget_locals(runner, L, task); /* those of one that was refused, and had the slot */
  if (!runner->current) return;
  if (push_locals(runner, L, runner->current)) {
    set_shared(L);
    set_locals(runner, L, task);
  } else {
    lua_pop(L, 1);
  }
}

static const struct ta_heritage heritage = {inherit_locals, forget_locals};

/* A local is a userdata whose user value is its default. */
static int l_task_local(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  ta_check_open(runner, L);
  lua_settop(L, 1);
  lua_newuserdatauv(L, 1, 1);
  ta_check_open(runner, L);
  lua_pushvalue(L, 1);
  lua_setiuservalue(L, -2, 1);
  ta_registry_push(runner, L, TA_REGISTRY_LOCAL);
  lua_setmetatable(L, -2);
  return 1;
}

static int l_local_get(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  ta_check_kind(L, TA_REGISTRY_LOCAL, "TaskLocal");
  ta_check_open(runner, L);
  if (runner->current && push_locals(runner, L, runner->current)) {
    lua_pushvalue(L, 1);
    if (lua_rawget(L, -2) != LUA_TNIL) {
      lua_rawgeti(L, -1, 1);
      return 1;
    }
  }
  lua_getiuservalue(L, 1, 1);
  return 1;
}

/* Pushes an empty table that forgets locals which nobody has any more. */
static void push_new_locals(struct ta_runner *runner, lua_State *L) {
  lua_newtable(L);
  ta_registry_push(runner, L, TA_REGISTRY_WEAK);
  lua_setmetatable(L, -2);
}

/* Copies the values of the table at `source` to that at `copy`, which nobody
 * shares. */
static void copy_locals(lua_State *L, int source, int copy) {
  lua_pushnil(L);
  while (lua_next(L, source)) {
    lua_pushvalue(L, -2);
    lua_insert(L, -2);
    if (lua_isboolean(L, -2))
      lua_pop(L, 2);
    else
      lua_rawset(L, copy);
  }
}

/* Pushes the running task's own table: a new one unless it has one that no child
 * shares.  Finalizers that run while it is made may set values, and spawn. */
static void push_own_locals(struct ta_runner *runner, lua_State *L) {
  if (push_locals(runner, L, runner->current) && !is_shared(L, lua_gettop(L))) return;
  lua_pop(L, 1);
  push_new_locals(runner, L);
  int own = lua_gettop(L);
  if (push_locals(runner, L, runner->current)) copy_locals(L, own + 1, own);
  lua_settop(L, own);
}

static int l_local_set(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  ta_check_kind(L, TA_REGISTRY_LOCAL, "TaskLocal");
  luaL_checkany(L, 2);
  ta_check_open(runner, L);
  lua_settop(L, 2);
  if (!runner->current) return luaL_error(L, "set: only a task has values of its own");
  lua_createtable(L, 1, 0); /* a box: the value may be nil */
  lua_insert(L, 2);
  lua_rawseti(L, 2, 1);
  push_own_locals(runner, L);
  lua_pushvalue(L, 1);
  lua_pushvalue(L, 2);
  lua_rawset(L, 3);
  runner->heritage = &heritage;
  set_locals(runner, L, runner->current);
  return 0;
}

/* -------------------------------------------------------------------- defer */

static int l_defer(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  ta_check_open(runner, L);
  ta_check_callable(L, 1, "defer(work)");
  lua_settop(L, 1);
  lua_newuserdatauv(L, 1, 1);
  ta_check_open(runner, L);
  lua_insert(L, 1);
  lua_setiuservalue(L, 1, 1);
  ta_registry_push(runner, L, TA_REGISTRY_DEFER);
  lua_setmetatable(L, 1);
  return 1;
}

/* The stack of a closing defer: it, the error on its way or nil, the handler, and
 * what its function has raised. */
enum { DEFER = 1, ON_ITS_WAY, DEFER_HANDLER };

/* Tells of the error on its way, which a cancellation is about to replace. */
static void report_replaced(struct ta_runner *runner, lua_State *L) {
  ta_check_stack(L, LUA_MINSTACK);
  ta_push_message(L, ON_ITS_WAY);
  ta_report_other(runner, runner->current, lua_tostring(L, -1), lua_rawlen(L, -1));
  lua_pop(L, 1);
}

static int k_deferred(lua_State *L, int status, lua_KContext context) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  (void)context;
  if (status == LUA_OK || status == LUA_YIELD) return 0;
  bool replaces = !lua_isnil(L, ON_ITS_WAY) && ta_is_in_force(runner, L, -1) &&
                  !ta_is_in_force(runner, L, ON_ITS_WAY);
  if (replaces) report_replaced(runner, L);
  return ta_rethrow(runner, L);
}

/* (defer, error) */
int ta_l_defer_close(lua_State *L) {
  ta_check_kind(L, TA_REGISTRY_DEFER, "Defer");
  lua_settop(L, ON_ITS_WAY);
  ta_registry_push(ta_upvalue_runner(L), L, TA_REGISTRY_HANDLER);
  lua_getiuservalue(L, DEFER, 1);
  lua_pushvalue(L, ON_ITS_WAY);
  return k_deferred(L, lua_pcallk(L, 1, 0, DEFER_HANDLER, 0, k_deferred), 0);
}

/* ------------------------------------------------------------------- opening */

void ta_open_locals(struct ta_runner *runner, lua_State *L) {
  static const struct ta_function methods[] = {
      {"get", l_local_get},
      {"set", l_local_set},
      {NULL, NULL},
  };
  ta_new_kind(runner, L, "TaskLocal", methods);
  ta_registry_set(runner, L, TA_REGISTRY_LOCAL);
  ta_new_kind(runner, L, "Defer", NULL);
  ta_set_function(runner, L, "__close", ta_l_defer_close);
  ta_registry_set(runner, L, TA_REGISTRY_DEFER);
  lua_newtable(L);
  ta_registry_set(runner, L, TA_REGISTRY_LOCALS);
  lua_createtable(L, 0, 1);
  lua_pushliteral(L, "k");
  lua_setfield(L, -2, "__mode");
  ta_registry_set(runner, L, TA_REGISTRY_WEAK);
  ta_set_function(runner, L, "task_local", l_task_local);
  ta_set_function(runner, L, "defer", l_defer);
  ta_lets_wait(runner, L, ta_l_defer_close);
}
