/* SPDX-License-Identifier: MIT */
#include "io/process.h"

#include <lauxlib.h>

#include "io/command.h"
#include "io/nearest.h"
#include "io/output.h"
#include "io/room.h"
#include "io/signal_names.h"
#include "io/stream.h"

extern const char *const ta_chunk_process[];
extern const char *const ta_chunk_output[];
extern const char *const ta_chunk_spelling[];
extern const char *const ta_chunk_place[];
extern const char *const ta_chunk_plan[];
extern const char *const ta_chunk_failure[];
extern const char *const ta_chunk_plumbing[];
extern const char *const ta_chunk_child[];
extern const char *const ta_chunk_start[];

/* (name) -> number, or nil */
static int l_signal_number(lua_State *L) {
  int number = ta_signal_number(luaL_checkstring(L, 1));
  if (number == 0) return 0;
  lua_pushinteger(L, number);
  return 1;
}

/* ----------------------------------------------- what else the Lua half needs */

static int l_can_wait(lua_State *L) {
  lua_pushboolean(L, ta_can_wait(ta_upvalue_runner(L), L));
  return 1;
}

/* (name, function) -> task, which keeps no run going */
static int l_add_task(lua_State *L) {
  struct ta_task_options options = {.daemon = true};
  options.name = luaL_checklstring(L, 1, &options.name_length);
  lua_settop(L, 2);
  ta_add_task(ta_upvalue_runner(L), L, 0, &options);
  return 1;
}

/* ------------------------------------------------------------------- opening */

static int l_use(lua_State *L);

static const struct ta_function parts[] = {
    {"signal_number", l_signal_number},
    {"for_closes", ta_l_for_closes},
    {"raise", ta_l_raise},
    {"metatable", ta_l_metatable},
    {"is_callable", ta_l_can_be_called},
    {"hint", ta_l_hint},
    {"enter", ta_l_enter},
    {"can_wait", l_can_wait},
    {"add_task", l_add_task},
    {"use", l_use},
    {NULL, NULL},
};

/* What the Lua half consists of. */
static const struct ta_room rooms[] = {
    {"output", ta_chunk_output},   {"spelling", ta_chunk_spelling}, {"plan", ta_chunk_plan},
    {"failure", ta_chunk_failure}, {"plumbing", ta_chunk_plumbing}, {"child", ta_chunk_child},
    {"start", ta_chunk_start},     {"place", ta_chunk_place},       {NULL, NULL}};

/* (name) -> what NAME.lua gives */
static int l_use(lua_State *L) {
  return ta_push_room(L, rooms);
}

static const struct ta_function *const all_parts[] = {
    parts, ta_command_parts, ta_outcome_parts, ta_plumbing_parts, ta_program_parts, ta_output_parts,
    NULL};

/* () -> a table of what the Lua half is made of, which is the same each time */
static int l_process_parts(lua_State *L) {
  ta_push_environment(ta_upvalue_runner(L), L);
  if (lua_getfield(L, -1, "made_parts") == LUA_TTABLE) return 1;
  lua_newtable(L);
  for (const struct ta_function *const *list = all_parts; *list; list++)
    ta_set_functions(ta_upvalue_runner(L), L, *list);
  lua_pushvalue(L, -1);
  lua_setfield(L, -4, "made_parts");
  return 1;
}

void ta_offer_processes(struct ta_io *io, lua_State *L) {
  static const char *const names[] = {"process", "secret", NULL};
  ta_push_environment(io->runner, L);
  ta_push_function(io->runner, L, l_process_parts);
  lua_setfield(L, -2, "process_parts");
  lua_pop(L, 1);
  ta_offer_chunk(io->runner, L, names, ta_chunk_process);
}
