/* SPDX-License-Identifier: MIT */
#include "io/dial.h"

#include <errno.h>
#include <lauxlib.h>
#include <stdio.h>
#include <unistd.h>

#include "io/refusal.h"
#include "io/socket.h"

/* A connection on its way. */
struct dial {
  struct ta_watch watch; /* the first, so that it leads here */
  struct ta_io *io;
  struct ta_ticket ticket;
  const char *name; /* of what it is to reach; kept as a user value */
  struct ta_address to;
  struct ta_socket_plan plan;
  int fd; /* that is connected, or -1 */
};

enum { NAME = 1, HOST, PORT, OPTIONS, DIAL };

static void is_ready(struct ta_watch *watch, unsigned directions) {
  struct dial *dial = (struct dial *)watch;
  (void)directions;
  ta_unpark(dial->io->runner, dial->ticket);
}

static void give_up(struct dial *dial) {
  if (!dial->io) return;
  ta_watch_close(&dial->watch);
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
static const struct ta_function meta[] = {{"__gc", l_forget}, {NULL, NULL}};
static const struct ta_object_kind kind = {.name = "Connecting", .meta = meta};

static int l_forget(lua_State *L) {
  give_up(ta_check_object(L, 1, &kind));
  return 0;
}

static int refuse(lua_State *L, struct dial *dial, int error) {
  give_up(dial);
  return ta_refuse(L, error, "cannot connect to %s", dial->name);
}

static int give_stream(lua_State *L, struct dial *dial) {
  lua_pushfstring(L, "tcp %s", dial->name);
  int error =
      ta_push_connection(dial->io, L, lua_tostring(L, -1), &dial->to, &dial->plan, &dial->fd);
  return error ? refuse(L, dial, error) : 1;
}

static int k_connect(lua_State *L, int status, lua_KContext context) {
  struct dial *dial = ta_object_at(L, DIAL);
  (void)status, (void)context;
  int error = ta_connect_outcome(dial->watch.fd);
  if (error) return refuse(L, dial, error);
  dial->fd = ta_watch_release(&dial->watch);
  return give_stream(L, dial);
}

/* Until the socket, on its way, can be written to. */
static int wait_for(lua_State *L, struct dial *dial) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  int error = ta_watch_open(dial->io->loop, TA_EDGE, dial->fd, is_ready, &dial->watch);
  if (!error) {
    dial->fd = -1;
    ta_watch_blocked(&dial->watch, TA_MAY_WRITE);
    dial->ticket = ta_take_ticket(runner, L, &connect_kind, dial);
    error = ta_watch_want(&dial->watch, TA_MAY_WRITE);
  }
  if (error) return refuse(L, dial, error);
  return ta_park(runner, L, dial->ticket, 0, k_connect);
}

/* (what it is called, numeric host, port, options) -> stream */
static int l_connect(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  const char *host = luaL_checkstring(L, HOST);
  unsigned port = (unsigned)luaL_checkinteger(L, PORT);
  ta_check_wait(runner, L, "net.connect");
  lua_settop(L, OPTIONS);
  struct ta_io *io = ta_io_of(runner, L);
  struct ta_socket_plan plan;
  ta_check_socket_plan(L, OPTIONS, &plan);
  struct dial *dial = ta_push_object(runner, L, &kind, sizeof *dial, 1);
  dial->fd = dial->watch.fd = -1;
  dial->plan = plan;
  dial->name = luaL_checkstring(L, NAME);
  dial->io = io;
  lua_pushvalue(L, NAME);
  lua_setiuservalue(L, DIAL, 1);
  int error = ta_address_of_numbers(host, port, &dial->to);
  if (!error) error = ta_connect_begin(&dial->to, NULL, &dial->fd);
  if (error == -EINPROGRESS) return wait_for(L, dial);
  return error ? refuse(L, dial, error) : give_stream(L, dial);
}

const struct ta_function ta_dial_parts[] = {{"connect", l_connect}, {NULL, NULL}};
