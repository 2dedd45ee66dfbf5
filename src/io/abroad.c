/* SPDX-License-Identifier: MIT */
#include "io/abroad.h"

#include <lauxlib.h>
#include <lualib.h>

#define ALL_OF_IT "*" /* a table whose every field is refused */

static const struct refusal {
  const char *library; /* NULL: async */
  const char *name;
  const char *field; /* of what async has under the name, or NULL */
  const char *whose;
} refusals[] = {
    {NULL, "process", ALL_OF_IT, "processes belong"},
    {NULL, "signal", ALL_OF_IT, "signals belong"},
    {NULL, "stdin", ALL_OF_IT, "standard input belongs"},
    {NULL, "progress", NULL, "the terminal belongs"},
    {NULL, "args", NULL, "the command line belongs"},
    {NULL, "prompt", NULL, "the terminal belongs"},
    {NULL, "confirm", NULL, "the terminal belongs"},
    {NULL, "select_one", NULL, "the terminal belongs"},
    {LUA_IOLIBNAME, "read", NULL, "standard input belongs"},
    {LUA_IOLIBNAME, "stdin", ALL_OF_IT, "standard input belongs"},
    {LUA_IOLIBNAME, "popen", NULL, "processes belong"},
    {LUA_OSLIBNAME, "execute", NULL, "processes belong"},
    {LUA_OSLIBNAME, "exit", NULL, "the end of the run belongs"},
    {LUA_OSLIBNAME, "setlocale", NULL, "the locale belongs"},
};

/* Upvalues: what was called, and whose that is. */
static int l_refuse(lua_State *L) {
  return luaL_error(L, "%s: %s to the main thread", lua_tostring(L, lua_upvalueindex(1)),
                    lua_tostring(L, lua_upvalueindex(2)));
}

/* The same for a field of a table. */
static int l_refuse_field(lua_State *L) {
  luaL_tolstring(L, 2, NULL);
  return luaL_error(L, "%s.%s: %s to the main thread", lua_tostring(L, lua_upvalueindex(1)),
                    lua_tostring(L, -1), lua_tostring(L, lua_upvalueindex(2)));
}

/* io.lines, whose original is the third upvalue: without a file it would read standard input. */
static int l_lines(lua_State *L) {
  if (lua_isnoneornil(L, 1)) return l_refuse(L);
  lua_pushvalue(L, lua_upvalueindex(3));
  lua_insert(L, 1);
  lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
  return lua_gettop(L);
}

static void set_lines(lua_State *L) {
  lua_getglobal(L, LUA_IOLIBNAME);
  lua_pushliteral(L, "io.lines");
  lua_pushliteral(L, "standard input belongs");
  lua_getfield(L, -3, "lines");
  lua_pushcclosure(L, l_lines, 3);
  lua_setfield(L, -2, "lines");
  lua_pop(L, 1);
}

static void push_refusing(lua_State *L, const struct refusal *refusal, lua_CFunction function) {
  lua_pushfstring(L, "%s.%s", refusal->library ? refusal->library : "async", refusal->name);
  lua_pushstring(L, refusal->whose);
  lua_pushcclosure(L, function, 2);
}

static void push_refused_table(lua_State *L, const struct refusal *refusal) {
  lua_newtable(L);
  lua_newtable(L);
  push_refusing(L, refusal, l_refuse_field);
  lua_setfield(L, -2, "__index");
  lua_setmetatable(L, -2);
}

void ta_refuse_abroad(struct ta_io *io, lua_State *L) {
  int async = lua_gettop(L);
  (void)io;
  set_lines(L);
  for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
    const struct refusal *refusal = &refusals[i];
    if (refusal->library)
      lua_getglobal(L, refusal->library);
    else
      lua_pushvalue(L, async);
    if (refusal->field)
      push_refused_table(L, refusal);
    else
      push_refusing(L, refusal, l_refuse);
    lua_pushstring(L, refusal->name);
    lua_insert(L, -2);
    lua_rawset(L, -3);
    lua_settop(L, async);
  }
}
