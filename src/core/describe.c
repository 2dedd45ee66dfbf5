/* SPDX-License-Identifier: MIT */
#include "core/describe.h"

#include <lauxlib.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/coroutine.h"
#include "core/naming.h"
#include "core/trace.h"
#include "core/wait.h"
#include "utf8.h"

#define CHAIN_SHOWN 16
#define CHAIN_KEPT (2 * CHAIN_SHOWN)
#define FRAMES_SEARCHED 16

/* The fields of a spawn record. */
enum { RECORD_PLACE = 1, RECORD_ID, RECORD_NAME, RECORD_ABOVE, RECORD_DEPTH };

/* ------------------------------------------------------------------- names */

const char *ta_clean_name(const char *name, ta_name_shown out) {
  size_t length = strlen(name);
  if (length > TA_NAME_SHOWN) length = ta_utf8_cut(name, TA_NAME_SHOWN);
  memcpy(out, name, length);
  strcpy(out + length, name[length] ? "..." : "");
  ta_clean_text(out);
  return out;
}

const char *ta_shown_name(const struct ta_task *task, ta_name_shown out) {
  return ta_clean_name(task->name ? task->name : "?", out);
}

const char *ta_task_title(const struct ta_task *task, ta_title_shown out) {
  ta_name_shown name;
  snprintf(out, sizeof(ta_title_shown), "#%llu %s", (unsigned long long)ta_task_id(task),
           ta_shown_name(task, name));
  return out;
}

void ta_clean_text(char *text) {
  for (size_t length; *text; text += length) {
    length = ta_utf8_length(text, SIZE_MAX);
    if (ta_utf8_is_control(text, length)) memset(text, ' ', length);
  }
}

/* Looks for the value on top among the fields of the table below it, pushes
 * the first key in alphabetical order, or nil. */
static void push_key_of_value(lua_State *L) {
  int table = lua_gettop(L) - 1;
  lua_pushnil(L); /* best so far */
  lua_pushnil(L);
  while (lua_next(L, table)) {
    if (lua_type(L, -2) == LUA_TSTRING && lua_rawequal(L, -1, table + 1) &&
        (lua_isnil(L, table + 2) || lua_compare(L, -2, table + 2, LUA_OPLT))) {
      lua_pushvalue(L, -2);
      lua_replace(L, table + 2);
    }
    lua_pop(L, 1);
  }
}

/* Pushes the name of the global that holds the value at `index`, or nil. */
static bool push_global_name(lua_State *L, int index) {
  index = lua_absindex(L, index);
  lua_pushglobaltable(L);
  lua_pushvalue(L, index);
  push_key_of_value(L);
  lua_replace(L, -3);
  lua_pop(L, 1);
  return !lua_isnil(L, -1);
}

/* Pushes "module.field" for the function on top, from the loaded modules, or
 * nil; pops the function. */
