/* SPDX-License-Identifier: MIT */
#include "library/combine.h"

#include "core/chunk.h"
#include "core/kit.h"
#include "core/wait.h"
#include "library/await.h"
#include "library/ends.h"
#include "library/forloop.h"
#include "library/scope.h"
#include "library/spawn.h"
#include "words/error_group.h"

extern const char *const ta_chunk_combine[];

/* The next call of a function that may wait is not the script's own: it does not count
 * when it need not. */
static int l_uncounted(lua_State *L) {
  ta_upvalue_runner(L)->at_once++;
  return 0;
}

/* The function that calls this perhaps never waits: it counts. */
static int l_counted(lua_State *L) {
  return ta_return_at_once(ta_upvalue_runner(L), L, 0);
}

/* () -> what a library has set in its environment for failures that were passed over: (errors by
 * index, of how many calls); or nil. */
static int l_lister_of_failures(lua_State *L) {
  ta_push_environment(ta_upvalue_runner(L), L);
  lua_pushliteral(L, "list_failures");
  lua_rawget(L, -2);
  return 1;
}

/* () -> a function that calls one in a thread, and how many cores there are; or nil */
static int l_threads(lua_State *L) {
  ta_push_environment(ta_upvalue_runner(L), L);
  lua_pushliteral(L, "call_in_thread");
  lua_rawget(L, -2);
  lua_pushliteral(L, "cores");
  if (lua_rawget(L, -3) == LUA_TFUNCTION) lua_call(L, 0, 1);
  return 2;
}

/* ----------------------------------------------------------------- opening */

/* What the Lua half sees besides the standard library and async. */
static const struct ta_function functions[] = {
    {"collect", ta_l_collecting_scope},
    {"settling", ta_l_settling_scope},
    {"first", ta_l_first_error_scope},
    {"spawn_inside", ta_l_spawn_inside},
    {"for_closes", ta_l_for_closes},
    {"watch", ta_l_watch},
    {"watch_some", ta_l_watch_some},
    {"watch_also", ta_l_watch_also},
    {"leave_watch", ta_l_leave_watch},
    {"next_end", ta_l_next_end},
    {"outcome", ta_l_outcome},
    {"report_unheard", ta_l_report_unheard},
    {"raise_first", ta_l_raise_first},
    {"errors_of", ta_l_errors_of},
    {"is_task", ta_l_is_task},
    {"is_callable", ta_l_is_callable},
    {"sleep", ta_l_sleep},
    {"check_wait", ta_l_check_wait},
    {"uncounted", l_uncounted},
    {"counted", l_counted},
    {"can_wait", ta_l_can_wait},
    {"lister_of_failures", l_lister_of_failures},
    {"threads", l_threads},
    {NULL, NULL},
};

static void offer_combinators(struct ta_runner *runner, lua_State *L) {
  static const char *const names[] = {"all",          "any",   "race",  "map", "settle",
                                      "as_completed", "retry", "every", NULL};
  ta_offer_chunk(runner, L, names, ta_chunk_combine);
}

/* What libraries have besides, in their async. */
static void offer_to_libraries(struct ta_runner *runner, lua_State *L) {
  static const char *const names[] = {"limit_for", "map_for", NULL};
  ta_offer_chunk(runner, L, names, ta_chunk_combine);
}

/* Gives the environment on top a copy of the table below it: what a script does to its own
 * async is its affair. */
static void set_async(struct ta_runner *runner, lua_State *L) {
  lua_pushvalue(L, -2);
  ta_push_copy(L);
  offer_combinators(runner, L);
  offer_to_libraries(runner, L);
  lua_setfield(L, -3, "async");
  lua_pop(L, 1);
}

void ta_open_combinators(struct ta_runner *runner, lua_State *L) {
  ta_watch_setup(runner, L);
  ta_own_chunk(runner, L, ta_chunk_combine);
  ta_push_environment(runner, L);
  set_async(runner, L);
  lua_pop(L, 1);
  ta_push_own_environment(runner, L);
  set_async(runner, L);
  ta_set_functions(runner, L, functions);
  lua_pop(L, 1);
  offer_combinators(runner, L);
}
