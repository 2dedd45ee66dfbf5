/* SPDX-License-Identifier: MIT */
#include "io/descriptor.h"

#include <errno.h>
#include <fcntl.h>
#include <lauxlib.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/gate.h"
#include "io/refusal.h"

#define MODE 0666        /* of a new file, but for the umask */
#define FIRST_PAUSE 5e-3 /* seconds */
#define LONGEST_PAUSE 50e-3

static const struct ta_function meta[] = {
    {"__gc", ta_l_close_descriptor}, {"__close", ta_l_close_descriptor}, {NULL, NULL}};
static const struct ta_object_kind kind = {.name = "Descriptor", .meta = meta};

struct ta_descriptor *ta_push_descriptor(struct ta_runner *runner, lua_State *L) {
  struct ta_descriptor *descriptor = ta_push_object(runner, L, &kind, sizeof *descriptor, 0);
  descriptor->fd = -1;
  return descriptor;
}

struct ta_descriptor *ta_check_descriptor(lua_State *L, int index) {
  return ta_check_object(L, index, &kind);
}

int ta_check_fd(lua_State *L, int index) {
  if (lua_type(L, index) == LUA_TNUMBER) return (int)lua_tointeger(L, index);
  return ta_check_descriptor(L, index)->fd;
}

static void close_now(struct ta_descriptor *descriptor) {
  if (descriptor->fd >= 0) close(descriptor->fd);
  descriptor->fd = -1;
}

int ta_l_close_descriptor(lua_State *L) {
  close_now(ta_check_descriptor(L, 1));
  return 0;
}

/* Non-blocking is the end that is ours: each has its own mode. */
int ta_l_pipe(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  lua_settop(L, 0);
  struct ta_descriptor *reading = ta_push_descriptor(runner, L);
  struct ta_descriptor *writing = ta_push_descriptor(runner, L);
  int fds[2];
  if (pipe2(fds, O_CLOEXEC) != 0) return ta_refuse(L, -errno, "cannot make a pipe");
  reading->fd = fds[0];
  writing->fd = fds[1];
  return 2;
}

static int flags_of(const char *mode) {
  if (*mode == 'r') return O_RDONLY;
  return O_WRONLY | O_CREAT | (*mode == 'a' ? O_APPEND : O_TRUNC);
}

/* ------------------------------------------------------------------------- files */

/* (path, mode); then a descriptor, and what a task waits with. */
enum { PATH = 1, OPEN_MODE, DESCRIPTOR, OPENING };

/* Of a FIFO nobody has the other side open yet: it is looked for again, later and later. */
struct opening {
  struct ta_alarm alarm;
  struct ta_io *io;
  struct ta_ticket ticket;
  double pause;
  const char *path;                 /* kept in the first user value */
  struct ta_descriptor *descriptor; /* in the second */
};

static void ring(struct ta_alarm *alarm) {
  struct opening *opening = (struct opening *)alarm;
  ta_unpark(opening->io->runner, opening->ticket);
}

/* Whoever has the other side then does not take us for there. */
static void disarm(void *subject) {
  struct opening *opening = subject;
  ta_alarm_stop(&opening->alarm);
  close_now(opening->descriptor);
}

static void describe(const void *subject, char *text, size_t size) {
  snprintf(text, size, "%s", ((const struct opening *)subject)->path);
}

static const struct ta_wait_kind wait_kind = {
    .action = "open", .describe = describe, .disarm = disarm};

static int l_forget_opening(lua_State *L);

static const struct ta_function opening_meta[] = {{"__gc", l_forget_opening}, {NULL, NULL}};
static const struct ta_object_kind opening_kind = {.name = "Opening", .meta = opening_meta};

static int l_forget_opening(lua_State *L) {
  struct opening *opening = ta_check_object(L, 1, &opening_kind);
  ta_alarm_stop(&opening->alarm);
  return 0;
}

