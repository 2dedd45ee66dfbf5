/* SPDX-License-Identifier: MIT */
#include "unit/outside.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/clock.h"
#include "io/open.h"
#include "io/stream.h"
#include "unit/system.h"

#define MOST_TURNS 200000 /* of passes and waits, and then it goes on for ever */
#define QUIET_WAITS 5     /* in a row that end with nothing */
#define QUIET_WAIT 0.002  /* seconds */
#define MOST_DESCRIPTORS 256
#define LONGEST_LIFE 60.0 /* seconds */

/* ------------------------------------------------------------- descriptors */

static int count_descriptors(void) {
  int count = 0;
  for (int fd = 0; fd < MOST_DESCRIPTORS; fd++) count += fcntl(fd, F_GETFD) >= 0;
  return count;
}

static struct outside *outside_of(lua_State *L) {
  return lua_touserdata(L, lua_upvalueindex(1));
}

static void set_nonblocking(int fd) {
  CHECK(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL, 0) | O_NONBLOCK) == 0);
}

/* Pushes the descriptor, which the outside closes. */
static int push_fd(lua_State *L, int fd) {
  struct outside *outside = outside_of(L);
  CHECK(outside->count < OUTSIDE_FDS);
  set_nonblocking(fd);
  outside->fds[outside->count++] = fd;
  lua_pushinteger(L, fd);
  return 1;
}

static struct ta_stream_object *push_stream(lua_State *L, const char *label) {
  return ta_push_stream(&outside_of(L)->io, L, label);
}

/* What cannot be opened is the caller's still: closed here, and the stream stays so. */
static int open_it(struct ta_stream_object *object, enum ta_watch_kind kind, int fd) {
  if (kind == TA_EDGE) set_nonblocking(fd);
  int error = ta_open_stream(object, kind, fd);
  if (error) close(fd);
  return error;
}

static int check_opened(lua_State *L, int error, int values) {
  return error ? luaL_error(L, "cannot open it: %s", strerror(-error)) : values;
}

static void make_sockets(int fds[2]) {
  CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0);
}

static void make_pipe(int fds[2]) {
  CHECK(pipe(fds) == 0);
}

static int give(lua_State *L, const char *label, enum ta_watch_kind kind, void (*make)(int fds[2]),
                int ours) {
  int fds[2];
  struct ta_stream_object *object = push_stream(L, label);
  make(fds);
  int error = open_it(object, kind, fds[ours]);
  return check_opened(L, error, 1 + push_fd(L, fds[!ours]));
}

static int l_sockets(lua_State *L) {
  return give(L, "a socket", TA_EDGE, make_sockets, 0);
}

static int l_reading(lua_State *L) {
  return give(L, "a pipe", TA_EDGE, make_pipe, 0);
}

static int l_writing(lua_State *L) {
  return give(L, "a pipe", TA_EDGE, make_pipe, 1);
}

static int l_inherited(lua_State *L) {
  return give(L, "standard input", TA_ONCE, make_pipe, 0);
}

static int l_inherited_writing(lua_State *L) {
  return give(L, "standard output", TA_ONCE, make_pipe, 1);
}

static void make_terminal(int fds[2]) {
  CHECK(openpty(&fds[1], &fds[0], NULL, NULL, NULL) == 0);
}

static int l_terminal(lua_State *L) {
  return give(L, "a terminal", TA_ONCE, make_terminal, 0);
}

static int l_master(lua_State *L) {
  return give(L, "a terminal", TA_EDGE, make_terminal, 1);
}

static int give_both(lua_State *L, void (*make)(int fds[2])) {
  int fds[2];
  struct ta_stream_object *reader = push_stream(L, "the reader");
  struct ta_stream_object *writer = push_stream(L, "the writer");
  make(fds);
  int error = open_it(reader, TA_EDGE, fds[0]);
  int other = open_it(writer, TA_EDGE, fds[1]);
  return check_opened(L, error ? error : other, 2);
}

static int l_both(lua_State *L) {
  return give_both(L, make_sockets);
}

static int l_joined(lua_State *L) {
  return give_both(L, make_pipe);
}

static int l_file(lua_State *L) {
  char path[] = "/tmp/tinyasync-XXXXXX";
  size_t length;
  const char *text = luaL_checklstring(L, 1, &length);
  struct ta_stream_object *object = push_stream(L, "a file");
  int fd = mkstemp(path);
  CHECK(fd >= 0 && unlink(path) == 0);
  CHECK(write(fd, text, length) == (ssize_t)length && lseek(fd, 0, SEEK_SET) == 0);
  return check_opened(L, open_it(object, TA_ONCE, fd), 1);
}

static int l_null(lua_State *L) {
  struct ta_stream_object *object = push_stream(L, "nothing");
  return check_opened(L, open_it(object, TA_ONCE, open("/dev/null", O_RDWR)), 1);
}

