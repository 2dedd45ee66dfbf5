/* SPDX-License-Identifier: MIT */
#include "core/chunk.h"

#include <lauxlib.h>
#include <string.h>

#include "core/where.h"

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

void ta_push_basics(lua_State *L) {
  static const char *const of_base[] = {"error", "ipairs", "next", "pcall", "tostring", "type"};
  static const char *const of_table[] = {"concat", "pack", "remove", "unpack"};
  static const char *const of_math[] = {"floor", "huge", "max", "min", "random", "tointeger"};
  static const char *const of_string[] = {"format", "gsub", "rep"};
  ta_check_stack(L, LUA_MINSTACK);
  lua_newtable(L);
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

void ta_push_environment(struct ta_runner *runner, lua_State *L) {
  ta_push_kept(runner, L, TA_KEEPS_CHUNKS); /* under the chunks' addresses are their tables */
  if (lua_istable(L, -1)) return;
  lua_pop(L, 1);
  ta_push_basics(L);
  lua_pushvalue(L, -1);
  ta_keep(runner, L, TA_KEEPS_CHUNKS);
}

void ta_load_chunk(lua_State *L, const char *const *lines) {
  if (lua_load(L, read_line, &lines, TA_CHUNK_SOURCE, "t") != LUA_OK) lua_error(L);
  lua_insert(L, -2);
  lua_setupvalue(L, -2, 1);
  lua_call(L, 0, 1);
}

void ta_push_chunk(struct ta_runner *runner, lua_State *L, const char *const *lines) {
  ta_check_open(runner, L);
  ta_push_environment(runner, L);
  if (lua_rawgetp(L, -1, lines) == LUA_TNIL) {
    lua_pop(L, 1);
    lua_pushvalue(L, -1);
    ta_load_chunk(L, lines);
    lua_pushvalue(L, -1);
    lua_rawsetp(L, -3, lines);
  }
  lua_remove(L, -2);
}

/* ------------------------------------------------------------------- offers */

/* In the metatable of a table that chunks are offered to, under this address: what they
 * have.  A name leads to the array it is in, that array to its chunk. */
static const char offers_key;

static int l_next(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 2);
  if (lua_next(L, 1)) return 2;
  lua_pushnil(L);
  return 1;
}

/* Copies the functions of one chunk into the table at index 1, and takes them off the
 * offers, upvalue 2. */
static void accept_offer(lua_State *L, const char *const *names) {
  lua_rawgetp(L, lua_upvalueindex(2), names);
  ta_push_chunk(ta_upvalue_runner(L), L, lua_touserdata(L, -1));
  int chunk = lua_gettop(L);
  for (const char *const *name = names; *name; name++) {
    lua_getfield(L, chunk, *name);
    lua_pushstring(L, *name);
    lua_insert(L, -2);
    lua_rawset(L, 1);
    lua_pushnil(L);
    lua_setfield(L, lua_upvalueindex(2), *name);
  }
  lua_pushnil(L);
  lua_rawsetp(L, lua_upvalueindex(2), names);
  lua_settop(L, chunk - 2);
}

/* Nothing is offered any more: the table is one like others. */
static void forget_if_empty(lua_State *L) {
  lua_pushnil(L);
  if (lua_next(L, lua_upvalueindex(2))) {
    lua_pop(L, 2);
    return;
  }
  lua_pushnil(L);
  lua_setmetatable(L, 1);
}

/* (table, key) */
static int l_offered(lua_State *L) {
  lua_settop(L, 2);
  if (lua_type(L, 2) != LUA_TSTRING) return 0;
  lua_pushvalue(L, 2);
  if (lua_rawget(L, lua_upvalueindex(2)) == LUA_TNIL) return 0;
  accept_offer(L, lua_touserdata(L, -1));
  forget_if_empty(L);
  lua_settop(L, 2);
  lua_rawget(L, 1);
  return 1;
}

/* pairs() finds all that is offered. */
static int l_offered_pairs(lua_State *L) {
  lua_settop(L, 1);
  for (;;) {
    lua_pushnil(L);
    bool found = false;
    while (!found && lua_next(L, lua_upvalueindex(2))) {
      found = lua_type(L, -2) == LUA_TSTRING;
      if (!found) lua_pop(L, 1);
    }
    if (!found) break;
    accept_offer(L, lua_touserdata(L, -1));
    lua_settop(L, 1);
  }
  forget_if_empty(L);
  lua_pushcfunction(L, l_next);
  lua_pushvalue(L, 1);
  lua_pushnil(L);
  return 3;
}

static void set_offered(struct ta_runner *runner, lua_State *L, const char *key,
                        lua_CFunction function) {
  ta_push_runner(runner, L);
  lua_pushvalue(L, -2); /* the offers */
  lua_pushcclosure(L, function, 2);
  lua_setfield(L, -3, key);
}

/* Pushes the offers to the table on top. */
static void push_offers(struct ta_runner *runner, lua_State *L) {
  if (lua_getmetatable(L, -1)) {
    lua_rawgetp(L, -1, &offers_key);
    lua_remove(L, -2);
    if (lua_istable(L, -1)) return;
    lua_pop(L, 1);
  }
  lua_createtable(L, 0, 3); /* its metatable */
  lua_newtable(L);
  set_offered(runner, L, "__index", l_offered);
  set_offered(runner, L, "__pairs", l_offered_pairs);
  lua_pushvalue(L, -1);
  lua_rawsetp(L, -3, &offers_key);
  lua_insert(L, -2);
  lua_setmetatable(L, -3);
}

void ta_offer_chunk(struct ta_runner *runner, lua_State *L, const char *const *names,
                    const char *const *lines) {
  ta_check_stack(L, LUA_MINSTACK);
  push_offers(runner, L);
  lua_pushlightuserdata(L, (void *)(uintptr_t)lines);
  lua_rawsetp(L, -2, names);
  for (const char *const *name = names; *name; name++) {
    lua_pushlightuserdata(L, (void *)(uintptr_t)names);
    lua_setfield(L, -2, *name);
  }
  lua_pop(L, 1);
}