static bool is_fifo(const char *path) {
  struct stat about;
  return stat(path, &about) == 0 && S_ISFIFO(about.st_mode);
}

static bool is_open_fifo(int fd) {
  struct stat about;
  return fstat(fd, &about) == 0 && S_ISFIFO(about.st_mode);
}

/* A writer that has opened it and written nothing yet cannot be seen. */
static bool has_writer(int fd) {
  struct pollfd asked = {.fd = fd, .events = POLLIN};
  return poll(&asked, 1, 0) > 0;
}

/* Opens it without waiting for whoever is to have the other side.  0; -EAGAIN: nobody has; or
 * another negative errno. */
static int try_to_open(struct ta_descriptor *descriptor, const char *path, const char *mode) {
  if (descriptor->fd < 0)
    descriptor->fd = open(path, flags_of(mode) | O_CLOEXEC | O_NONBLOCK, MODE);
  int error = descriptor->fd < 0 ? errno : 0;
  if (error) return error == ENXIO && is_fifo(path) ? -EAGAIN : -error;
  if (*mode == 'r' && is_open_fifo(descriptor->fd) && !has_writer(descriptor->fd)) return -EAGAIN;
  int flags = fcntl(descriptor->fd, F_GETFL);
  return flags >= 0 && fcntl(descriptor->fd, F_SETFL, flags & ~O_NONBLOCK) == 0 ? 0 : -errno;
}

static int k_open(lua_State *L, int status, lua_KContext context);

static int wait_for_partner(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  struct opening *opening = ta_object_at(L, OPENING);
  opening->ticket = ta_retake_ticket(runner, L, &wait_kind, opening);
  ta_loop_set_alarm(opening->io->loop, &opening->alarm, opening->pause);
  opening->pause = fmin(2 * opening->pause, LONGEST_PAUSE);
  return ta_park(runner, L, opening->ticket, 0, k_open);
}

static int open_on(lua_State *L) {
  const char *path = lua_tostring(L, PATH);
  int error = try_to_open(ta_check_descriptor(L, DESCRIPTOR), path, lua_tostring(L, OPEN_MODE));
  if (error == -EAGAIN) return wait_for_partner(L);
  if (error) return ta_refuse(L, error, "cannot open %s", path);
  lua_pushvalue(L, DESCRIPTOR);
  return 1;
}

static int k_open(lua_State *L, int status, lua_KContext context) {
  (void)status, (void)context;
  return open_on(L);
}

static void push_opening(lua_State *L, struct ta_runner *runner) {
  struct ta_io *io = ta_io_of(runner, L);
  struct opening *opening = ta_push_object(runner, L, &opening_kind, sizeof *opening, 2);
  *opening = (struct opening){.alarm = {.ring = ring},
                              .io = io,
                              .pause = FIRST_PAUSE,
                              .path = lua_tostring(L, PATH),
                              .descriptor = ta_check_descriptor(L, DESCRIPTOR)};
  lua_pushvalue(L, PATH);
  lua_setiuservalue(L, -2, 1);
  lua_pushvalue(L, DESCRIPTOR);
  lua_setiuservalue(L, -2, 2);
}

/* Where no task can wait, for a FIFO's other side, it blocks. */
int ta_l_open_file(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  const char *path = luaL_checkstring(L, PATH), *mode = luaL_checkstring(L, OPEN_MODE);
  lua_settop(L, OPEN_MODE);
  unsigned needs = *mode == 'r' ? TA_PATH_READ : TA_PATH_WRITE;
  int refused = ta_ask_path(L, ta_io_of(runner, L), needs, path);
  if (refused) return refused;
  struct ta_descriptor *descriptor = ta_push_descriptor(runner, L);
  if (ta_can_wait(runner, L)) {
    push_opening(L, runner);
    return open_on(L);
  }
  descriptor->fd = open(path, flags_of(mode) | O_CLOEXEC, MODE);
  if (descriptor->fd < 0) return ta_refuse(L, -errno, "cannot open %s", path);
  return 1;
}
