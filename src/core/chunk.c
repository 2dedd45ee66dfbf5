/* SPDX-License-Identifier: MIT */
#include "core/chunk.h"

#include <lauxlib.h>
#include <string.h>

#include "core/kit.h"
#include "core/where.h"

#define BASICS 60  /* what there is room for, with what is added to them */
#define OFFERED 32 /* names and chunks that there is room for at first */

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
  static const char *const of_base[] = {"error",        "ipairs",   "next", "pcall",
                                        "setmetatable", "tostring", "type"};
  static const char *const of_table[] = {"concat", "pack", "remove", "unpack"};
  static const char *const of_math[] = {"floor", "huge", "max", "min", "random", "tointeger"};
  static const char *const of_string[] = {"byte", "find", "format", "gsub", "match", "rep", "sub"};
  ta_check_stack(L, LUA_MINSTACK);
  lua_createtable(L, 0, BASICS);
  for (size_t i = 0; i < sizeof of_base / sizeof *of_base; i++) copy(L, LUA_GNAME, of_base[i]);
  for (size_t i = 0; i < sizeof of_table / sizeof *of_table; i++) copy(L, "table", of_table[i]);
  for (size_t i = 0; i < sizeof of_math / sizeof *of_math; i++) copy(L, "math", of_math[i]);
  for (size_t i = 0; i < sizeof of_string / sizeof *of_string; i++) copy(L, "string", of_string[i]);
}

static const char *read_piece(lua_State *L, void *data, size_t *size) {
  const char *const **piece = data;
  (void)L;
  if (!**piece) return NULL;
  *size = strlen(**piece);
  return *(*piece)++;
}

/* Our own chunks, and what libraries have set, are apart: in this table, under the chunks'
 * addresses, are our chunks' tables, and under this address is the libraries' environment,
 * which is the same for theirs. */
static const char libraries_key;

void ta_push_own_environment(struct ta_runner *runner, lua_State *L) {
  ta_check_open(runner, L);
  ta_registry_push(runner, L, TA_REGISTRY_CHUNKS);
  if (lua_istable(L, -1)) return;
  lua_pop(L, 1);
  ta_push_basics(L);
  ta_push_copy(L);
  lua_rawsetp(L, -2, &libraries_key);
  lua_pushvalue(L, -1);
  ta_registry_set(runner, L, TA_REGISTRY_CHUNKS);
}

void ta_load_chunk(lua_State *L, const char *const *lines) {
  if (lua_load(L, read_piece, &lines, TA_CHUNK_SOURCE, "t") != LUA_OK) lua_error(L);
  lua_insert(L, -2);
  lua_setupvalue(L, -2, 1);
  lua_call(L, 0, 1);
}

void ta_push_environment(struct ta_runner *runner, lua_State *L) {
  ta_push_own_environment(runner, L);
  lua_rawgetp(L, -1, &libraries_key);
  lua_remove(L, -2);
}

void ta_own_chunk(struct ta_runner *runner, lua_State *L, const char *const *lines) {
  ta_push_own_environment(runner, L);
  if (lua_rawgetp(L, -1, lines) == LUA_TNIL) {
    lua_pushboolean(L, false); /* not loaded yet */
    lua_rawsetp(L, -3, lines);
  }
  lua_pop(L, 2);
}

/* Pushes what the chunk sees. */
static void push_environment_of(struct ta_runner *runner, lua_State *L, const char *const *lines) {
  ta_push_own_environment(runner, L);
  bool is_ours = lua_rawgetp(L, -1, lines) != LUA_TNIL;
  lua_pop(L, 1);
  if (is_ours) return;
  lua_pop(L, 1);
  ta_push_environment(runner, L);
}

void ta_push_chunk(struct ta_runner *runner, lua_State *L, const char *const *lines) {
  push_environment_of(runner, L, lines);
  lua_rawgetp(L, -1, lines);
  if (!lua_toboolean(L, -1)) {
    lua_pop(L, 1);
    lua_pushvalue(L, -1);
    ta_load_chunk(L, lines);
    lua_pushvalue(L, -1);
    lua_rawsetp(L, -3, lines);
  }
  lua_remove(L, -2);
}

/* ------------------------------------------------------------------- offers */

/* A table that chunks are offered to has two functions in its metatable until nothing is
 * offered any more.  They first see to that, then to what they have replaced there.
 * Scripts may call them with anything, give the metatable to other tables, change it, and
 * give the table another. */

/* Their upvalues, after the Runner.  In OFFERS a name leads to the array it is in, that
 * array to its chunk. */
