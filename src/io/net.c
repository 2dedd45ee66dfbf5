/* SPDX-License-Identifier: MIT */
#include "io/net.h"

#include <lauxlib.h>
#include <unistd.h>

#include "host/address.h"
#include "io/datagram.h"
#include "io/dial.h"
#include "io/gate.h"
#include "io/nearest.h"
#include "io/room.h"
#include "io/server.h"

extern const char *const ta_chunk_net[];
extern const char *const ta_chunk_place[];
extern const char *const ta_chunk_server[];
extern const char *const ta_chunk_tls[];

static const struct ta_room rooms[] = {
    {"server", ta_chunk_server}, {"tls", ta_chunk_tls}, {"place", ta_chunk_place}, {NULL, NULL}};

/* (name) -> what NAME.lua gives */
static int l_use(lua_State *L) {
  return ta_push_room(L, rooms);
}

/* (host) -> is it an address, and no name? */
static int l_is_numeric(lua_State *L) {
  struct ta_address address;
  lua_pushboolean(L, ta_address_read(luaL_checkstring(L, 1), AF_UNSPEC, 0, &address) == 0);
  return 1;
}

/* ("connect to", host, port) -> true; or nil, message, code: it is not allowed */
static int l_ask(lua_State *L) {
  const struct ta_io *io = ta_io_of(ta_upvalue_runner(L), L);
  const char *verb = luaL_checkstring(L, 1), *host = luaL_checkstring(L, 2);
  int refused = ta_ask_host(L, io, verb, host, (int)luaL_checkinteger(L, 3));
  if (refused) return refused;
  lua_pushboolean(L, true);
  return 1;
}

/* () -> the number of this process */
static int l_pid(lua_State *L) {
  lua_pushinteger(L, getpid());
  return 1;
}

/* () -> are all tasks to end?  Is the one that runs a daemon? */
static int l_is_ending(lua_State *L) {
  lua_pushboolean(L, ta_is_ending(ta_upvalue_runner(L)));
  return 1;
}

static int l_is_daemon(lua_State *L) {
  lua_pushboolean(L, ta_is_daemon(ta_upvalue_runner(L)));
  return 1;
}

/* (name, is it a daemon, function) -> task */
static int l_add_task(lua_State *L) {
  struct ta_task_options options = {.daemon = lua_toboolean(L, 2)};
  options.name = luaL_checklstring(L, 1, &options.name_length);
  lua_settop(L, 3);
  ta_add_task(ta_upvalue_runner(L), L, 0, &options);
  return 1;
}

static const struct ta_function parts[] = {{"raise", ta_l_raise},
                                           {"use", l_use},
                                           {"hint", ta_l_hint},
                                           {"is_callable", ta_l_can_be_called},
                                           {"is_numeric", l_is_numeric},
                                           {"getenv", ta_l_getenv},
                                           {"enter", ta_l_enter},
                                           {"ask", l_ask},
                                           {"pid", l_pid},
                                           {"is_ending", l_is_ending},
                                           {"is_daemon", l_is_daemon},
                                           {"add_task", l_add_task},
                                           {"reporting_scope", ta_l_reporting_scope},
                                           {NULL, NULL}};

/* What the Lua half is made of. */
static const struct ta_function *const all_parts[] = {parts, ta_server_parts, ta_dial_parts,
                                                      ta_datagram_parts, NULL};

/* () -> a table of it */
static int l_net_parts(lua_State *L) {
  lua_newtable(L);
  for (const struct ta_function *const *list = all_parts; *list; list++)
    ta_set_functions(ta_upvalue_runner(L), L, *list);
  return 1;
}

void ta_offer_net(struct ta_io *io, lua_State *L) {
  static const char *const names[] = {"net", NULL};
  ta_name_action(io->runner, L, "accept");
  ta_name_action(io->runner, L, "connect");
  ta_push_environment(io->runner, L);
  ta_push_function(io->runner, L, l_net_parts);
  lua_setfield(L, -2, "net_parts");
  lua_pop(L, 1);
  ta_offer_chunk(io->runner, L, names, ta_chunk_net);
}
