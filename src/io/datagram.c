/* SPDX-License-Identifier: MIT */
#include "io/datagram.h"

#include <errno.h>
#include <lauxlib.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "holder.h"
#include "host/net.h"
#include "io/baton.h"
#include "io/fields.h"
#include "io/gate.h"
#include "io/refusal.h"

#define LONGEST 65536 /* bytes: no datagram has more */

struct socket {
  struct ta_watch watch; /* the first, so that it leads here */
  struct ta_io *io;
  char label[TA_ADDRESS_TEXT]; /* its address as text */
  struct ta_list receivers;    /* who waits for one, */
  struct ta_list selecting;    /* also in async.select */
  struct ta_list senders;      /* who waits until more can be sent */
  struct ta_baton received, sent;
  bool closed; /* or not open yet */
  unsigned port;
};

static void wake_receiver(struct socket *socket) {
  struct ta_runner *runner = socket->io->runner;
  if (ta_hand_baton(runner, &socket->receivers, &socket->received)) return;
  while (ta_wake_first(runner, &socket->selecting)) continue;
}

static void wake_sender(struct socket *socket) {
  ta_hand_baton(socket->io->runner, &socket->senders, &socket->sent);
}

static void drop_received(struct ta_baton *baton) {
  wake_receiver(TA_HOLDER(baton, struct socket, received));
}

static void drop_sent(struct ta_baton *baton) {
  wake_sender(TA_HOLDER(baton, struct socket, sent));
}

static void is_ready(struct ta_watch *watch, unsigned directions) {
  struct socket *socket = (struct socket *)watch;
  if (directions & TA_MAY_READ) wake_receiver(socket);
  if (directions & TA_MAY_WRITE) wake_sender(socket);
}

/* Whoever waits next goes on, or hears when it may. */
static void let_next(struct socket *socket, unsigned direction) {
  bool receives = direction == TA_MAY_READ;
  const struct ta_list *list = receives ? &socket->receivers : &socket->senders;
  bool waits = !ta_list_empty(list) || (receives && !ta_list_empty(&socket->selecting));
  if (waits && ta_watch_is_ready(&socket->watch, direction))
    is_ready(&socket->watch, direction);
  else if (waits)
    ta_watch_want(&socket->watch, direction);
}

static void close_socket(struct socket *socket) {
  if (!socket->io || socket->closed) return;
  struct ta_runner *runner = socket->io->runner;
  socket->closed = true;
  ta_end_baton(&socket->received);
  ta_end_baton(&socket->sent);
  ta_watch_close(&socket->watch);
  while (ta_wake_first(runner, &socket->receivers)) continue;
  while (ta_wake_first(runner, &socket->selecting)) continue;
  while (ta_wake_first(runner, &socket->senders)) continue;
}

/* ------------------------------------------------------------------ selecting */

/* A look takes none. */
static bool has_come(struct ta_runner *runner, void *subject) {
  struct socket *socket = subject;
  char byte;
  (void)runner;
  if (socket->closed) return true;
  if (ta_watch_is_ready(&socket->watch, TA_MAY_READ)) {
    ssize_t count = recv(socket->watch.fd, &byte, sizeof byte, MSG_PEEK);
    if (count >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK)) return true;
    ta_watch_blocked(&socket->watch, TA_MAY_READ);
  }
  return ta_watch_want(&socket->watch, TA_MAY_READ) != 0;
}

static struct ta_list *selecting(void *subject) {
  return &((struct socket *)subject)->selecting;
}

static int give(struct ta_runner *runner, lua_State *L, int index) {
  (void)runner;
  lua_pushvalue(L, index);
  return 1;
}

static const struct ta_selectable selectable = {
    .ready = has_come, .queue = selecting, .give = give};

/* ----------------------------------------------------------------------- kind */

static int l_receive(lua_State *L);
static int l_close(lua_State *L);
static int l_tostring(lua_State *L);

static const struct ta_function methods[] = {{"recv", l_receive}, {"close", l_close}, {NULL, NULL}};
static const struct ta_function meta[] = {
    {"__gc", l_close}, {"__close", l_close}, {"__tostring", l_tostring}, {NULL, NULL}};
static const struct ta_object_kind kind = {
    .name = "Socket", .methods = methods, .meta = meta, .select = &selectable};