enum { OFFERS = 2, OWNER, REPLACED, OWN_METATABLE };

static bool is_owner(lua_State *L) {
  return lua_rawequal(L, 1, lua_upvalueindex(OWNER));
}

/* Pushes the field of the table at `index`, without metamethods. */
static void get_raw(lua_State *L, int index, const char *key) {
  index = lua_absindex(L, index);
  lua_pushstring(L, key);
  lua_rawget(L, index);
}

/* Gives the owner, at index 1, the function of the chunk on top, unless it has something
 * else under that name by now. */
static void accept_function(lua_State *L, const char *name) {
  get_raw(L, 1, name);
  bool is_free = lua_isnil(L, -1);
  lua_pop(L, 1);
  if (!is_free) return;
  lua_pushstring(L, name);
  lua_getfield(L, -2, name);
  lua_rawset(L, 1);
}

/* Copies the functions of one chunk into the owner, and takes them off the offers. */
static void accept_offer(lua_State *L, const char *const *names) {
  int top = lua_gettop(L);
  lua_rawgetp(L, lua_upvalueindex(OFFERS), names);
  ta_push_chunk(ta_upvalue_runner(L), L, lua_touserdata(L, -1));
  for (const char *const *name = names; *name; name++) {
    get_raw(L, lua_upvalueindex(OFFERS), *name);
    bool is_current = lua_touserdata(L, -1) == names; /* it was not offered once more */
    lua_pop(L, 1);
    if (!is_current) continue;
    accept_function(L, *name);
    lua_pushnil(L);
    lua_setfield(L, lua_upvalueindex(OFFERS), *name);
  }
  lua_pushnil(L);
  lua_rawsetp(L, lua_upvalueindex(OFFERS), names);
  lua_settop(L, top);
}

static bool is_empty(lua_State *L, int index) {
  lua_pushnil(L);
  if (!lua_next(L, index)) return true;
  lua_pop(L, 2);
  return false;
}

/* Puts back what the function replaced in the metatable on top, if it is there still. */
static void put_back(lua_State *L, const char *key, lua_CFunction function) {
  int metatable = lua_gettop(L);
  lua_pushstring(L, key);
  get_raw(L, metatable, key);
  bool is_ours = lua_tocfunction(L, -1) == function && lua_getupvalue(L, -1, OFFERS) &&
                 lua_rawequal(L, -1, lua_upvalueindex(OFFERS));
  if (is_ours) {
    lua_getupvalue(L, metatable + 2, REPLACED);
    lua_replace(L, metatable + 2);
    lua_settop(L, metatable + 2);
    lua_rawset(L, metatable);
  }
  lua_settop(L, metatable);
}

static int l_offered(lua_State *L);

static int l_offered_pairs(lua_State *L);

/* Nothing is offered any more: the owner, at index 1, is a table like others. */
static void forget_if_empty(lua_State *L) {
  if (!is_empty(L, lua_upvalueindex(OFFERS)) || !lua_getmetatable(L, 1)) return;
  put_back(L, "__index", l_offered);
  put_back(L, "__pairs", l_offered_pairs);
  if (lua_rawequal(L, -1, lua_upvalueindex(OWN_METATABLE)) && is_empty(L, lua_gettop(L))) {
    lua_pushnil(L);
    lua_setmetatable(L, 1);
  }
  lua_pop(L, 1);
}

static int k_replaced(lua_State *L, int status, lua_KContext results) {
  (void)L, (void)status;
  return (int)results;
}

/* Calls what was replaced with the values on the stack. */
static int call_replaced(lua_State *L, int results) {
  lua_pushvalue(L, lua_upvalueindex(REPLACED));
  lua_insert(L, 1);
  lua_callk(L, lua_gettop(L) - 1, results, results, k_replaced);
  return results;
}

/* Pushes what the owner, at index 1, gets under the key at index 2, if that is offered and
 * the chunk has it. */
static bool push_accepted(lua_State *L) {
  lua_pushvalue(L, 2);
  lua_rawget(L, lua_upvalueindex(OFFERS));
  if (lua_isnil(L, -1)) return false;
  accept_offer(L, lua_touserdata(L, -1));
  forget_if_empty(L);
  lua_pushvalue(L, 2);
  return lua_rawget(L, 1) != LUA_TNIL;
}

