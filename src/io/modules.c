/* SPDX-License-Identifier: MIT */
#include "io/modules.h"

#include <errno.h>
#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

#include "host/modules.h"
#include "io/refusal.h"

/* Under its address in the environment of chunks lie the tables of those that are open. */
static const char opened;

/* Pushes that table. */
static void push_opened(struct ta_runner *runner, lua_State *L) {
  ta_push_environment(runner, L);
  if (lua_rawgetp(L, -1, &opened) != LUA_TTABLE) {
    lua_pop(L, 1);
    lua_newtable(L);
    lua_pushvalue(L, -1);
    lua_rawsetp(L, -3, &opened);
  }
  lua_remove(L, -2);
}

static int find(const char *name, const struct ta_module **module, char *why, size_t size) {
  const void *found;
  char symbol[64];
  snprintf(symbol, sizeof symbol, "ta_module_%.40s", name);
  int error = ta_module_find(name, symbol, &found, why, size);
  if (error) return error;
  *module = found;
  if (strcmp((*module)->version, TA_VERSION) == 0) return 0;
  return -ELIBBAD;
}

/* A module finds nothing of ours in a host that has us from an archive and does not show it. */
static const char *hint_for_hosts(const char *why) {
  bool lacks = strstr(why, "undefined symbol") || strstr(why, "symbol not found");
  return lacks ? " (a program that has tinyasync in it shows that to modules if it is linked with "
                 "the shared library)"
               : "";
}

static int refuse(lua_State *L, int error, const char *why) {
  const char *name = luaL_checkstring(L, 1), *by = luaL_checkstring(L, 2);
  const char *package = luaL_checkstring(L, 3);
  if (error == -EMFILE || error == -ENFILE || error == -ENOMEM)
    return ta_refuse(L, error, "%s cannot load the module '%s'", by, name);
  if (error == -ENOENT)
    lua_pushfstring(L,
                    "%s needs the module '%s', with which this tinyasync was not built: "
                    "install %s, and build it again (%s)",
                    by, name, package, why);
  else if (error == -ELIBBAD)
    lua_pushfstring(L, "%s needs the module '%s', and what is there is another version's", by,
                    name);
  else
    lua_pushfstring(L, "%s cannot load the module '%s', which is made with %s: %s%s", by, name,
                    package, why, hint_for_hosts(why));
  return ta_refuse_in_words(L, lua_tostring(L, -1), "ENOPKG");
}

void ta_have_module(struct ta_runner *runner, lua_State *L, const char *name,
                    const struct ta_module *module) {
  push_opened(runner, L);
  lua_newtable(L);
  ta_set_functions(runner, L, module->parts);
  lua_setfield(L, -2, name);
  lua_pop(L, 1);
}

int ta_l_module(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  const struct ta_module *module;
  char why[1024] = "";
  const char *name = luaL_checkstring(L, 1);
  push_opened(runner, L);
  if (lua_getfield(L, -1, name) == LUA_TTABLE) return 1;
  int error = find(name, &module, why, sizeof why);
  if (error) return refuse(L, error, why);
  ta_have_module(runner, L, name, module);
  lua_getfield(L, -2, name);
  return 1;
}
