/* SPDX-License-Identifier: MIT */
#include "core/prelude.h"

#include <lauxlib.h>
#include <string.h>

#include "core/await.h"
#include "core/describe.h"
#include "core/errors.h"
#include "core/forloop.h"
#include "core/library.h"
#include "core/scope.h"
#include "core/wait.h"
#include "core/watch.h"

static const char *const *const chunks[] = {
    [TA_PRELUDE_COMBINE] = ta_prelude_combine,
    [TA_PRELUDE_REPORT] = ta_prelude_report,
};

/* Copies a function of a standard library, under its own name, into the table on
 * top. */
static void copy(lua_State *L, const char *module, const char *name) {
  lua_getfield(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  if (lua_getfield(L, -1, module) == LUA_TTABLE) {
    lua_getfield(L, -1, name);
    lua_setfield(L, -4, name);
  }
  lua_pop(L, 2);
}

static void set_environment(lua_State *L) {
  static const char *const of_base[] = {"error", "ipairs", "next", "pcall", "tostring", "type"};
  static const char *const of_table[] = {"concat", "pack", "remove", "unpack"};
  static const char *const of_math[] = {"floor", "huge", "max", "min", "random", "tointeger"};
  static const char *const of_string[] = {"format", "gsub", "rep"};
  for (size_t i = 0; i < sizeof of_base / sizeof *of_base; i++) copy(L, LUA_GNAME, of_base[i]);
  for (size_t i = 0; i < sizeof of_table / sizeof *of_table; i++) copy(L, "table", of_table[i]);
  for (size_t i = 0; i < sizeof of_math / sizeof *of_math; i++) copy(L, "math", of_math[i]);
  for (size_t i = 0; i < sizeof of_string / sizeof *of_string; i++) copy(L, "string", of_string[i]);
}

static const char *read_line(lua_State *L, void *data, size_t *size) {
  const char *const **line = data;
  (void)L;
  if (!**line) return NULL;
  *size = strlen(**line);
  return *(*line)++;
}

void ta_push_prelude(struct ta_runner *runner, lua_State *L, enum ta_prelude which) {
  const char *const *line = chunks[which];
  ta_check_open(runner, L);
  ta_push_kept(runner, L, TA_KEEPS_PRELUDE); /* its environment; then by number the tables */
  if (!lua_istable(L, -1)) {                 /* the library was not opened */
    lua_pop(L, 1);
    lua_newtable(L);
    set_environment(L);
    lua_pushvalue(L, -1);
    ta_keep(runner, L, TA_KEEPS_PRELUDE);
  }
  if (lua_rawgeti(L, -1, (lua_Integer)which + 1) == LUA_TNIL) {
    lua_pop(L, 1);
    if (lua_load(L, read_line, &line, TA_PRELUDE_SOURCE, "t") != LUA_OK) lua_error(L);
    lua_pushvalue(L, -2);
    lua_setupvalue(L, -2, 1);
    lua_call(L, 0, 1);
    lua_pushvalue(L, -1);
    lua_rawseti(L, -3, (lua_Integer)which + 1);
  }
  lua_remove(L, -2);
}

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
  ta_push_prelude(ta_upvalue_runner(L), L, TA_PRELUDE_COMBINE);
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

void ta_open_prelude(struct ta_runner *runner, lua_State *L) {
  ta_watch_setup(runner, L);
  ta_push_copy(L); /* what a script does to its own async is its affair */
  lua_newtable(L);
  set_environment(L);
  lua_insert(L, -2);
  lua_setfield(L, -2, "async");
  ta_set_functions(runner, L, functions);
  ta_keep(runner, L, TA_KEEPS_PRELUDE);
  lua_createtable(L, 0, 2);
  ta_set_function(runner, L, "__index", l_index);
  ta_set_function(runner, L, "__pairs", l_pairs);
  lua_setmetatable(L, -2);
}