static void push_loaded_name(lua_State *L) {
  int function = lua_gettop(L);
  lua_getfield(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  lua_pushnil(L);
  while (lua_next(L, function + 1)) {
    if (lua_istable(L, -1) && lua_type(L, -2) == LUA_TSTRING) {
      lua_pushvalue(L, function);
      push_key_of_value(L);
      if (!lua_isnil(L, -1)) {
        const char *module = lua_tostring(L, function + 2);
        const char *key = lua_tostring(L, -1);
        if (strcmp(module, LUA_GNAME) == 0)
          lua_pushstring(L, key);
        else if (strcmp(module, "tinyasync") == 0)
          lua_pushfstring(L, "async.%s", key);
        else
          lua_pushfstring(L, "%s.%s", module, key);
        lua_replace(L, function);
        lua_settop(L, function);
        return;
      }
      lua_pop(L, 2);
    }
    lua_pop(L, 1);
  }
  lua_pushnil(L);
  lua_replace(L, function);
  lua_settop(L, function);
}

void ta_push_c_name(lua_State *L, lua_State *co, lua_Debug *ar) {
  ta_check_stack(L, LUA_MINSTACK);
  if (lua_checkstack(co, 1)) {
    lua_getinfo(co, "f", ar);
    if (co != L) lua_xmove(co, L, 1);
    push_loaded_name(L);
    if (!lua_isnil(L, -1)) return;
    lua_pop(L, 1);
  }
  lua_pushstring(L, ar->name ? ar->name : "a C function");
}

static const char *base_name(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash && slash[1] ? slash + 1 : path;
}

void ta_push_function_name(lua_State *L, int index) {
  lua_Debug ar;
  if (push_global_name(L, index)) return;
  lua_pop(L, 1);
  if (!lua_isfunction(L, index)) {
    if (luaL_getmetafield(L, index, "__call") != LUA_TFUNCTION) {
      lua_pushliteral(L, "?");
      return;
    }
  } else {
    lua_pushvalue(L, index);
  }
  lua_pushvalue(L, -1);
  lua_getinfo(L, ">S", &ar);
  if (*ar.what == 'C') {
    push_loaded_name(L);
    if (!lua_isnil(L, -1)) return;
    lua_pop(L, 1);
    lua_pushliteral(L, "a C function");
    return;
  }
  lua_pop(L, 1);
  const char *file = *ar.source == '@' ? base_name(ar.short_src) : ar.short_src;
  if (*ar.what == 'm')
    lua_pushstring(L, file);
  else
    lua_pushfstring(L, "%s:%d", file, ar.linedefined);
}

/* ----------------------------------------------------------- spawn records */

static lua_Integer depth_of(lua_State *L, int record) {
  if (!lua_istable(L, record)) return 0;
  lua_rawgeti(L, record, RECORD_DEPTH);
  lua_Integer depth = lua_tointeger(L, -1);
  lua_pop(L, 1);
  return depth;
}

/* Replaces the record on top by a copy of its first CHAIN_SHOWN links. */
static void cut_chain(lua_State *L) {
  int source = lua_gettop(L);
  lua_pushnil(L); /* the copy's head */
  int below = 0;  /* the copied link that waits for its RECORD_ABOVE */
  for (int left = CHAIN_SHOWN; left > 0; left--) {
    lua_createtable(L, RECORD_DEPTH, 0);
    for (int field = RECORD_PLACE; field <= RECORD_NAME; field++) {
      lua_rawgeti(L, source, field);
      lua_rawseti(L, -2, field);
    }
    lua_pushinteger(L, left);
    lua_rawseti(L, -2, RECORD_DEPTH);
    lua_pushvalue(L, -1);
    if (below)
      lua_rawseti(L, below, RECORD_ABOVE);
    else
      lua_replace(L, source + 1);
    if (below) lua_replace(L, below);
    below = source + 2;
    lua_rawgeti(L, source, RECORD_ABOVE);
    lua_replace(L, source);
  }
  lua_settop(L, source + 1);
  lua_replace(L, source);
}

/* Pushes the innermost function of L that is a script's and tells its line, or
 * false and -1. */
static int push_spawner(lua_State *L, lua_Debug *ar) {
  for (int level = 0; level < FRAMES_SEARCHED && lua_getstack(L, level, ar); level++) {
    lua_getinfo(L, "Slf", ar);
    if (ta_is_scripts_frame(ar)) return ar->currentline;
    lua_pop(L, 1);
  }
  lua_pushboolean(L, false);
  return -1;
}

/* Is it the spawn of which the record is kept, once more?  As a rule, and so not
 * much is asked of Lua: the innermost function is spawn() itself. */
static bool is_cached(const struct ta_runner *runner, lua_State *L) {
  lua_Debug ar;
  if (runner->record_task != ta_task_id(runner->current) || !lua_getstack(L, 1, &ar)) return false;
  lua_getinfo(L, "lf", &ar);
  bool same = lua_topointer(L, -1) == runner->kinds[TA_KEEPS_SPAWNER];
  lua_pop(L, 1);
  return same && ar.currentline == runner->record_line;
}

/* Pushes a record of a spawn by the current task from `line` in `ar`. */
static void push_new_record(struct ta_runner *runner, lua_State *L, int line, lua_Debug *ar) {
  lua_createtable(L, RECORD_DEPTH, 0);
  int record = lua_gettop(L);
  if (line > 0) {
    lua_getinfo(L, "S", ar);
    lua_pushfstring(L, "%s:%d", ar->short_src, line);
    lua_rawseti(L, record, RECORD_PLACE);
  }
  lua_pushinteger(L, (lua_Integer)ta_task_id(runner->current));
  lua_rawseti(L, record, RECORD_ID);
  ta_task_push(runner, L, runner->current);
  ta_push_known_name(runner, L, -1);
  lua_rawseti(L, record, RECORD_NAME);
  lua_getiuservalue(L, -1, TA_TASK_RECORD);
  if (depth_of(L, -1) >= CHAIN_KEPT) cut_chain(L);
  lua_pushinteger(L, depth_of(L, -1) + 1);
  lua_rawseti(L, record, RECORD_DEPTH);
  lua_rawseti(L, record, RECORD_ABOVE);
  lua_settop(L, record);
}

void ta_push_record(struct ta_runner *runner, lua_State *L) {
  lua_Debug ar;
  if (!runner->current || !ta_in_task(runner, L)) {
    lua_pushnil(L);
    return;
  }
  if (is_cached(runner, L)) {
    ta_push_kept(runner, L, TA_KEEPS_RECORD);
    return;
  }
  int line = push_spawner(L, &ar);
  push_new_record(runner, L, line, &ar);
  lua_pushvalue(L, -1);
  ta_keep(runner, L, TA_KEEPS_RECORD);
  lua_insert(L, -2);
  ta_keep(runner, L, TA_KEEPS_SPAWNER);
  runner->record_task = ta_task_id(runner->current);
  runner->record_line = line;
}

void ta_forget_origin(struct ta_runner *runner, struct ta_task *task) {
  ta_forget_function(runner, task);
  if (runner->record_task != ta_task_id(task)) return;
  runner->record_task = 0;
  lua_pushboolean(runner->L, false);
  ta_keep(runner, runner->L, TA_KEEPS_SPAWNER);
}

/* Pushes "spawned at PLACE by #ID NAME" for the record at `record`. */
static void push_link(lua_State *L, int record) {
  lua_rawgeti(L, record, RECORD_PLACE);
  lua_rawgeti(L, record, RECORD_ID);
  lua_rawgeti(L, record, RECORD_NAME);
  ta_name_shown name;
  ta_clean_name(lua_tostring(L, -1), name);
  const char *place = lua_tostring(L, -3);
  lua_pushfstring(L, "spawned%s%s by #%I %s", place ? " at " : "", place ? place : "",
                  (LUAI_UACINT)lua_tointeger(L, -2), name);
  lua_replace(L, -4);
  lua_pop(L, 2);
}

void ta_push_chain(lua_State *L) {
  int record = lua_gettop(L);
  int links = 0;
  ta_check_stack(L, 2 * CHAIN_SHOWN + LUA_MINSTACK);
  while (lua_istable(L, record) && links < CHAIN_SHOWN) {
    if (links++) lua_pushliteral(L, "\n");
    push_link(L, record);
    lua_rawgeti(L, record, RECORD_ABOVE);
    lua_replace(L, record);
  }
  if (links)
    lua_concat(L, 2 * links - 1);
  else
    lua_pushnil(L);
  lua_replace(L, record);
}

lua_Integer ta_record_spawner(lua_State *L, int record) {
  if (!lua_istable(L, record)) return 0;
  lua_rawgeti(L, record, RECORD_ID);
  lua_Integer id = lua_tointeger(L, -1);
  lua_pop(L, 1);
  return id;
}

void ta_describe_add(struct ta_runner *runner, lua_State *L, int task_index, const char *origin) {
  char by[sizeof(ta_title_shown) + 8];
  ta_title_shown title;
  struct ta_task *task = lua_touserdata(L, task_index);
  lua_getiuservalue(L, task_index, TA_TASK_RECORD);
  const char *place = NULL;
  if (lua_istable(L, -1)) {
    snprintf(by, sizeof by, "by %s", ta_task_title(runner->current, title));
    lua_rawgeti(L, -1, RECORD_PLACE);
    place = lua_tostring(L, -1);
    lua_pop(L, 1);
  }
  ta_trace_add(runner, task, lua_istable(L, -1) ? by : origin, place);
  lua_pop(L, 1);
}
