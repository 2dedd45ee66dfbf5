/* SPDX-License-Identifier: MIT */
#include "io/server.h"

#include <errno.h>
#include <lauxlib.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "holder.h"
#include "io/refusal.h"
#include "io/socket.h"

#define PAUSE 1.0         /* seconds, at most, after one could not be taken */
#define BAD_PEERS 100     /* in a row, and it is an error of ours */
#define NO_LIMIT SIZE_MAX /* of connections */

/* User values of a server. */
enum { ADDRESS = 1, USER_VALUES = ADDRESS };

/* Upvalues of what finds fields of a server, after the Runner. */
enum { METHODS = 2 };

struct server {
  struct ta_watch watch; /* the first, so that it leads here */
  struct ta_io *io;
  const char *label; /* the address as text, kept as a user value */
  struct ta_list waiting, selecting;
  struct ta_alarm alarm;   /* ends a pause */
  int held;                /* who was taken and not handed over, or -1 */
  struct ta_address peer;  /* of that one */
  int error;               /* that nobody was told of yet, or 0 */
  bool pauses;             /* nothing is tried */
  bool closed;             /* or not open yet */
  size_t serving, limit;   /* connections under way, of which it takes no more than these */
  struct ta_socket_plan plan;
  unsigned port;
  char path[sizeof(((struct sockaddr_un *)NULL)->sun_path)]; /* to be removed, or "" */
  dev_t device;
  ino_t inode;
};

static void wake_next(struct server *server) {
  struct ta_runner *runner = server->io->runner;
  if (ta_wake_first(runner, &server->waiting)) return;
  while (ta_wake_first(runner, &server->selecting)) continue;
}

static void is_ready(struct ta_watch *watch, unsigned directions) {
  (void)directions;
  wake_next((struct server *)watch);
}

/* -------------------------------------------------------------------- taking */

static void end_pause(struct ta_alarm *alarm) {
  struct server *server = TA_HOLDER(alarm, struct server, alarm);
  server->pauses = false;
  wake_next(server);
}

static void begin_pause(struct server *server) {
  server->pauses = true;
  ta_loop_set_alarm(server->io->loop, &server->alarm, PAUSE);
}

static int take(struct server *server) {
  int fd = -EAGAIN;
  for (int i = 0; i < BAD_PEERS; i++) {
    fd = ta_accept(server->watch.fd, &server->peer);
    if (fd >= 0 || !ta_is_error_of_peer(fd)) break;
  }
  return fd;
}

/* Has somebody who was taken.  0; -EAGAIN: nobody is there, or is to be taken now; or another
 * negative errno, once. */
static int hold(struct server *server) {
  int error = server->error;
  server->error = 0;
  if (error || server->held >= 0) return error;
  bool may = !server->pauses && server->serving < server->limit;
  if (!may || !ta_watch_is_ready(&server->watch, TA_MAY_READ)) return -EAGAIN;
  int fd = take(server);
  if (fd == -EAGAIN) ta_watch_blocked(&server->watch, TA_MAY_READ);
  if (fd >= 0) server->held = fd;
  if (fd < 0 && fd != -EAGAIN) begin_pause(server);
  return fd < 0 ? fd : 0;
}

/* Somebody hears of the next who comes. */
static int arm(struct server *server) {
  if (ta_watch_is_ready(&server->watch, TA_MAY_READ)) return 0;
  return ta_watch_want(&server->watch, TA_MAY_READ);
}

/* One was handed over: there may be more, for others who wait. */
static void let_next(struct server *server) {
  if (ta_list_empty(&server->waiting) && ta_list_empty(&server->selecting)) return;
  if (ta_watch_is_ready(&server->watch, TA_MAY_READ))
    wake_next(server);
  else
    ta_watch_want(&server->watch, TA_MAY_READ);
}

/* ------------------------------------------------------------------- closing */

/* Another server may have the path by now. */
static void remove_path(struct server *server) {
  struct stat about;
  if (!server->path[0]) return;
  bool is_ours = lstat(server->path, &about) == 0 && about.st_dev == server->device &&
                 about.st_ino == server->inode;
  if (is_ours) unlink(server->path);
  server->path[0] = '\0';
}

