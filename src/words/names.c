/* SPDX-License-Identifier: MIT */
#include "words/names.h"

#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

#include "core/where.h"
#include "utf8.h"

const char *ta_clean_name(const char *name, ta_name_shown out) {
  size_t length = strlen(name);
  if (length > TA_NAME_SHOWN) length = ta_utf8_cut(name, TA_NAME_SHOWN);
  memcpy(out, name, length);
  strcpy(out + length, name[length] ? "..." : "");
  ta_clean_text(out);
  return out;
}

const char *ta_shown_name(const struct ta_task *task, ta_name_shown out) {
  return ta_clean_name(ta_task_name(task) ? ta_task_name(task) : "?", out);
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

/* Looks for the value at `index` among the fields of the tables that are fields of the table on
 * top: pushes the key of such a table, and the value's key in it.  False: it is in none, and
 * nothing is pushed. */
static bool push_keys_of_value(lua_State *L, int index) {
  int tables = lua_gettop(L);
  lua_pushnil(L);
  while (lua_next(L, tables)) {
    if (lua_istable(L, -1) && lua_type(L, -2) == LUA_TSTRING) {
      lua_pushvalue(L, index);
      push_key_of_value(L);
      lua_replace(L, -3);
      lua_pop(L, 1);
      if (!lua_isnil(L, -1)) return true;
    }
    lua_pop(L, 1);
  }
  return false;
}

/* Pushes what scripts call a function of a module. */
static void push_name_in(lua_State *L, const char *module, const char *key) {
  if (strcmp(module, LUA_GNAME) == 0)
    lua_pushstring(L, key);
  else
    lua_pushfstring(L, "%s.%s", strcmp(module, "tinyasync") == 0 ? "async" : module, key);
}

/* Pushes "module.field" for the function on top, from the loaded modules, or
 * nil; pops the function. */
static void push_loaded_name(lua_State *L) {
  int function = lua_gettop(L);
  lua_getfield(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  if (push_keys_of_value(L, function))
    push_name_in(L, lua_tostring(L, -2), lua_tostring(L, -1));
  else
    lua_pushnil(L);
  lua_replace(L, function);
  lua_settop(L, function);
}

/* Pushes the name of the library's function at `index`, as process.run, if it is in a table of
 * `async`.  False: nothing is pushed. */
static bool push_library_name(lua_State *L, int index) {
  int top = lua_gettop(L);
  index = lua_absindex(L, index);
  lua_getfield(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  bool found = lua_getfield(L, -1, "tinyasync") == LUA_TTABLE && push_keys_of_value(L, index);
  if (found) {
    lua_pushfstring(L, "%s.%s", lua_tostring(L, -2), lua_tostring(L, -1));
    lua_replace(L, top + 1);
  }
  lua_settop(L, found ? top + 1 : top);
  return found;
}

/* Pushes what a loaded module, or a table of `async`, calls the function at `index`.  False: none
 * does, and nothing is pushed. */
static bool push_known_name(lua_State *L, int index) {
  index = lua_absindex(L, index);
  lua_pushvalue(L, index);
  push_loaded_name(L);
  if (!lua_isnil(L, -1)) return true;
  lua_pop(L, 1);
  return push_library_name(L, index);
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

/* Pushes what runs when the value at `index` is called.  False: nothing is pushed. */
static bool push_called(lua_State *L, int index) {
  int top = lua_gettop(L);
  if (lua_isfunction(L, index))
    lua_pushvalue(L, index);
  else if (luaL_getmetafield(L, index, "__call") != LUA_TFUNCTION)
    lua_settop(L, top);
  return lua_gettop(L) > top;
}

/* Pushes where a function of a script's begins, or the file that it is all of. */
static void push_place(lua_State *L, const lua_Debug *ar) {
  const char *file = *ar->source == '@' ? base_name(ar->short_src) : ar->short_src;
  if (*ar->what == 'm')
    lua_pushstring(L, file);
  else
    lua_pushfstring(L, "%s:%d", file, ar->linedefined);
}

void ta_push_function_name(lua_State *L, int index) {
  lua_Debug ar;
  if (push_global_name(L, index)) return;
  lua_pop(L, 1);
  if (!push_called(L, index)) {
    lua_pushliteral(L, "?");
    return;
  }
  lua_pushvalue(L, -1);
  lua_getinfo(L, ">S", &ar);
  bool is_of_c = *ar.what == 'C', is_library = strcmp(ar.source, TA_CHUNK_SOURCE) == 0;
  bool is_known = (is_of_c || is_library) && push_known_name(L, -1);
  if (!is_known && is_of_c)
    lua_pushliteral(L, "a C function");
  else if (!is_known)
    push_place(L, &ar);
  lua_remove(L, -2);
}
