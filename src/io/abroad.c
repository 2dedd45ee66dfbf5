/* SPDX-License-Identifier: MIT */
#include "io/abroad.h"

#include <lauxlib.h>
#include <lualib.h>
#include <stdbool.h>

struct refusal {
  const char *library; /* NULL: async */
  const char *name;
  bool is_table; /* whose every field is refused */
  const char *why;
};

#define TO_MAIN " to the main thread"

static const struct refusal in_threads[] = {
    {NULL, "process", true, "processes belong" TO_MAIN},
    {NULL, "signal", true, "signals belong" TO_MAIN},
    {NULL, "stdin", true, "standard input belongs" TO_MAIN},
    {NULL, "progress", false, "the terminal belongs" TO_MAIN},
    {NULL, "args", false, "the command line belongs" TO_MAIN},
    {NULL, "prompt", false, "the terminal belongs" TO_MAIN},
    {NULL, "confirm", false, "the terminal belongs" TO_MAIN},
    {NULL, "select_one", false, "the terminal belongs" TO_MAIN},
    {LUA_IOLIBNAME, "read", false, "standard input belongs" TO_MAIN},
    {LUA_IOLIBNAME, "stdin", true, "standard input belongs" TO_MAIN},
    {LUA_IOLIBNAME, "popen", false, "processes belong" TO_MAIN},
    {LUA_OSLIBNAME, "execute", false, "processes belong" TO_MAIN},
    {LUA_OSLIBNAME, "exit", false, "the end of the run belongs" TO_MAIN},
    {LUA_OSLIBNAME, "setlocale", false, "the locale belongs" TO_MAIN},
    {NULL, NULL, false, NULL}};

#define TO_HOST " to the program that embeds this script"
#define OF_RUN "only scripts of 'tinyasync run' have it"

/* Lua's own functions are as the host has them. */
static const struct refusal in_hosts[] = {
    {NULL, "process", true, "processes belong" TO_HOST},
    {NULL, "signal", true, "signals belong" TO_HOST},
    {NULL, "stdin", true, "standard input belongs" TO_HOST},
    {NULL, "thread", false, "threads belong" TO_HOST},
    {NULL, "args", false, "the command line belongs" TO_HOST},
    {NULL, "progress", false, "the terminal belongs" TO_HOST},
    {NULL, "prompt", false, "the terminal belongs" TO_HOST},
    {NULL, "confirm", false, "the terminal belongs" TO_HOST},
    {NULL, "select_one", false, "the terminal belongs" TO_HOST},
    {NULL, "color", true, "the terminal belongs" TO_HOST},
    {NULL, "log", true, "standard error belongs" TO_HOST},
    {NULL, "csv", true, OF_RUN},
    {NULL, "dotenv", false, OF_RUN},
    {NULL, "jobs", false, OF_RUN},
    {NULL, "stale", false, OF_RUN},
    {NULL, "temp_dir", false, OF_RUN "; there is async.fs.temp_dir"},
    {NULL, NULL, false, NULL}};

/* Upvalues: what was called, and why not. */
static int l_refuse(lua_State *L) {
  return luaL_error(L, "%s: %s", lua_tostring(L, lua_upvalueindex(1)),
                    lua_tostring(L, lua_upvalueindex(2)));
}

/* The same for a field of a table. */
static int l_refuse_field(lua_State *L) {
  luaL_tolstring(L, 2, NULL);
  return luaL_error(L, "%s.%s: %s", lua_tostring(L, lua_upvalueindex(1)), lua_tostring(L, -1),
                    lua_tostring(L, lua_upvalueindex(2)));
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
  lua_pushliteral(L, "standard input belongs" TO_MAIN);
  lua_getfield(L, -3, "lines");
  lua_pushcclosure(L, l_lines, 3);
  lua_setfield(L, -2, "lines");
  lua_pop(L, 1);
}

static void push_refusing(lua_State *L, const struct refusal *refusal, lua_CFunction function) {
  lua_pushfstring(L, "%s.%s", refusal->library ? refusal->library : "async", refusal->name);
  lua_pushstring(L, refusal->why);
  lua_pushcclosure(L, function, 2);
}

static void push_refused_table(lua_State *L, const struct refusal *refusal) {
  lua_newtable(L);
  lua_newtable(L);
  push_refusing(L, refusal, l_refuse_field);
  lua_setfield(L, -2, "__index");
  lua_setmetatable(L, -2);
}

/* The table async is on top. */
static void refuse(lua_State *L, const struct refusal *refusal) {
  int async = lua_gettop(L);
  for (; refusal->name; refusal++) {
    if (refusal->library)
      lua_getglobal(L, refusal->library);
    else
      lua_pushvalue(L, async);
    if (refusal->is_table)
      push_refused_table(L, refusal);
    else
      push_refusing(L, refusal, l_refuse);
    lua_pushstring(L, refusal->name);
    lua_insert(L, -2);
    lua_rawset(L, -3);
    lua_settop(L, async);
  }
}

void ta_refuse_abroad(lua_State *L) {
  set_lines(L);
  refuse(L, in_threads);
}

void ta_refuse_hosted(lua_State *L) {
  refuse(L, in_hosts);
}
