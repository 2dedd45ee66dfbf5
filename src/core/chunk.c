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

void ta_push_environment(struct ta_runner *runner, lua_State *L) {
  ta_push_kept(runner, L, TA_KEEPS_CHUNKS); /* under the chunks' addresses are their tables */
  if (lua_istable(L, -1)) return;
  lua_pop(L, 1);
  lua_newtable(L);
  set_environment(L);
  lua_pushvalue(L, -1);
  ta_keep(runner, L, TA_KEEPS_CHUNKS);
}

void ta_push_chunk(struct ta_runner *runner, lua_State *L, const char *const *lines) {
  const char *const *line = lines;
  ta_check_open(runner, L);
  ta_push_environment(runner, L);
  if (lua_rawgetp(L, -1, lines) == LUA_TNIL) {
    lua_pop(L, 1);
    if (lua_load(L, read_line, &line, TA_CHUNK_SOURCE, "t") != LUA_OK) lua_error(L);
    lua_pushvalue(L, -2);
    lua_setupvalue(L, -2, 1);
    lua_call(L, 0, 1);
    lua_pushvalue(L, -1);
    lua_rawsetp(L, -3, lines);
  }
  lua_remove(L, -2);
}
