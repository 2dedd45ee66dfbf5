/* SPDX-License-Identifier: MIT */
#include "io/server.h"

#include <errno.h>
#include <lauxlib.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "holder.h"
#include "host/net.h"
#include "io/baton.h"
#include "io/fields.h"
#include "io/gate.h"
#include "io/kinship.h"
#include "io/refusal.h"
#include "io/socket.h"

#define PAUSE 1.0     /* seconds, at most, after one could not be taken */
#define BAD_PEERS 100 /* in a row, and it is an error of ours */

struct server {
  struct ta_watch watch; /* the first, so that it leads here */
  struct ta_io *io;
  char label[TA_ADDRESS_TEXT]; /* the address as text */
  struct ta_list waiting, selecting;
  struct ta_baton baton;      /* of who waits */
  struct ta_alarm alarm;      /* ends a pause */
  int held;                   /* who was taken and not handed over, or -1 */
  struct ta_address peer;     /* of that one */
  int error;                  /* that nobody was told of yet, or 0 */
  bool pauses;                /* nothing is tried */
  bool closed;                /* or not open yet */
  bool served;                /* by serve() */
  struct ta_kinship kinship;  /* connections under way, */
  size_t limit;               /* of which it takes no more than these */
  struct ta_socket_plan plan; /* of connections */
  struct ta_address own;
  dev_t device; /* of its path, which is to be removed; */
  ino_t inode;  /* 0: there is none */
};

static void wake_next(struct server *server) {
  struct ta_runner *runner = server->io->runner;
  if (ta_hand_baton(runner, &server->waiting, &server->baton)) return;
  while (ta_wake_first(runner, &server->selecting)) continue;
}