static struct socket *check(lua_State *L) {
  return ta_check_object(L, 1, &kind);
}

static struct socket *check_open(lua_State *L) {
  struct socket *socket = check(L);
  ta_enter(ta_upvalue_runner(L), L);
  if (socket->closed) ta_error(L, "the socket is closed");
  return socket;
}

static int l_close(lua_State *L) {
  close_socket(check(L));
  lua_pushboolean(L, true);
  return 1;
}

static int l_tostring(lua_State *L) {
  const struct socket *socket = check(L);
  lua_pushfstring(L, "udp %s%s", socket->label, socket->closed ? " (closed)" : "");
  return 1;
}

static bool push_field(lua_State *L, const void *object, const char *name) {
  const struct socket *socket = object;
  bool is_address = strcmp(name, "address") == 0, is_port = strcmp(name, "port") == 0;
  if (is_address) lua_pushstring(L, socket->label);
  if (is_port) lua_pushinteger(L, socket->port);
  return is_address || is_port;
}

static const struct ta_fields fields = {&kind, push_field};

static void describe(const void *subject, char *text, size_t size) {
  snprintf(text, size, "udp %s", ((const struct socket *)subject)->label);
}

/* ------------------------------------------------------------------- receiving */

static const struct ta_wait_kind receive_kind = {.action = "recv", .describe = describe};

static int give_datagram(lua_State *L, const char *bytes, size_t size,
                         const struct ta_address *from) {
  char host[TA_ADDRESS_TEXT];
  ta_address_write(from, false, host, sizeof host);
  lua_pushlstring(L, bytes, size);
  lua_pushstring(L, host);
  lua_pushinteger(L, ta_address_port(from));
  return 3;
}

static int k_receive(lua_State *L, int status, lua_KContext context);

static int receive_on(lua_State *L) {
  char bytes[LONGEST];
  struct ta_address from;
  struct socket *socket = ta_object_at(L, 1);
  if (socket->closed) return ta_refuse_in_words(L, "closed", "ECANCELED");
  bool may = ta_watch_is_ready(&socket->watch, TA_MAY_READ);
  ssize_t count = may ? ta_net_receive(socket->watch.fd, bytes, sizeof bytes, &from) : -EAGAIN;
  if (count == -EAGAIN) {
    ta_watch_blocked(&socket->watch, TA_MAY_READ);
    count = ta_watch_want(&socket->watch, TA_MAY_READ);
    if (count == 0)
      return ta_wait_in(ta_upvalue_runner(L), L, "recv", &receive_kind, socket, &socket->receivers,
                        k_receive);
  } else {
    let_next(socket, TA_MAY_READ);
  }
  if (count < 0) return ta_refuse(L, (int)count, "cannot receive at %s", socket->label);
  return give_datagram(L, bytes, (size_t)count, &from);
}

/* Who is cancelled takes none. */
static int k_receive(lua_State *L, int status, lua_KContext context) {
  struct socket *socket = ta_object_at(L, 1);
  (void)status, (void)context;
  ta_take_baton(ta_upvalue_runner(L), L, &socket->received);
  return receive_on(L);
}

/* (socket) -> data, host, port */
static int l_receive(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  check_open(L);
  lua_settop(L, 1);
  if (ta_has_gone_on(runner, L)) return ta_give_turn_before(runner, L, receive_on);
  return receive_on(L);
}

/* --------------------------------------------------------------------- sending */

/* The stack of a send; NAME is what the address was asked for as. */
enum { SOCKET = 1, DATA, HOST, PORT, NAME };

static const struct ta_wait_kind send_kind = {.action = "send", .describe = describe};

static int k_send(lua_State *L, int status, lua_KContext context);

/* Sends it.  0, -EAGAIN, or another negative errno. */
static int send_now(lua_State *L, struct socket *socket) {
  size_t size;
  struct ta_address to;
  const char *data = lua_tolstring(L, DATA, &size);
  int error =
      ta_address_read(lua_tostring(L, HOST), AF_UNSPEC, (unsigned)lua_tointeger(L, PORT), &to);
  if (error) return error;
  if (ta_gate_address(socket->io->gate, &to.as.any)) return -TA_NOT_ALLOWED;
  if (!ta_watch_is_ready(&socket->watch, TA_MAY_WRITE)) return -EAGAIN;
  ssize_t count = ta_net_send(socket->watch.fd, data, size, &to);
  return count < 0 ? (int)count : 0;
}