/* (table, key) */
static int l_offered(lua_State *L) {
  lua_settop(L, 2);
  if (is_owner(L) && lua_type(L, 2) == LUA_TSTRING && push_accepted(L)) return 1;
  lua_settop(L, 2);
  if (lua_isnil(L, lua_upvalueindex(REPLACED))) return 0;
  if (lua_isfunction(L, lua_upvalueindex(REPLACED))) return call_replaced(L, 1);
  lua_gettable(L, lua_upvalueindex(REPLACED));
  return 1;
}

/* The owner, at index 1, gets all that is offered. */
static void accept_all(lua_State *L) {
  for (;;) {
    lua_pushnil(L);
    bool found = false;
    while (!found && lua_next(L, lua_upvalueindex(OFFERS))) {
      found = lua_type(L, -2) == LUA_TSTRING;
      if (!found) lua_pop(L, 1);
    }
    if (!found) break;
    accept_offer(L, lua_touserdata(L, -1));
    lua_settop(L, 1);
  }
  forget_if_empty(L);
}

/* pairs() finds all that is offered. */
static int l_offered_pairs(lua_State *L) {
  lua_settop(L, 1);
  if (is_owner(L)) accept_all(L);
  if (!lua_isnil(L, lua_upvalueindex(REPLACED))) return call_replaced(L, 3);
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_pushcfunction(L, ta_l_next);
  lua_insert(L, 1);
  lua_pushnil(L);
  return 3;
}

/* The stack of ta_offer_chunk(), from the table on; NO_METATABLE is its metatable if it
 * had none, otherwise nil. */
enum { TABLE, METATABLE, NO_METATABLE, NEW_OFFERS };

/* Puts the function in the metatable. */
static void set_offered(struct ta_runner *runner, lua_State *L, int table, const char *key,
                        lua_CFunction function) {
  lua_pushstring(L, key);
  ta_push_runner(runner, L);
  lua_pushvalue(L, table + NEW_OFFERS);
  lua_pushvalue(L, table);
  get_raw(L, table + METATABLE, key);
  lua_pushvalue(L, table + NO_METATABLE);
  lua_pushcclosure(L, function, OWN_METATABLE);
  lua_rawset(L, table + METATABLE);
}

/* Pushes what is offered to the table by the metatable on top, or nil. */
static void push_old_offers(lua_State *L, int table) {
  get_raw(L, table + METATABLE, "__index");
  bool is_ours = lua_tocfunction(L, -1) == l_offered && lua_getupvalue(L, -1, OWNER) &&
                 lua_rawequal(L, -1, table);
  if (is_ours)
    lua_getupvalue(L, table + METATABLE + 1, OFFERS);
  else
    lua_pushnil(L);
  lua_replace(L, table + METATABLE + 1);
  lua_settop(L, table + METATABLE + 1);
}

/* Pushes the offers to the table on top. */
static void push_offers(struct ta_runner *runner, lua_State *L) {
  int table = lua_gettop(L);
  bool had_none = !lua_getmetatable(L, table);
  if (had_none) lua_createtable(L, 0, 2);
  push_old_offers(L, table);
  if (lua_isnil(L, -1)) {
    if (had_none) lua_copy(L, table + METATABLE, table + NO_METATABLE);
    lua_createtable(L, 0, OFFERED);
    set_offered(runner, L, table, "__index", l_offered);
    set_offered(runner, L, table, "__pairs", l_offered_pairs);
    lua_pushvalue(L, table + METATABLE);
    lua_setmetatable(L, table);
  }
  lua_replace(L, table + METATABLE);
  lua_settop(L, table + METATABLE);
}

/* To the table on top, which are the offers. */
static void add_offer(lua_State *L, const struct ta_chunk_offer *offer) {
  lua_pushlightuserdata(L, (void *)(uintptr_t)offer->lines);
  lua_rawsetp(L, -2, offer->names);
  for (const char *const *name = offer->names; *name; name++) {
    lua_pushlightuserdata(L, (void *)(uintptr_t)offer->names);
    lua_setfield(L, -2, *name);
  }
}

void ta_offer_chunks(struct ta_runner *runner, lua_State *L, const struct ta_chunk_offer *offers) {
  ta_check_open(runner, L);
  ta_check_stack(L, LUA_MINSTACK);
  push_offers(runner, L);
  for (; offers->names; offers++) add_offer(L, offers);
  lua_pop(L, 1);
}

void ta_offer_chunk(struct ta_runner *runner, lua_State *L, const char *const *names,
                    const char *const *lines) {
  const struct ta_chunk_offer offers[] = {{names, lines}, {NULL, NULL}};
  ta_offer_chunks(runner, L, offers);
}