static void close_server(struct server *server) {
  if (!server->io || server->closed) return;
  server->closed = true;
  ta_alarm_stop(&server->alarm);
  remove_path(server);
  ta_watch_close(&server->watch);
  if (server->held >= 0) close(server->held);
  server->held = -1;
  while (ta_wake_first(server->io->runner, &server->waiting)) continue;
  while (ta_wake_first(server->io->runner, &server->selecting)) continue;
}

/* ------------------------------------------------------------------ selecting */

/* Whoever asks next is told of an error. */
static bool can_accept(struct ta_runner *runner, void *subject) {
  struct server *server = subject;
  (void)runner;
  if (server->closed) return true;
  int error = hold(server);
  if (error == -EAGAIN) error = arm(server);
  else if (!error) return true;
  server->error = error;
  return error != 0;
}

static struct ta_list *selecting(void *subject) {
  return &((struct server *)subject)->selecting;
}

/* Nobody is handed over: the server itself. */
static int give(struct ta_runner *runner, lua_State *L, int index) {
  (void)runner;
  lua_pushvalue(L, index);
  return 1;
}

static const struct ta_selectable selectable = {
    .ready = can_accept, .queue = selecting, .give = give};

/* ----------------------------------------------------------------------- kind */

static int l_accept(lua_State *L);
static int l_close(lua_State *L);
static int l_tostring(lua_State *L);

static const struct ta_function methods[] = {
    {"accept", l_accept}, {"close", l_close}, {NULL, NULL}};
static const struct ta_function meta[] = {
    {"__gc", l_close}, {"__close", l_close}, {"__tostring", l_tostring}, {NULL, NULL}};
static const struct ta_object_kind kind = {
    .name = "Server", .methods = methods, .meta = meta, .select = &selectable};

static struct server *check(lua_State *L) {
  return ta_check_object(L, 1, &kind);
}

static int l_close(lua_State *L) {
  close_server(check(L));
  lua_pushboolean(L, true);
  return 1;
}

static int l_tostring(lua_State *L) {
  const struct server *server = check(L);
  lua_pushfstring(L, "server %s%s", server->label, server->closed ? " (closed)" : "");
  return 1;
}

/* A method, or one of the fields `address` and `port`. */
static int l_index(lua_State *L) {
  lua_settop(L, 2);
  lua_pushvalue(L, 2);
  if (lua_rawget(L, lua_upvalueindex(METHODS)) != LUA_TNIL) return 1;
  const char *key = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "";
  const struct server *server = ta_to_object(ta_upvalue_runner(L), L, 1, &kind);
  lua_settop(L, 2);
  if (server && strcmp(key, "address") == 0)
    lua_getiuservalue(L, 1, ADDRESS);
  else if (server && strcmp(key, "port") == 0 && server->port)
    lua_pushinteger(L, server->port);
  else
    lua_gettable(L, lua_upvalueindex(METHODS));
  return 1;
}

/* -------------------------------------------------------------------- accept */

static void describe(const void *subject, char *text, size_t size) {
  snprintf(text, size, "%s", ((const struct server *)subject)->label);
}

static const struct ta_wait_kind accept_kind = {.action = "accept", .describe = describe};

static int refuse(lua_State *L, const struct server *server, int error) {
  return ta_refuse(L, error, "cannot accept at %s", server->label);
}

/* Whoever is taken while it cannot be opened is turned away. */
static int give_connection(lua_State *L, struct server *server) {
  char peer[TA_ADDRESS_TEXT], label[TA_ADDRESS_TEXT + 8];
  ta_address_write(&server->peer, peer, sizeof peer);
  snprintf(label, sizeof label, "tcp %s", peer);
  int error =
      ta_push_connection(server->io, L, label, &server->peer, &server->plan, &server->held);
  if (error) {
    close(server->held);
    server->held = -1;
    begin_pause(server);
    return refuse(L, server, error);
  }
  let_next(server);
  return 1;
}

static int k_accept(lua_State *L, int status, lua_KContext context);