static int send_on(lua_State *L) {
  struct socket *socket = ta_object_at(L, SOCKET);
  if (socket->closed) return ta_refuse_in_words(L, "closed", "ECANCELED");
  int error = send_now(L, socket);
  if (error == -EAGAIN) {
    ta_watch_blocked(&socket->watch, TA_MAY_WRITE);
    error = ta_watch_want(&socket->watch, TA_MAY_WRITE);
    if (!error)
      return ta_wait_in(ta_upvalue_runner(L), L, "send", &send_kind, socket, &socket->senders,
                        k_send);
  } else {
    let_next(socket, TA_MAY_WRITE);
  }
  if (error == -TA_NOT_ALLOWED)
    return ta_refuse_verdict(L, TA_DENIED_NET, "send to", lua_tostring(L, NAME));
  if (error) return ta_refuse(L, error, "cannot send to %s", lua_tostring(L, NAME));
  lua_pushvalue(L, SOCKET);
  return 1;
}

static int k_send(lua_State *L, int status, lua_KContext context) {
  struct socket *socket = ta_object_at(L, SOCKET);
  (void)status, (void)context;
  ta_take_baton(ta_upvalue_runner(L), L, &socket->sent);
  return send_on(L);
}

/* (socket, data, numeric host, port, what that is called) -> socket.  It may have been closed while
 * the host was looked for. */
static int l_send(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  check(L);
  ta_enter(runner, L);
  for (int i = DATA; i <= NAME; i++) luaL_checkstring(L, i);
  lua_settop(L, NAME);
  if (ta_has_gone_on(runner, L)) return ta_give_turn_before(runner, L, send_on);
  return send_on(L);
}

/* --------------------------------------------------------------------- opening */

static struct socket *push_socket(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  struct ta_io *io = ta_io_of(runner, L);
  struct socket *socket = ta_push_object(runner, L, &kind, sizeof *socket, 0);
  socket->watch.fd = -1;
  socket->closed = true;
  socket->received.drop = drop_received;
  socket->sent.drop = drop_sent;
  ta_list_init(&socket->receivers);
  ta_list_init(&socket->selecting);
  ta_list_init(&socket->senders);
  socket->io = io;
  ta_complete_kind(runner, L, &fields);
  return socket;
}

/* The descriptor becomes the socket's, or is closed.  0, or a negative errno. */
static int open_socket(struct socket *socket, int fd) {
  struct ta_address own;
  int error = ta_net_own(fd, &own);
  if (!error) error = ta_watch_open(socket->io->loop, TA_EDGE, fd, is_ready, &socket->watch);
  if (error) {
    close(fd);
    return error;
  }
  socket->closed = false;
  socket->port = ta_address_port(&own);
  ta_address_write(&own, true, socket->label, sizeof socket->label);
  return 0;
}

/* (what it is called, numeric host or nil: any, port, may it send to all?) -> socket */
static int l_udp(lua_State *L) {
  struct ta_address address;
  int fd = -1;
  const char *name = luaL_checkstring(L, 1), *host = luaL_optstring(L, 2, NULL);
  unsigned port = (unsigned)luaL_checkinteger(L, 3);
  bool broadcast = lua_toboolean(L, 4);
  struct socket *socket = push_socket(L);
  int error = host ? ta_address_read(host, AF_UNSPEC, port, &address) : 0;
  if (!error) error = ta_net_open_datagrams(host ? &address : NULL, port, broadcast, &fd);
  if (!error) error = open_socket(socket, fd);
  return error ? ta_refuse(L, error, "cannot receive at %s", name) : 1;
}

/* (value) -> is it such a socket, is it closed */
static int l_is_socket(lua_State *L) {
  const struct socket *socket = ta_to_object(ta_upvalue_runner(L), L, 1, &kind);
  lua_pushboolean(L, socket != NULL);
  lua_pushboolean(L, socket && socket->closed);
  return 2;
}

const struct ta_function ta_datagram_parts[] = {
    {"udp", l_udp}, {"send", l_send}, {"is_socket", l_is_socket}, {NULL, NULL}};
