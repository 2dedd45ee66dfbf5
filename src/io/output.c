/* SPDX-License-Identifier: MIT */
#include "io/output.h"

#include <lauxlib.h>

#include "host/output.h"
#include "io/io.h"

/* () -> how commands' output is shown that say nothing, or nil; are they printed? */
static int l_output_defaults(lua_State *L) {
  const struct ta_io *io = ta_io_of(ta_upvalue_runner(L), L);
  lua_pushstring(L, io->output);
  lua_pushboolean(L, io->prints_commands);
  return 2;
}

/* (label or nil, text): a line of ours on standard error */
static int l_note(lua_State *L) {
  size_t size;
  const char *text = luaL_checklstring(L, 2, &size);
  ta_output_note(luaL_optstring(L, 1, NULL), text, size);
  return 0;
}

/* (text): lines about what has failed; the run has, then. */
static int l_report(lua_State *L) {
  const struct ta_io *io = ta_io_of(ta_upvalue_runner(L), L);
  size_t size;
  const char *text = luaL_checklstring(L, 1, &size);
  if (io->report) io->report(io->data, text, size);
  return 0;
}

/* (function): the library calls it with what failed where it goes on. */
static int l_on_failures(lua_State *L) {
  ta_push_environment(ta_upvalue_runner(L), L);
  lua_pushvalue(L, 1);
  lua_setfield(L, -2, "list_failures");
  return 0;
}

const struct ta_function ta_output_parts[] = {{"output_defaults", l_output_defaults},
                                              {"note", l_note},
                                              {"report", l_report},
                                              {"on_failures", l_on_failures},
                                              {NULL, NULL}};
