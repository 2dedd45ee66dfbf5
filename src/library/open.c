/* SPDX-License-Identifier: MIT */
#include <lauxlib.h>
#include <string.h>

#include "core/pass.h"
#include "core/preempt.h"
#include "core/replace.h"
#include "core/upper.h"
#include "library/actions.h"
#include "library/await.h"
#include "library/channel.h"
#include "library/combine.h"
#include "library/coroutine.h"
#include "library/event.h"
#include "library/lock.h"
#include "library/pcall.h"
#include "library/protocol.h"
#include "library/require.h"
#include "library/scope.h"
#include "library/select.h"
#include "library/spawn.h"
#include "library/task_local.h"
#include "words/error_group.h"
#include "words/failure.h"
#include "words/inspect.h"
#include "words/lineage.h"
#include "words/obstacle.h"
#include "words/task_name.h"
#include "words/trace.h"
#include "words/traceback.h"

#define FUNCTIONS 32 /* of async, about: a table that has room grows no more */

/* What this floor and the one below do for the kernel. */
static const struct ta_upper upper = {
    .find_record = ta_find_record,
    .have_record = ta_have_record,
    .note_function = ta_note_function,
    .describe_end = ta_describe_end,
    .report = ta_report_failure_of,
    .report_error = ta_report_error,
    .report_refused = ta_report_refused,
    .report_lost = ta_report_lost_lock,
    .keep_note = ta_keep_note,
    .forget = ta_forget_origin,
    .raise_cannot_wait = ta_raise_cannot_wait,
    .await_foreign = ta_await_foreign,
    .trace_birth = ta_trace_birth,
    .trace_step = ta_trace_step,
    .trace_wait = ta_trace_yield,
    .trace_sleep = ta_trace_sleep,
    .trace_task = ta_trace_simple,
    .trace_pass = ta_trace_pass,
    .trace_idle = ta_trace_wait,
    .find_name = ta_find_task_name,
};

struct ta_runner *ta_runner_new(lua_State *L, const struct ta_host *host) {
  struct ta_runner *runner = ta_runner_make(L, host, &upper);
  ta_obstacle_setup(runner, L);
  ta_naming_setup(runner, L);
  ta_lineage_setup(runner, L);
  ta_traceback_setup(runner, L);
  ta_error_group_setup(runner, L);
  ta_select_setup(runner, L);
  ta_tasks_setup(runner, L);
  ta_actions_setup(runner, L);
  return runner;
}

static void fill_async(struct ta_runner *runner, lua_State *L) {
  ta_set_function(runner, L, "now", ta_l_now);
  ta_set_function(runner, L, "checkpoint", ta_l_checkpoint);
  ta_open_inspection(runner, L);
  ta_open_scopes(runner, L);
  ta_open_event(runner, L);
  ta_open_locks(runner, L);
  ta_open_locals(runner, L);
  ta_open_channel(runner, L);
  ta_open_select(runner, L);
  ta_push_actions(runner, L);
  lua_setfield(L, -2, "actions");
  ta_open_combinators(runner, L);
}

static void open_async(struct ta_runner *runner, lua_State *L, int globals) {
  lua_createtable(L, 0, FUNCTIONS);
  fill_async(runner, L);
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  lua_pushvalue(L, -2);
  ta_replace(runner, L, -2, "tinyasync");
  lua_pop(L, 1);
  ta_replace(runner, L, globals, "async");
}

/* Pushes the table `runner`, whose add_task is a function and a method. */
static void push_runner_table(struct ta_runner *runner, lua_State *L) {
  lua_newtable(L);
  ta_push_runner(runner, L);
  lua_pushvalue(L, -2);
  lua_pushcclosure(L, ta_l_spawn, 2);
  lua_setfield(L, -2, "add_task");
}

void ta_open_table(struct ta_runner *runner, lua_State *L) {
  ta_check_stack(L, LUA_MINSTACK);
  fill_async(runner, L);
  ta_set_function(runner, L, "sleep", ta_l_sleep);
  ta_set_function(runner, L, "spawn", ta_l_spawn);
  ta_push_await(runner, L);
  lua_setfield(L, -2, "await");
  push_runner_table(runner, L);
  lua_setfield(L, -2, "runner");
}

/* Of the functions that others replace each works for one Runner only. */
static void claim_state(struct ta_runner *runner, lua_State *L) {
  for (const struct ta_runner *other = ta_newest_runner(L); other; other = other->older)
    if (other != runner && other->replaces)
      luaL_error(L,
                 "ta_open: another Runner of this state has replaced coroutine, require or pcall");
  runner->replaces = true;
}

void ta_open(struct ta_runner *runner, lua_State *L, unsigned flags) {
  ta_check_stack(L, LUA_MINSTACK);
  int top = lua_gettop(L);
  if (flags & (TA_OPEN_COROUTINE | TA_OPEN_REQUIRE | TA_OPEN_PCALL)) claim_state(runner, L);
  if (flags & TA_OPEN_COROUTINE) ta_open_coroutine(runner, L, flags & TA_OPEN_SPACE);
  if (runner->guarded && flags & TA_OPEN_REUSE) runner->reuses = true;
  if (flags & TA_OPEN_REQUIRE) ta_open_require(runner, L);
  if (flags & TA_OPEN_PCALL) ta_open_pcall(runner, L);
  lua_pushglobaltable(L);
  if (flags & TA_OPEN_LIBRARY) {
    open_async(runner, L, top + 1);
    push_runner_table(runner, L);
    ta_replace(runner, L, top + 1, "runner");
    ta_push_function(runner, L, ta_l_spawn);
    ta_replace(runner, L, top + 1, "spawn");
    ta_push_function(runner, L, ta_l_sleep);
    ta_replace(runner, L, top + 1, "sleep");
    ta_push_await(runner, L);
    ta_replace(runner, L, top + 1, "await");
  }
  lua_settop(L, top);
}