static struct ta_stream_object *check_stream(lua_State *L) {
  struct ta_stream_object *object = ta_to_stream(outside_of(L)->world.runner, L, 1);
  if (!object) luaL_typeerror(L, 1, "Stream");
  return object;
}

static int l_seek(lua_State *L) {
  CHECK(lseek(ta_stream_of(check_stream(L))->watch.fd, luaL_checkinteger(L, 2), SEEK_SET) >= 0);
  return 0;
}

/* ---------------------------------------------------------- the other side */

static int l_put(lua_State *L) {
  size_t length;
  const char *text = luaL_checklstring(L, 2, &length);
  system_count(false);
  CHECK(write((int)luaL_checkinteger(L, 1), text, length) == (ssize_t)length);
  system_count(true);
  return 0;
}

static int l_got(lua_State *L) {
  int fd = (int)luaL_checkinteger(L, 1);
  luaL_Buffer buffer;
  ssize_t count;
  bool ended = true;
  luaL_buffinit(L, &buffer);
  while ((count = read(fd, luaL_prepbuffer(&buffer), LUAL_BUFFERSIZE)) > 0) {
    ended = false;
    luaL_addsize(&buffer, (size_t)count);
  }
  luaL_pushresult(&buffer);
  if (ended && count == 0) lua_pushnil(L);
  return 1;
}

/* From now on it is no descriptor of ours. */
static int take_fd(lua_State *L) {
  struct outside *outside = outside_of(L);
  int fd = (int)luaL_checkinteger(L, 1);
  for (int i = 0; i < outside->count; i++)
    if (outside->fds[i] == fd) outside->fds[i] = -1;
  return fd;
}

static int l_hang_up(lua_State *L) {
  CHECK(close(take_fd(L)) == 0);
  return 0;
}

static int l_end_of(lua_State *L) {
  CHECK(shutdown((int)luaL_checkinteger(L, 1), SHUT_WR) == 0);
  return 0;
}

static int l_reset(lua_State *L) {
  struct linger linger = {.l_onoff = 1};
  int fd = take_fd(L);
  CHECK(setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger) == 0);
  CHECK(close(fd) == 0);
  return 0;
}

/* What the stream could read is read by somebody else who has its descriptor. */
static int l_steal(lua_State *L) {
  char bytes[256];
  ssize_t count = read(ta_stream_of(check_stream(L))->watch.fd, bytes, sizeof bytes);
  CHECK(count >= 0);
  lua_pushlstring(L, bytes, (size_t)count);
  return 1;
}

static int l_waits(lua_State *L) {
  int flags = fcntl(ta_stream_of(check_stream(L))->watch.fd, F_GETFL);
  lua_pushboolean(L, !(flags & O_NONBLOCK));
  return 1;
}

static int l_limit(lua_State *L) {
  ta_set_max_line(check_stream(L), (size_t)luaL_checkinteger(L, 2));
  return 0;
}

static int l_end_stream(lua_State *L) {
  ta_end_stream(check_stream(L));
  return 0;
}

static int l_held(lua_State *L) {
  const struct ta_stream *stream = ta_stream_of(check_stream(L));
  lua_pushinteger(L, (lua_Integer)ta_stream_held(stream));
  lua_pushinteger(L, (lua_Integer)stream->room);
  return 2;
}

static int l_received(lua_State *L) {
  lua_pushinteger(L, (lua_Integer)ta_stream_of(check_stream(L))->received);
  return 1;
}

/* As streams of scripts are. */
static void send_at_once(int fd) {
  int yes = 1;
  CHECK(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes) == 0);
}

static void make_tcp(int fds[2]) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  int listening = socket(AF_INET, SOCK_STREAM, 0);
  CHECK(bind(listening, (struct sockaddr *)&address, size) == 0 && listen(listening, 1) == 0);
  CHECK(getsockname(listening, (struct sockaddr *)&address, &size) == 0);
  fds[0] = socket(AF_INET, SOCK_STREAM, 0);
  CHECK(connect(fds[0], (struct sockaddr *)&address, size) == 0);
  fds[1] = accept(listening, NULL, NULL);
  CHECK(fds[1] >= 0 && close(listening) == 0);
  send_at_once(fds[0]);
  send_at_once(fds[1]);
}

static int l_tcp(lua_State *L) {
  return give(L, "a connection", TA_EDGE, make_tcp, 0);
}

static int l_connected(lua_State *L) {
  return give_both(L, make_tcp);
}

/* ------------------------------------------------------------- opening, closing */

