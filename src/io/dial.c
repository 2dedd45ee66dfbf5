/* SPDX-License-Identifier: MIT */
#include "io/dial.h"

#include <errno.h>
#include <lauxlib.h>
#include <stdio.h>
#include <unistd.h>

#include "holder.h"
#include "host/connect.h"
#include "host/net.h"
#include "io/gate.h"
#include "io/refusal.h"
#include "io/socket.h"

/* A connection on its way. */
struct dial {
  struct ta_io *io;
  struct ta_ticket ticket;
  struct ta_connecting *under_way; /* or NULL */
  const char *name;                /* of what it is to reach; kept as a user value */
  struct ta_socket_plan plan;
  struct ta_address peer; /* whom it has reached, or would have */
  int fd;                 /* that is connected; or -1 */
  int error;              /* or 0 */
  struct ta_alarm alarm;  /* of a pause */
};

enum { NAME = 1, HOSTS, PORT, OPTIONS, DIAL };

static void has_ended(void *data, int fd, const struct ta_address *address) {
  struct dial *dial = data;
  dial->under_way = NULL;
  dial->peer = *address;
  ta_net_unmap(&dial->peer);
  if (fd >= 0)
    dial->fd = fd;
  else
    dial->error = fd;
  ta_unpark(dial->io->runner, dial->ticket);
}

static void give_up(struct dial *dial) {
  if (!dial->io) return;
  ta_alarm_stop(&dial->alarm);
  if (dial->under_way) ta_connect_abandon(dial->under_way);
  dial->under_way = NULL;
  if (dial->fd >= 0) close(dial->fd);
  dial->fd = -1;
}

static void disarm(void *subject) {
  give_up(subject);
}

static void describe(const void *subject, char *text, size_t size) {
  snprintf(text, size, "%s", ((const struct dial *)subject)->name);
}

static const struct ta_wait_kind connect_kind = {
    .action = "connect", .describe = describe, .disarm = disarm};

static int l_forget(lua_State *L);
static const struct ta_function meta[] = {{"__gc", l_forget}, {"__close", l_forget}, {NULL, NULL}};
static const struct ta_object_kind kind = {.name = "Connecting", .meta = meta};

static int l_forget(lua_State *L) {
  give_up(ta_check_object(L, 1, &kind));
  return 0;
}

static int refuse(lua_State *L, struct dial *dial, int error) {
  return ta_refuse(L, error, "cannot connect to %s", dial->name);
}

static int k_connect(lua_State *L, int status, lua_KContext context) {
  struct dial *dial = ta_object_at(L, DIAL);
  (void)status, (void)context;
  if (dial->error) return refuse(L, dial, dial->error);
  char peer[TA_ADDRESS_TEXT];
  const char *sort = ta_address_family(&dial->peer) == AF_UNIX ? "unix" : "tcp";
  ta_address_write(&dial->peer, true, peer, sizeof peer);
  struct ta_stream_object *stream =
      ta_push_connection(dial->io, L, sort, dial->name, peer, &dial->plan);
  int error = ta_open_connection(L, stream, &dial->fd);
  return error ? refuse(L, dial, error) : 1;
}

/* Whatever is raised, it has closed what it had before that. */
static struct dial *push_dial(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  struct ta_io *io = ta_io_of(runner, L);
  struct dial *dial = ta_push_object(runner, L, &kind, sizeof *dial, 1);
  dial->fd = -1;
  dial->name = lua_tostring(L, NAME);
  lua_pushvalue(L, NAME);
  lua_setiuservalue(L, DIAL, 1);
  ta_check_socket_plan(L, OPTIONS, &dial->plan);
  dial->io = io;
  lua_toclose(L, DIAL);
  return dial;
}

/* A number, or without a port a path.  0, or a negative errno. */
static int read_address(lua_State *L, int index, struct ta_address *address) {
  const char *text = luaL_checkstring(L, index);
  if (lua_isnil(L, PORT)) return ta_address_of_path(text, address);
  return ta_address_read(text, AF_UNSPEC, (unsigned)lua_tointeger(L, PORT), address);
}

/* Pushes what keeps the addresses.  0, or a negative errno. */
static int push_addresses(lua_State *L, size_t count, struct ta_address **addresses) {
  int error = 0;
  *addresses = lua_newuserdatauv(L, (count + 1) * sizeof **addresses, 0);
  for (size_t i = 0; i < count && !error; i++) {
    lua_rawgeti(L, HOSTS, (lua_Integer)i + 1);
    error = read_address(L, -1, &(*addresses)[i]);
    lua_pop(L, 1);
  }
  return error;
}

/* Whatever the name leads to: the first that is not allowed says why. */
static enum ta_verdict ask_gate(const struct ta_gate *gate, const struct ta_address *addresses,
                                size_t count) {
  enum ta_verdict verdict = TA_ALLOWED;
  for (size_t i = 0; i < count && !verdict; i++)
    verdict = ta_gate_address(gate, &addresses[i].as.any);
  return verdict;
}

/* (what it is called, list of numeric hosts, port, options), or without a port a list of one
 * path -> stream */
static int l_connect(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  struct ta_address *addresses;
  luaL_checkstring(L, NAME);
  luaL_checktype(L, HOSTS, LUA_TTABLE);
  lua_settop(L, OPTIONS);
  struct dial *dial = push_dial(L);
  size_t count = lua_rawlen(L, HOSTS);
  int error = push_addresses(L, count, &addresses);
  if (error) return refuse(L, dial, error);
  enum ta_verdict verdict = ask_gate(dial->io->gate, addresses, count);
  if (verdict) return ta_refuse_verdict(L, verdict, "connect to", dial->name);
  struct ta_connect_options options = ta_options_of(&dial->plan);
  dial->ticket = ta_take_ticket(runner, L, &connect_kind, dial);
  error = ta_connect_start(dial->io->loop, addresses, count, &options, has_ended, dial,
                           &dial->under_way);
  if (error) return refuse(L, dial, error);
  return ta_park(runner, L, dial->ticket, 0, k_connect);
}

static void end_pause(struct ta_alarm *alarm) {
  struct dial *dial = TA_HOLDER(alarm, struct dial, alarm);
  ta_unpark(dial->io->runner, dial->ticket);
}

static int k_pause(lua_State *L, int status, lua_KContext context) {
  (void)L, (void)status, (void)context;
  return 0;
}

/* (what it is called, seconds, nil, options): waits before it is tried again */
static int l_pause(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  luaL_checkstring(L, NAME);
  double seconds = luaL_checknumber(L, 2);
  lua_settop(L, OPTIONS);
  struct dial *dial = push_dial(L);
  dial->alarm.ring = end_pause;
  dial->ticket = ta_take_ticket(runner, L, &connect_kind, dial);
  ta_loop_set_alarm(dial->io->loop, &dial->alarm, seconds);
  return ta_park(runner, L, dial->ticket, 0, k_pause);
}

const struct ta_function ta_dial_parts[] = {
    {"connect", l_connect}, {"pause", l_pause}, {NULL, NULL}};
