/* SPDX-License-Identifier: MIT */
#include "io/socket.h"

#include <lauxlib.h>

static lua_Integer field(lua_State *L, int index, const char *name, lua_Integer otherwise) {
  lua_Integer value = otherwise;
  if (lua_getfield(L, index, name) != LUA_TNIL) value = lua_tointeger(L, -1);
  lua_pop(L, 1);
  return value;
}

void ta_check_socket_plan(lua_State *L, int index, struct ta_socket_plan *plan) {
  luaL_checktype(L, index, LUA_TTABLE);
  plan->options.nodelay = field(L, index, "nodelay", 1) != 0;
  plan->options.keepalive = (unsigned)field(L, index, "keepalive", 0);
  plan->max_line = (size_t)field(L, index, "max_line", TA_MAX_LINE);
}

static void push_address(lua_State *L, const struct ta_address *address) {
  char text[TA_ADDRESS_TEXT];
  ta_address_write(address, text, sizeof text);
  lua_pushstring(L, text);
}

int ta_push_connection(struct ta_io *io, lua_State *L, const char *label,
                       const struct ta_address *peer, const struct ta_socket_plan *plan, int *fd) {
  struct ta_address local;
  struct ta_stream_object *object = ta_push_stream(io, L, label);
  ta_address_of_socket(*fd, &local);
  push_address(L, peer);
  push_address(L, &local);
  ta_set_stream_ends(L);
  ta_set_max_line(object, plan->max_line);
  int error = ta_open_stream(object, TA_EDGE, *fd);
  if (!error) *fd = -1;
  return error;
}
