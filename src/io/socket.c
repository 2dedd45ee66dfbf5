/* SPDX-License-Identifier: MIT */
#include "io/socket.h"

#include <errno.h>
#include <lauxlib.h>

#include "host/net.h"

static lua_Integer field(lua_State *L, int index, const char *name, lua_Integer otherwise) {
  lua_Integer value = otherwise;
  if (lua_getfield(L, index, name) != LUA_TNIL) value = lua_tointeger(L, -1);
  lua_pop(L, 1);
  return value;
}

static void check_local(lua_State *L, int index, struct ta_address *local) {
  *local = (struct ta_address){0};
  if (lua_getfield(L, index, "local_host") != LUA_TNIL) {
    unsigned port = (unsigned)field(L, index, "local_port", 0);
    if (ta_address_read(luaL_checkstring(L, -1), AF_UNSPEC, port, local) != 0) local->size = 0;
  }
  lua_pop(L, 1);
}

void ta_check_socket_plan(lua_State *L, int index, struct ta_socket_plan *plan) {
  luaL_checktype(L, index, LUA_TTABLE);
  plan->nodelay = field(L, index, "nodelay", 1) != 0;
  plan->keepalive = (int)field(L, index, "keepalive", 0);
  plan->max_line = (size_t)field(L, index, "max_line", TA_MAX_LINE);
  check_local(L, index, &plan->local);
}

struct ta_connect_options ta_options_of(const struct ta_socket_plan *plan) {
  return (struct ta_connect_options){.nodelay = plan->nodelay,
                                     .keepalive = plan->keepalive,
                                     .local = plan->local.size ? &plan->local : NULL};
}

/* Read "tcp 127.0.0.1:40112", "unix /run/db.sock". */
struct ta_stream_object *ta_push_connection(struct ta_io *io, lua_State *L, const char *sort,
                                            const char *name, const char *peer,
                                            const struct ta_socket_plan *plan) {
  const char *label = lua_pushfstring(L, "%s %s", sort, name);
  struct ta_stream_object *object = ta_push_stream(io, L, label);
  lua_remove(L, -2);
  lua_pushstring(L, peer);
  ta_set_stream_peer(L);
  ta_set_max_line(object, plan->max_line);
  return object;
}

int ta_open_connection(lua_State *L, struct ta_stream_object *object, int *fd) {
  char text[TA_ADDRESS_TEXT];
  struct ta_address own;
  ta_net_own(*fd, &own);
  ta_address_write(&own, true, text, sizeof text);
  lua_pushstring(L, text);
  ta_set_stream_local_address(L);
  int error = *fd < 0 ? -ECANCELED : ta_open_stream(object, TA_EDGE, *fd);
  if (!error) *fd = -1;
  return error;
}
