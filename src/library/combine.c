/* SPDX-License-Identifier: MIT */
#include "library/combine.h"

#include <lauxlib.h>

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

/* ------------------------------------------------------------------- async */

/* The functions of async that are loaded when they are looked for. */
static const char *const lazy[] = {"all",    "any",          "race",  "map",
                                   "settle", "as_completed", "retry", "every"};

#define LAZY_COUNT (sizeof lazy / sizeof *lazy)

static bool is_lazy(lua_State *L, int index) {
  for (size_t i = 0; i < LAZY_COUNT; i++)
    if (ta_is_word(L, index, lazy[i])) return true;
  return false;
}

/* Copies the functions of the chunk into async, the table at index 1. */
static void load_all(lua_State *L) {
  ta_push_chunk(ta_upvalue_runner(L), L, ta_chunk_combine);
  for (size_t i = 0; i < LAZY_COUNT; i++) {
    lua_pushstring(L, lazy[i]);
    lua_pushvalue(L, -1);
    lua_rawget(L, -3);
    lua_rawset(L, 1);
  }
  lua_pushnil(L);
  lua_setmetatable(L, 1);
}

/* (async, key) */
static int l_index(lua_State *L) {
  lua_settop(L, 2);
  if (!is_lazy(L, 2)) return 0;
  load_all(L);
  lua_settop(L, 2);
  lua_rawget(L, 1);
  return 1;
}

/* pairs(async) finds them all. */
static int l_pairs(lua_State *L) {
  lua_settop(L, 1);
  load_all(L);
  lua_pushcfunction(L, ta_l_next);
  lua_pushvalue(L, 1);
  lua_pushnil(L);
  return 3;
}

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
    {NULL, NULL},
};

void ta_open_combinators(struct ta_runner *runner, lua_State *L) {
  ta_watch_setup(runner, L);
  ta_push_environment(runner, L);
  lua_pushvalue(L, -2);
  ta_push_copy(L); /* what a script does to its own async is its affair */
  lua_setfield(L, -3, "async");
  lua_pop(L, 1);
  ta_set_functions(runner, L, functions);
  lua_pop(L, 1);
  lua_createtable(L, 0, 2);
  ta_set_function(runner, L, "__index", l_index);
  ta_set_function(runner, L, "__pairs", l_pairs);
  lua_setmetatable(L, -2);
}
