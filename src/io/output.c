/* SPDX-License-Identifier: MIT */
#include "io/output.h"

#include <lauxlib.h>

#include <stdio.h>

#include "host/output.h"
#include "io/command.h"

/* () -> how commands' output is shown that say nothing, or nil; are they printed? */
static int l_output_defaults(lua_State *L) {
  const struct ta_io *io = ta_io_of(ta_upvalue_runner(L), L);
  lua_pushstring(L, io->output);
  lua_pushboolean(L, io->prints_commands);
  return 2;
}

/* () -> are bars drawn below what is shown? */
static int l_has_bars(lua_State *L) {
  lua_pushboolean(L, ta_stdio_has_footer());
  return 1;
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

/* --------------------------------------------------- waiting for readers of ours */

static void describe(const void *subject, char *text, size_t size) {
  const struct ta_command *command = *(struct ta_command *const *)subject;
  snprintf(text, size, "the reader of our output, for '%s'", command ? command->text : "?");
}

static const struct ta_wait_kind wait_kind = {.action = "write", .describe = describe};

static int wait_for_reader(lua_State *L, lua_KFunction k) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  struct ta_command **object = ta_check_command_object(L);
  return ta_wait_in(runner, L, "write", &wait_kind, object, &(*object)->io->shows, k);
}

static int k_has_room(lua_State *L, int status, lua_KContext context) {
  (void)status, (void)context;
  ta_check_wait_end(ta_upvalue_runner(L), L);
  if (ta_output_has_room(&ta_check_command(L)->shown)) return 0;
  return wait_for_reader(L, k_has_room);
}

/* (command): until there is room for more of what it shows. */
static int l_has_room(lua_State *L) {
  if (ta_output_has_room(&ta_check_command(L)->shown)) return 0;
  lua_settop(L, 1);
  return wait_for_reader(L, k_has_room);
}

static int k_has_left(lua_State *L, int status, lua_KContext context) {
  (void)status, (void)context;
  ta_check_wait_end(ta_upvalue_runner(L), L);
  if (ta_output_has_left(&ta_check_command(L)->shown)) return 0;
  return wait_for_reader(L, k_has_left);
}

/* (command): until all that it has shown has left us. */
static int l_has_left(lua_State *L) {
  if (ta_output_has_left(&ta_check_command(L)->shown)) return 0;
  lua_settop(L, 1);
  return wait_for_reader(L, k_has_left);
}

static bool has_printed(lua_State *L) {
  return ta_stdio_has_left((int)lua_tointeger(L, 2), (uint64_t)lua_tointeger(L, 3));
}

static int k_has_printed(lua_State *L, int status, lua_KContext context) {
  (void)status, (void)context;
  ta_check_wait_end(ta_upvalue_runner(L), L);
  ta_check_command(L);
  return has_printed(L) ? 0 : wait_for_reader(L, k_has_printed);
}

/* (command, 1 or 2): until all has left us that was printed there; where no task can wait, nothing
 * else happens meanwhile. */
static int l_has_printed(lua_State *L) {
  const struct ta_command *command = ta_check_command(L);
  int fd = luaL_checkinteger(L, 2) == 1 ? 1 : 2;
  ta_io_flush(command->io);
  if (!ta_can_wait(ta_upvalue_runner(L), L)) ta_stdio_finish(fd);
  lua_settop(L, 2);
  lua_pushinteger(L, (lua_Integer)ta_stdio_taken(fd));
  return has_printed(L) ? 0 : wait_for_reader(L, k_has_printed);
}

const struct ta_function ta_output_parts[] = {{"output_defaults", l_output_defaults},
                                              {"has_room", l_has_room},
                                              {"has_left", l_has_left},
                                              {"has_printed", l_has_printed},
                                              {"has_bars", l_has_bars},
                                              {"note", l_note},
                                              {"report", l_report},
                                              {"on_failures", l_on_failures},
                                              {NULL, NULL}};