static int accept_on(lua_State *L) {
  struct server *server = ta_object_at(L, 1);
  if (server->closed) return ta_refuse_in_words(L, "closed", "ECANCELED");
  int error = hold(server);
  if (!error) return give_connection(L, server);
  if (error == -EAGAIN) error = arm(server);
  if (error) return refuse(L, server, error);
  return ta_wait_in(ta_upvalue_runner(L), L, "accept", &accept_kind, server, &server->waiting,
                    k_accept);
}

static int k_accept(lua_State *L, int status, lua_KContext context) {
  (void)status, (void)context;
  ta_check_wait_end(ta_upvalue_runner(L), L);
  return accept_on(L);
}

/* (server) -> stream */
static int l_accept(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  const struct server *server = check(L);
  lua_settop(L, 1);
  ta_enter(runner, L);
  if (server->closed) return ta_error(L, "the server is closed");
  if (ta_has_gone_on(runner, L)) return ta_give_turn_before(runner, L, accept_on);
  return accept_on(L);
}

/* ------------------------------------------------------------------ listening */

/* Fields that are no methods are found by a function.  The server is on top. */
static void complete_kind(struct ta_runner *runner, lua_State *L) {
  lua_getmetatable(L, -1);
  int metatable = lua_gettop(L);
  if (lua_getfield(L, metatable, "__index") == LUA_TTABLE) {
    ta_push_function(runner, L, l_index);
    lua_getupvalue(L, -1, 1);
    lua_pushvalue(L, metatable + 1);
    lua_pushcclosure(L, l_index, METHODS);
    lua_setfield(L, metatable, "__index");
  }
  lua_settop(L, metatable - 1);
}

static struct server *push_server(lua_State *L, int options) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  struct ta_io *io = ta_io_of(runner, L);
  struct ta_socket_plan plan;
  ta_check_socket_plan(L, options, &plan);
  struct server *server = ta_push_object(runner, L, &kind, sizeof *server, USER_VALUES);
  server->label = "";
  server->plan = plan;
  server->limit = NO_LIMIT;
  server->held = server->watch.fd = -1;
  server->closed = true;
  server->alarm.ring = end_pause;
  ta_list_init(&server->waiting);
  ta_list_init(&server->selecting);
  server->io = io;
  complete_kind(runner, L);
  return server;
}

/* The descriptor becomes the server's, which is on top, or is closed.  Gives the server, or a
 * refusal. */
static int open_server(lua_State *L, struct server *server, int fd, const char *what) {
  char text[TA_ADDRESS_TEXT];
  struct ta_address address;
  int error = ta_watch_open(server->io->loop, TA_EDGE, fd, is_ready, &server->watch);
  if (error) {
    close(fd);
    return ta_refuse(L, error, "cannot listen at %s", what);
  }
  server->closed = false;
  ta_address_of_socket(fd, &address);
  ta_address_write(&address, text, sizeof text);
  server->port = ta_address_port(&address);
  server->label = lua_pushstring(L, text);
  lua_setiuservalue(L, -2, ADDRESS);
  return 1;
}

enum { NAME = 1, HOST, PORT, BACKLOG, OPTIONS };

/* (what it is called, numeric host or nil: any, port, backlog, options) -> server */
static int l_listen(lua_State *L) {
  struct ta_address address;
  int fd = -1;
  const char *name = luaL_checkstring(L, NAME), *host = luaL_optstring(L, HOST, NULL);
  unsigned port = (unsigned)luaL_checkinteger(L, PORT);
  int backlog = (int)luaL_checkinteger(L, BACKLOG);
  struct server *server = push_server(L, OPTIONS);
  int error = host ? ta_address_of_numbers(host, port, &address) : 0;
  if (!error)
    error = host ? ta_listen_at(&address, backlog, &server->plan.options, &fd)
                 : ta_listen_anywhere(port, backlog, &server->plan.options, &fd);
  if (error) return ta_refuse(L, error, "cannot listen at %s", name);
  return open_server(L, server, fd, name);
}

const struct ta_function ta_server_parts[] = {{"listen", l_listen}, {NULL, NULL}};
