/* SPDX-License-Identifier: MIT
 *
 * closing.c -- the Lua module while the state is being closed, when finalizers may
 * still make adapters and run them.
 *
 * Lua finalizes nothing that is made then: every byte comes back all the same.
 */
#include <lauxlib.h>
#include <lualib.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kit/memory.h"

int luaopen_tinyasync(lua_State *L);

/* use(): makes an adapter with some tasks, and says how that went.  at_close(fn): fn is
 * called when the state is being closed, the one that was noted down last first. */
static const char prologue[] =
    "function use() "
    "  local queue = {} "
    "  local ok, adapter = pcall(require('tinyasync').adapter, function(_, fn) "
    "    queue[#queue + 1] = fn end) "
    "  note(ok and 'made' or adapter) "
    "  if not ok then return end "
    "  for i = 1, 20 do adapter.spawn(adapter.async.sleep, i) end "
    "  table.remove(queue)() "
    "  return adapter end "
    "function at_close(fn) keep = {keep, setmetatable({}, {__gc = fn})} end ";

static const struct {
  const char *script, *notes;
} cases[] = {
    {"at_close(use)", " (refused)"},
    {"at_close(use) require 'tinyasync'", " (refused)"},
    {"require 'tinyasync' at_close(use)", " made"},
    {"require 'tinyasync' at_close(use) at_close(function() use():close() end)", " made made"},
    {"require 'tinyasync' at_close(use) use():close()", " made made"},
    {"at_close(use) require 'tinyasync' at_close(use)", " made (refused)"},
    {"require 'tinyasync' at_close(function() adapter = use() end) use():close()", " made made"},
};

static char notes[200];

/* (words) */
static int l_note(lua_State *L) {
  const char *words = luaL_checkstring(L, 1);
  bool refused = strstr(words, "not in a finalizer while the Lua state is closed") != NULL;
  size_t length = strlen(notes);
  snprintf(notes + length, sizeof notes - length, " %s", refused ? "(refused)" : words);
  return 0;
}

static bool run(size_t index) {
  struct memory memory = {0};
  lua_State *L = lua_newstate(memory_allocate, &memory);
  if (!L) abort();
  luaL_openlibs(L);
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
  lua_pushcfunction(L, luaopen_tinyasync);
  lua_setfield(L, -2, "tinyasync");
  lua_pop(L, 1);
  lua_register(L, "note", l_note);
  *notes = '\0';
  bool worked =
      luaL_dostring(L, prologue) == LUA_OK && luaL_dostring(L, cases[index].script) == LUA_OK;
  if (!worked) printf("%s\n", lua_tostring(L, -1));
  lua_close(L);
  if (memory.bytes > 0) printf("memory was lost: %zu bytes; ", memory.bytes);
  if (strcmp(notes, cases[index].notes) != 0) printf("it notes%s; ", notes);
  worked = worked && memory.bytes == 0 && strcmp(notes, cases[index].notes) == 0;
  if (!worked) printf("%s\n", cases[index].script);
  return worked;
}

int main(void) {
  bool all = true;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) all &= run(i);
  return all ? EXIT_SUCCESS : EXIT_FAILURE;
}
