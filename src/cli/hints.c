/* SPDX-License-Identifier: MIT */
#include "cli/hints.h"

#include <lauxlib.h>
#include <lualib.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "io/nearest.h"
#include "tinyasync.h"

#define MOST_ASKED 100                /* in a run: floods of errors are no beginner's */
#define MOST_READ ((size_t)256 << 10) /* bytes of a source */
#define MESSAGE_READ ((size_t)2000)   /* bytes of a message */

/* The lines of mistakes.lua, up to a NULL. */
extern const char *const ta_chunk_mistakes[];

enum { HINT = 1 }; /* where the function lies on the stack */

/* ---------------------------------------------------------------- the sources */

/* Is it what messages call this file?  They cut the head of a long name. */
static bool is_called(const char *file, const char *name) {
  if (strcmp(file, name) == 0) return true;
  size_t length = strlen(file);
  if (strncmp(name, "...", 3) != 0 || strlen(name + 3) > length) return false;
  return strcmp(file + length - strlen(name + 3), name + 3) == 0;
}

/* Pushes what a file holds, or nil: nothing that may hold us up is opened. */
static void push_file(lua_State *L, const char *name) {
  struct stat status;
  luaL_Buffer buffer;
  char *text = luaL_buffinitsize(L, &buffer, MOST_READ);
  FILE *file = stat(name, &status) == 0 && S_ISREG(status.st_mode) ? fopen(name, "rb") : NULL;
  size_t length = file ? fread(text, 1, MOST_READ, file) : 0;
  if (file) fclose(file);
  luaL_pushresultsize(&buffer, length);
  if (!file) lua_pushnil(L);
}

/* (name): the source that messages call so, or nil */
static int l_read(lua_State *L) {
  const struct ta_hints *hints = lua_touserdata(L, lua_upvalueindex(1));
  const struct ta_script *script = hints->script;
  const char *name = luaL_checkstring(L, 1);
  if (script->code && strcmp(name, "-e") == 0)
    lua_pushstring(L, script->code);
  else if (script->input && strcmp(name, "stdin") == 0)
    lua_pushstring(L, script->input);
  else
    push_file(L, script->name && is_called(script->name, name) ? script->name : name);
  return 1;
}

/* ------------------------------------------------------------------- opening */

static double no_time(void *data) {
  (void)data;
  return 0;
}

/* Opens the library. */
static int l_open_library(lua_State *L) {
  const struct ta_host host = {.now = no_time};
  ta_open(ta_runner_new(L, &host), L, TA_OPEN_LIBRARY);
  return 0;
}

static const char *read_line(lua_State *L, void *data, size_t *size) {
  const char *const **line = data;
  (void)L;
  if (!**line) return NULL;
  *size = strlen(**line);
  return *(*line)++;
}

/* (hints): the function that gives hints */
static int l_open(lua_State *L) {
  const char *const *line = ta_chunk_mistakes;
  luaL_openlibs(L);
  if (lua_load(L, read_line, &line, "=(hints)", "t") != LUA_OK) return lua_error(L);
  lua_pushcfunction(L, l_open_library);
  lua_pushvalue(L, 1);
  lua_pushcclosure(L, l_read, 1);
  lua_pushcfunction(L, ta_l_nearest);
  lua_call(L, 3, 1);
  return 1;
}

static void open_state(struct ta_hints *hints) {
  hints->L = luaL_newstate();
  if (!hints->L) return;
  lua_pushcfunction(hints->L, l_open);
  lua_pushlightuserdata(hints->L, hints);
  if (lua_pcall(hints->L, 1, 1, 0) != LUA_OK) ta_hints_close(hints);
}

void ta_hints_close(struct ta_hints *hints) {
  if (hints->L) lua_close(hints->L);
  hints->L = NULL;
}

/* -------------------------------------------------------------------- asking */

/* (function, message, length, missed): its hint */
static int l_ask(lua_State *L) {
  const char *message = lua_touserdata(L, 2);
  lua_settop(L, 4);
  lua_pushvalue(L, 1);
  lua_pushlstring(L, message, (size_t)lua_tointeger(L, 3));
  lua_pushstring(L, lua_touserdata(L, 4));
  lua_call(L, 2, 1);
  return 1;
}

const char *ta_hint(struct ta_hints *hints, const char *message, size_t length,
                    const char *missed) {
  if (hints->asked++ == 0) open_state(hints);
  if (!hints->L || hints->asked > MOST_ASKED) return NULL;
  lua_State *L = hints->L;
  lua_settop(L, HINT);
  lua_pushcfunction(L, l_ask);
  lua_pushvalue(L, HINT);
  lua_pushlightuserdata(L, (void *)(uintptr_t)message);
  lua_pushinteger(L, (lua_Integer)(length < MESSAGE_READ ? length : MESSAGE_READ));
  lua_pushlightuserdata(L, (void *)(uintptr_t)missed);
  return lua_pcall(L, 4, 1, 0) == LUA_OK ? lua_tostring(L, -1) : NULL;
}
