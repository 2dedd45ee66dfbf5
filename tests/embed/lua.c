/* SPDX-License-Identifier: MIT
 *
 * lua.c -- as much of the lua5.4 command as the tests of the module need, with the
 * module in it: a sanitizer wants to be in the program.
 *
 *   lua SCRIPT [ARGUMENTS...]
 */
#include <lauxlib.h>
#include <lualib.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

int luaopen_tinyasync(lua_State *L);
int luaopen_clock(lua_State *L);

static int l_traceback(lua_State *L) {
  luaL_traceback(L, L, luaL_tolstring(L, 1, NULL), 1);
  return 1;
}

static void set_arg(lua_State *L, int argc, char **argv) {
  lua_newtable(L);
  for (int i = 0; i < argc; i++) {
    lua_pushstring(L, argv[i]);
    lua_rawseti(L, -2, i - 1);
  }
  lua_setglobal(L, "arg");
}

static void preload(lua_State *L, const char *name, lua_CFunction open) {
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
  lua_pushcfunction(L, open);
  lua_setfield(L, -2, name);
  lua_pop(L, 1);
}

int main(int argc, char **argv) {
  lua_State *L = luaL_newstate();
  if (!L || argc < 2) return EXIT_FAILURE;
  luaL_openlibs(L);
  preload(L, "tinyasync", luaopen_tinyasync);
  preload(L, "clock", luaopen_clock);
  set_arg(L, argc, argv);
  lua_pushcfunction(L, l_traceback);
  bool worked = luaL_loadfile(L, argv[1]) == LUA_OK && lua_pcall(L, 0, 0, 1) == LUA_OK;
  if (!worked) fprintf(stderr, "%s\n", lua_tostring(L, -1));
  lua_close(L);
  return worked ? EXIT_SUCCESS : EXIT_FAILURE;
}
