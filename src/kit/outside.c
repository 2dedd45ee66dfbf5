/* SPDX-License-Identifier: MIT */
#include "kit/outside.h"

#include <errno.h>
#include <lauxlib.h>
#include <lualib.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "io/io.h"
#include "io/nearest.h"
#include "kit/kit.h"

/* Under this address the registry has the completion that is wanted. */
static const char completion_key;

/* (message): a mistake of the script's, where that called us. */
static int l_raise(lua_State *L) {
  return ta_error(L, "%s", luaL_checkstring(L, 1));
}

static int l_metatable(lua_State *L) {
  return lua_getmetatable(L, 1) ? 1 : 0;
}

static int l_is_callable(lua_State *L) {
  lua_pushboolean(L, ta_is_callable(L, 1));
  return 1;
}

/* (name of a function that waits): who was cancelled starts nothing, nor who could not wait. */
static int l_enter(lua_State *L) {
  ta_check_wait(ta_upvalue_runner(L), L, luaL_checkstring(L, 1));
  return 0;
}

/* (text) -> the number that Lua reads in it, or nil */
static int l_number(lua_State *L) {
  size_t length;
  const char *text = luaL_checklstring(L, 1, &length);
  if (lua_stringtonumber(L, text) == length + 1) return 1;
  lua_pushnil(L);
  return 1;
}

/* (text) -> it in small letters, of ASCII's alone */
static int l_lower(lua_State *L) {
  size_t length;
  const char *text = luaL_checklstring(L, 1, &length);
  luaL_Buffer buffer;
  char *out = luaL_buffinitsize(L, &buffer, length);
  for (size_t i = 0; i < length; i++)
    out[i] = text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] - 'A' + 'a') : text[i];
  luaL_pushresultsize(&buffer, length);
  return 1;
}

/* (name) -> a variable of the environment, or nil */
static int l_getenv(lua_State *L) {
  lua_pushstring(L, getenv(luaL_checkstring(L, 1)));
  return 1;
}

/* () -> "2026-11-27T14:01:02Z" */
static int l_stamp(lua_State *L) {
  char text[32];
  struct tm parts;
  time_t now = time(NULL);
  size_t length =
      gmtime_r(&now, &parts) ? strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts) : 0;
  lua_pushlstring(L, text, length);
  return 1;
}

/* () -> the script's table arg, or nil */
static int l_arguments(lua_State *L) {
  lua_pushglobaltable(L);
  lua_pushliteral(L, "arg");
  lua_rawget(L, -2);
  if (!lua_istable(L, -1)) lua_pushnil(L);
  return 1;
}

/* (text): onto standard output */
static int l_print(lua_State *L) {
  size_t length;
  const char *text = luaL_checklstring(L, 1, &length);
  fwrite(text, 1, length, stdout); /* who looks after the stream tells of an error */
  return 0;
}

/* (text): onto standard error, as the program's own complaints */
static int l_complain(lua_State *L) {
  size_t length;
  const char *text = luaL_checklstring(L, 1, &length);
  struct ta_io *io = ta_io_of(ta_upvalue_runner(L), L);
  if (io->report) io->report(io->data, text, length);
  return 0;
}

/* (status, true): the script's os.exit, whose place nobody else takes */
static int l_exit(lua_State *L) {
  lua_getfield(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  lua_getfield(L, -1, LUA_OSLIBNAME);
  lua_getfield(L, -1, "exit");
  lua_replace(L, 3);
  lua_settop(L, 3);
  lua_insert(L, 1);
  lua_call(L, 2, 0);
  return 0;
}

/* ------------------------------------------------------------------ completion */

void ta_kit_complete(lua_State *L, struct ta_completion *completion) {
  lua_pushlightuserdata(L, completion);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &completion_key);
}

static struct ta_completion *completion_of(lua_State *L) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &completion_key);
  struct ta_completion *completion = lua_touserdata(L, -1);
  lua_pop(L, 1);
  return completion;
}

/* () -> the shell for which completion is wanted, or nil */
static int l_shell(lua_State *L) {
  const struct ta_completion *completion = completion_of(L);
  lua_pushstring(L, completion ? completion->shell : NULL);
  return 1;
}

/* (text): what was wanted */
static int l_complete(lua_State *L) {
  size_t length;
  const char *text = luaL_checklstring(L, 1, &length);
  struct ta_completion *completion = completion_of(L);
  completion->given = true;
  errno = 0;
  fwrite(text, 1, length, completion->out);
  if (fflush(completion->out) != 0 || ferror(completion->out)) completion->error = errno;
  return 0;
}

const struct ta_function ta_kit_outside[] = {
    {"raise", l_raise},
    {"metatable", l_metatable},
    {"is_callable", l_is_callable},
    {"nearest", ta_l_nearest},
    {"for_closes", ta_l_for_closes},
    {"enter", l_enter},
    {"number", l_number},
    {"lower", l_lower},
    {"getenv", l_getenv},
    {"stamp", l_stamp},
    {"arguments", l_arguments},
    {"print", l_print},
    {"complain", l_complain},
    {"exit", l_exit},
    {"shell", l_shell},
    {"complete", l_complete},
    {NULL, NULL},
};