static void drop_baton(struct ta_baton *baton) {
  wake_next(TA_HOLDER(baton, struct server, baton));
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

/* Of what is no shortage nobody knows when it is over. */
static void begin_pause(struct server *server, int error) {
  struct ta_loop *loop = server->io->loop;
  server->pauses = true;
  if (ta_net_is_shortage(error))
    ta_loop_await_descriptor(loop, &server->alarm, PAUSE);
  else
    ta_loop_set_alarm(loop, &server->alarm, PAUSE);
}

static int take(struct server *server) {
  int fd = -EAGAIN;
  for (int i = 0; i < BAD_PEERS; i++) {
    fd = ta_net_accept(server->watch.fd, &server->peer);
    if (fd >= 0 || !ta_net_is_error_of_peer(fd)) break;
  }
  return fd;
}

/* Has somebody who was taken.  0; -EAGAIN: nobody is there, or is to be taken now; or another
 * negative errno, once. */
static int hold(struct server *server) {
  int error = server->error;
  server->error = 0;
  if (error || server->held >= 0) return error;
  bool may = !server->pauses && server->kinship.count < server->limit;
  if (!may || !ta_watch_is_ready(&server->watch, TA_MAY_READ)) return -EAGAIN;
  int fd = take(server);
  if (fd == -EAGAIN) ta_watch_blocked(&server->watch, TA_MAY_READ);
  if (fd >= 0) server->held = fd;
  if (fd < 0 && fd != -EAGAIN) begin_pause(server, fd);
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
  const char *path = server->own.as.local.sun_path;
  if (!server->inode) return;
  bool is_ours =
      lstat(path, &about) == 0 && about.st_dev == server->device && about.st_ino == server->inode;
  if (is_ours) unlink(path);
  server->inode = 0;
}

static void close_server(struct server *server) {
  if (!server->io || server->closed) return;
  server->closed = true;
  ta_end_baton(&server->baton);
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
  if (error == -EAGAIN)
    error = arm(server);
  else if (!error)
    return true;
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
static int l_collect(lua_State *L);
static int l_tostring(lua_State *L);

static const struct ta_function methods[] = {
    {"accept", l_accept}, {"close", l_close}, {NULL, NULL}};
static const struct ta_function meta[] = {
    {"__gc", l_collect}, {"__close", l_close}, {"__tostring", l_tostring}, {NULL, NULL}};
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

static int l_collect(lua_State *L) {
  struct server *server = check(L);
  close_server(server);
  if (server->io) ta_end_kinship(&server->kinship);
  return 0;
}

static int l_tostring(lua_State *L) {
  const struct server *server = check(L);
  lua_pushfstring(L, "server %s%s", server->label, server->closed ? " (closed)" : "");
  return 1;
}

static bool push_field(lua_State *L, const void *object, const char *name) {
  const struct server *server = object;
  unsigned port = ta_address_port(&server->own);
  bool is_address = strcmp(name, "address") == 0, is_port = strcmp(name, "port") == 0 && port;
  if (is_address) lua_pushstring(L, server->label);
  if (is_port) lua_pushinteger(L, port);
  return is_address || is_port;
}

static const struct ta_fields fields = {&kind, push_field};

/* -------------------------------------------------------------------- accept */

static void describe(const void *subject, char *text, size_t size) {
  snprintf(text, size, "%s", ((const struct server *)subject)->label);
}

static const struct ta_wait_kind accept_kind = {.action = "accept", .describe = describe};

static int refuse(lua_State *L, const struct server *server, int error) {
  return ta_refuse(L, error, "cannot accept at %s", server->label);
}

/* Whoever has connected to a path has none, mostly. */
static void write_peer(const struct server *server, char *text, size_t size) {
  ta_address_write(&server->peer, true, text, size);
  if (!text[0]) snprintf(text, size, "pid %ld", (long)ta_net_peer_process(server->held));
}

/* Who cannot be opened is turned away. */
static int give_connection(lua_State *L, struct server *server) {
  char peer[TA_ADDRESS_TEXT];
  bool is_local = ta_address_family(&server->own) == AF_UNIX;
  write_peer(server, peer, sizeof peer);
  struct ta_stream_object *stream =
      ta_push_connection(server->io, L, is_local ? "unix" : "tcp", is_local ? server->label : peer,
                         peer, &server->plan);
  int error = ta_open_connection(L, stream, &server->held);
  if (error == -ECANCELED) return ta_refuse_in_words(L, "closed", "ECANCELED");
  if (error) {
    close(server->held);
    server->held = -1;
    begin_pause(server, error);
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

/* Who is cancelled takes nobody. */
static int k_accept(lua_State *L, int status, lua_KContext context) {
  struct server *server = ta_object_at(L, 1);
  (void)status, (void)context;
  ta_take_baton(ta_upvalue_runner(L), L, &server->baton);
  return accept_on(L);
}

/* The same for serve(), whose server may be closed at any time. */
static int l_take(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  check(L);
  lua_settop(L, 1);
  ta_enter(runner, L);
  if (ta_has_gone_on(runner, L)) return ta_give_turn_before(runner, L, accept_on);
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

static void has_left(struct ta_kinship *kinship) {
  let_next(TA_HOLDER(kinship, struct server, kinship));
}

static struct server *push_server(lua_State *L, int options) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  struct ta_io *io = ta_io_of(runner, L);
  struct ta_socket_plan plan;
  ta_check_socket_plan(L, options, &plan);
  struct server *server = ta_push_object(runner, L, &kind, sizeof *server, 0);
  server->plan = plan;
  server->limit = SIZE_MAX;
  server->held = server->watch.fd = -1;
  server->closed = true;
  server->alarm.ring = end_pause;
  server->baton.drop = drop_baton;
  ta_list_init(&server->waiting);
  ta_list_init(&server->selecting);
  ta_begin_kinship(&server->kinship, has_left);
  server->io = io;
  ta_complete_kind(runner, L, &fields);
  return server;
}

/* The descriptor becomes the server's, or is closed.  0, or a negative errno. */
static int open_server(struct server *server, int fd) {
  int error = ta_net_own(fd, &server->own);
  if (!error) error = ta_watch_open(server->io->loop, TA_EDGE, fd, is_ready, &server->watch);
  if (error) {
    close(fd);
    return error;
  }
  server->closed = false;
  ta_address_write(&server->own, true, server->label, sizeof server->label);
  return 0;
}

static int give_server(lua_State *L, const char *name, int error) {
  if (error == -TA_NOT_ALLOWED) return ta_refuse_verdict(L, TA_DENIED_NET, "listen at", name);
  return error ? ta_refuse(L, error, "cannot listen at %s", name) : 1;
}

enum { NAME = 1, HOST, PORT, BACKLOG, OPTIONS };

/* At a host, or anywhere. */
static int listen_at(const struct ta_gate *gate, const char *host, unsigned port, int backlog,
                     const struct ta_connect_options *options, int *fd) {
  struct ta_address address;
  if (!host) return ta_net_listen_anywhere(port, backlog, options, fd);
  int error = ta_address_read(host, AF_UNSPEC, port, &address);
  if (!error && ta_gate_address(gate, &address.as.any)) error = -TA_NOT_ALLOWED;
  return error ? error : ta_net_listen(&address, backlog, options, fd);
}

/* (what it is called, numeric host or nil: any, port, backlog, options) -> server */
static int l_listen(lua_State *L) {
  int fd = -1;
  const char *name = luaL_checkstring(L, NAME), *host = luaL_optstring(L, HOST, NULL);
  unsigned port = (unsigned)luaL_checkinteger(L, PORT);
  int backlog = (int)luaL_checkinteger(L, BACKLOG);
  struct server *server = push_server(L, OPTIONS);
  struct ta_connect_options options = ta_options_of(&server->plan);
  int error = listen_at(server->io->gate, host, port, backlog, &options, &fd);
  if (!error) error = open_server(server, fd);
  return give_server(L, name, error);
}

/* It goes with the server, if nobody has put something else there. */
static void note_path(struct server *server, const struct ta_address *address) {
  struct stat about;
  const char *path = address->as.local.sun_path;
  if (!path[0] || lstat(path, &about) != 0) return;
  server->own = *address;
  server->device = about.st_dev;
  server->inode = about.st_ino;
}

/* (what it is called, path, nil, backlog, options) -> server */
static int l_listen_unix(lua_State *L) {
  struct ta_address address;
  int fd = -1;
  const char *name = luaL_checkstring(L, NAME), *path = luaL_checkstring(L, HOST);
  int backlog = (int)luaL_checkinteger(L, BACKLOG);
  struct server *server = push_server(L, OPTIONS);
  int error = ta_address_of_path(path, &address);
  enum ta_verdict verdict = error ? TA_ALLOWED : ta_gate_address(server->io->gate, &address.as.any);
  if (verdict) return ta_refuse_verdict(L, verdict, "listen at", name);
  if (!error) error = ta_net_listen_at_path(&address, backlog, &fd);
  if (!error) note_path(server, &address);
  if (!error) error = open_server(server, fd);
  if (error) remove_path(server);
  return give_server(L, name, error);
}

/* What is wrong with a socket that was handed over, or NULL: the system says it. */
static const char *fault_of_handed(int error) {
  if (error == -EBUSY) return "it was taken before";
  return error == -EINVAL ? "it does not listen for connections" : NULL;
}

/* (what it is called, number of a descriptor, backlog or 0, options) -> server */
static int l_adopt(lua_State *L) {
  const char *name = luaL_checkstring(L, 1);
  lua_Integer number = luaL_checkinteger(L, 2);
  int fd = number <= INT_MAX ? (int)number : -1;
  int backlog = (int)luaL_checkinteger(L, 3);
  struct server *server = push_server(L, 4);
  struct ta_connect_options options = ta_options_of(&server->plan);
  int error = ta_net_adopt_listener(fd, backlog, &options);
  const char *fault = fault_of_handed(error);
  if (fault)
    return ta_refuse_in_words(L, lua_pushfstring(L, "cannot listen at %s: %s", name, fault),
                              error == -EBUSY ? "EBUSY" : "EINVAL");
  if (!error) error = open_server(server, fd);
  return give_server(L, name, error);
}

/* ------------------------------------------------------------------- serving */

/* (server, at most so many connections, or nil) -> true; nothing: it is served already */
static int l_begin_serving(lua_State *L) {
  struct server *server = check(L);
  if (server->closed) return ta_error(L, "the server is closed");
  if (server->served) return 0;
  server->served = true;
  server->limit = lua_isnoneornil(L, 2) ? SIZE_MAX : (size_t)luaL_checkinteger(L, 2);
  lua_pushboolean(L, true);
  return 1;
}

/* (server, stream): it counts until it is closed. */
static int l_count_in(lua_State *L) {
  struct server *server = check(L);
  struct ta_stream_object *stream = ta_to_stream(ta_upvalue_runner(L), L, 2);
  if (stream) ta_join_kinship(&server->kinship, stream);
  return 0;
}

/* (server, stream, task): with the end of the task, which may have come, it is closed.  Gives
 * whether there was memory for that. */
static int l_attend(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  check(L);
  struct ta_stream_object *stream = ta_to_stream(runner, L, 2);
  struct ta_task *task = ta_task_at(runner, L, 3);
  if (stream && !task) ta_close_stream(stream);
  lua_pushboolean(L, !stream || !task || ta_attend_kin(stream, task) == 0);
  return 1;
}

/* (server): after a failure those are let go that no task attends to, and nobody is taken for a
 * while. */
static int l_recover(lua_State *L) {
  struct server *server = check(L);
  ta_close_unattended(&server->kinship);
  if (!server->closed) begin_pause(server, -ENOMEM);
  return 0;
}

/* (server): those of its connections end on which nothing is under way. */
static int l_end_idle(lua_State *L) {
  ta_end_idle_kin(&check(L)->kinship);
  return 0;
}

/* (server): whatever is left of its connections is closed. */
static int l_end_all(lua_State *L) {
  ta_close_kin(&check(L)->kinship);
  return 0;
}

/* (value) -> is it a server? */
static int l_is_server(lua_State *L) {
  lua_pushboolean(L, ta_to_object(ta_upvalue_runner(L), L, 1, &kind) != NULL);
  return 1;
}

const struct ta_function ta_server_parts[] = {{"listen", l_listen},
                                              {"listen_unix", l_listen_unix},
                                              {"adopt", l_adopt},
                                              {"accept", l_accept},
                                              {"take", l_take},
                                              {"close_server", l_close},
                                              {"is_server", l_is_server},
                                              {"add_methods", ta_l_add_methods},
                                              {"begin_serving", l_begin_serving},
                                              {"count_in", l_count_in},
                                              {"attend", l_attend},
                                              {"recover", l_recover},
                                              {"end_idle", l_end_idle},
                                              {"end_all", l_end_all},
                                              {NULL, NULL}};