static const luaL_Reg functions[] = {{"sockets", l_sockets},
                                     {"reading", l_reading},
                                     {"writing", l_writing},
                                     {"inherited", l_inherited},
                                     {"terminal", l_terminal},
                                     {"master", l_master},
                                     {"both", l_both},
                                     {"joined", l_joined},
                                     {"file", l_file},
                                     {"put", l_put},
                                     {"got", l_got},
                                     {"hang_up", l_hang_up},
                                     {"end_of", l_end_of},
                                     {"reset", l_reset},
                                     {"limit", l_limit},
                                     {"end_stream", l_end_stream},
                                     {"held", l_held},
                                     {"inherited_writing", l_inherited_writing},
                                     {"null", l_null},
                                     {"seek", l_seek},
                                     {"steal", l_steal},
                                     {"waits", l_waits},
                                     {"received", l_received},
                                     {"tcp", l_tcp},
                                     {"connected", l_connected},
                                     {NULL, NULL}};

/* Requests for memory can fail here, be they Lua's or ours. */
static void *allocate(void *data, void *block, size_t old, size_t size) {
  if (size > (block ? old : 0) && system_refuses_memory()) return NULL;
  system_count(false);
  void *moved = memory_allocate(data, block, old, size);
  system_count(true);
  return moved;
}

void outside_open(struct outside *outside, const struct ta_poller_kind *kind) {
  *outside = (struct outside){.open_before = count_descriptors()};
  CHECK(ta_loop_open(&outside->loop, kind) == 0);
  world_open(&outside->world, TA_OPEN_ALL | TA_OPEN_REUSE);
  outside->io = (struct ta_io){.runner = outside->world.runner, .loop = &outside->loop};
  ta_io_prepare(&outside->io);
  ta_children_open(&outside->io.children, &outside->loop, NULL);
  lua_State *L = outside->world.L;
  lua_setallocf(L, allocate, &outside->world.memory);
  signal(SIGPIPE, SIG_IGN);
  ta_io_open(&outside->io, L);
  lua_pushglobaltable(L);
  lua_pushlightuserdata(L, outside);
  luaL_setfuncs(L, functions, 1);
  lua_pop(L, 1);
}

void outside_close_rest(struct outside *outside) {
  for (int i = 0; i < outside->count; i++)
    if (outside->fds[i] >= 0) close(outside->fds[i]);
  ta_io_close(&outside->io);
  CHECK(ta_children_close(&outside->io.children, SIGTERM, 1) == 0);
  CHECK(outside->loop.members == 0);
  ta_loop_close(&outside->loop);
  CHECK(count_descriptors() == outside->open_before);
}

void outside_close(struct outside *outside) {
  CHECK(!outside->world.runner || ta_outside(outside->world.runner) == 0);
  world_close(&outside->world);
  outside_close_rest(outside);
}

/* Time goes on only where nothing is to come from the outside. */
enum ta_pass_result outside_run(struct outside *outside) {
  struct world *world = &outside->world;
  int quiet = 0;
  for (int turns = 0; turns < MOST_TURNS; turns++) {
    uint64_t steps = ta_steps(world->runner);
    enum ta_pass_result result = world_pass(world);
    if (result != TA_BUSY && result != TA_WAITING) return result;
    quiet = ta_steps(world->runner) == steps ? quiet + 1 : 0;
    bool sleeps = world->deadline < HUGE_VAL;
    if (quiet > QUIET_WAITS && !sleeps) return result;
    if (quiet > 1 && sleeps) world->now = fmax(world->now, world->deadline);
    ta_loop_wait(&outside->loop, result == TA_WAITING && !sleeps ? QUIET_WAIT : 0);
  }
  return TA_BUSY;
}

/* Does it come now?  One that has come does not come again. */
static bool comes_now(struct world *world, struct outside_event *event) {
  if (!event || !event->waits || --event->waits) return false;
  event->act(world, event->how);
  return true;
}

bool outside_live(struct outside *outside, struct outside_event *event) {
  struct world *world = &outside->world;
  double began = ta_monotonic();
  while (ta_monotonic() < began + LONGEST_LIFE) {
    world->now = ta_monotonic() - began;
    enum ta_pass_result result = world_pass(world);
    if (result == TA_DONE) return true;
    if (result == TA_WAITING && comes_now(world, event)) continue;
    double wait = result == TA_BUSY ? 0 : fmin(0.5, fmax(0, world->deadline - world->now));
    ta_loop_wait(&outside->loop, wait);
  }
  return false;
}

static void expect_over(const struct ta_poller_kind *kind, const char *code, const char *log,
                        const char *file, int line) {
  struct outside outside;
  outside_open(&outside, kind);
  world_add(&outside.world, code);
  enum ta_pass_result result = outside_run(&outside);
  if (!test_same_text(outside.world.log, log))
    test_texts_differ(file, line, outside.world.log, log);
  if (result != TA_DONE) test_failed(file, line, "the script ended");
  outside_close(&outside);
}

void outside_expect(const char *code, const char *log, const char *file, int line) {
  expect_over(NULL, code, log, file, line);
  expect_over(&ta_poller_poll, code, log, file, line);
}
