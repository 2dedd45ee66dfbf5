/* SPDX-License-Identifier: MIT
 *
 * A small library on tinyasync_lib.h: a stream over a pipe, whose read_some() waits for
 * the loop of the host.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "host/watch.h"
#include "tinyasync_lib.h"
#include "unit/world.h"

struct pipe {
  struct ta_watch watch;
  struct ta_runner *runner;
  struct ta_ticket reader;
};

static void pipe_is_ready(struct ta_watch *watch, unsigned directions) {
  struct pipe *pipe = (struct pipe *)watch;
  (void)directions;
  ta_unpark(pipe->runner, pipe->reader);
}

static void disarm_pipe(void *subject) {
  struct pipe *pipe = subject;
  ta_watch_unwant(&pipe->watch, TA_MAY_READ);
}

static const struct ta_wait_kind read_kind = {.action = "read", .disarm = disarm_pipe};

static int l_pipe_close(lua_State *L);

static int l_read_some(lua_State *L);

static const struct ta_function pipe_methods[] = {
    {"read_some", l_read_some}, {"close", l_pipe_close}, {NULL, NULL}};
static const struct ta_function pipe_meta[] = {
    {"__gc", l_pipe_close}, {"__close", l_pipe_close}, {NULL, NULL}};
static const struct ta_object_kind pipe_kind = {
    .name = "Pipe", .methods = pipe_methods, .meta = pipe_meta};

static int k_read_some(lua_State *L, int status, lua_KContext context) {
  (void)status, (void)context;
  lua_settop(L, 1);
  return l_read_some(L);
}

static int refuse(lua_State *L, int error, const char *code) {
  lua_pushnil(L);
  lua_pushstring(L, strerror(error));
  lua_pushstring(L, code);
  return 3;
}

/* Results before wakes: it asks again after each wait. */
static int l_read_some(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  struct pipe *pipe = ta_check_object(L, 1, &pipe_kind);
  char bytes[64];
  ta_enter(runner, L);
  if (pipe->watch.fd < 0) return refuse(L, ECANCELED, "ECANCELED");
  ssize_t count = read(pipe->watch.fd, bytes, sizeof bytes);
  if (count > 0) lua_pushlstring(L, bytes, (size_t)count);
  if (count == 0) lua_pushnil(L);
  if (count >= 0) return 1;
  if (errno != EAGAIN) return refuse(L, errno, "EIO");
  ta_watch_blocked(&pipe->watch, TA_MAY_READ);
  pipe->reader = ta_take_ticket(runner, L, &read_kind, pipe);
  if (ta_watch_want(&pipe->watch, TA_MAY_READ) < 0) return refuse(L, ENOMEM, "ENOMEM");
  return ta_park(runner, L, pipe->reader, 0, k_read_some);
}

static int l_pipe_close(lua_State *L) {
  struct pipe *pipe = ta_check_object(L, 1, &pipe_kind);
  struct ta_ticket reader = pipe->reader;
  ta_watch_close(&pipe->watch);
  pipe->watch.fd = -1;
  ta_unpark(pipe->runner, reader);
  return 0;
}

/* A world whose outside is a loop of the host's. */
struct place {
  struct world world;
  struct ta_loop loop;
  int writing;
};

static void open_pipe(struct place *place) {
  int fds[2];
  CHECK(pipe(fds) == 0 && fcntl(fds[0], F_SETFL, O_NONBLOCK) == 0);
  place->writing = fds[1];
  lua_State *L = place->world.L;
  struct pipe *pipe = ta_push_object(place->world.runner, L, &pipe_kind, sizeof *pipe, 0);
  pipe->runner = place->world.runner;
  pipe->watch.fd = -1;
  CHECK(ta_watch_open(&place->loop, TA_EDGE, fds[0], pipe_is_ready, &pipe->watch) == 0);
  lua_setglobal(L, "pipe");
}

static void open_place(struct place *place) {
  *place = (struct place){.writing = -1};
  world_open(&place->world, TA_OPEN_ALL | TA_OPEN_REUSE);
  CHECK(ta_loop_open(&place->loop, NULL) == 0);
  open_pipe(place);
}

static void close_place(struct place *place) {
  close(place->writing);
  world_close(&place->world);
  ta_loop_close(&place->loop);
}

/* Passes until nothing is left to do.  What has come is looked at before time goes on, and
 * the loop waited for while nobody sleeps. */
static enum ta_pass_result live(struct place *place) {
  int waits = 3; /* that may end for nothing: whoever writes is in this process */
  for (int left = 10000; left > 0; left--) {
    enum ta_pass_result result = world_pass(&place->world);
    bool sleeps = place->world.deadline < HUGE_VAL;
    if (result != TA_BUSY && result != TA_WAITING) return result;
    ta_loop_wait(&place->loop, result == TA_WAITING && !sleeps ? 0.001 : 0);
    if (result == TA_WAITING && !sleeps && waits-- == 0) break;
    if (result == TA_WAITING && sleeps) place->world.now = place->world.deadline;
  }
  return TA_BUSY;
}

static int l_write(lua_State *L) {
  const struct place *place = lua_touserdata(L, lua_upvalueindex(1));
  size_t length;
  const char *text = luaL_checklstring(L, 1, &length);
  CHECK(write(place->writing, text, length) == (ssize_t)length);
  return 0;
}

static void add_write(struct place *place) {
  lua_pushlightuserdata(place->world.L, place);
  lua_pushcclosure(place->world.L, l_write, 1);
  lua_setglobal(place->world.L, "write");
}

static void a_stream_waits_for_the_loop_in_straight_lines(void) {
  struct place place;
  open_place(&place);
  add_write(&place);
  world_add(&place.world, "log(pipe:read_some()) log(pipe:read_some()) "
                          "for text in coroutine.wrap(function() "
                          "coroutine.yield(pipe:read_some()) end) do log(text) break end");
  world_add(&place.world, "write 'a' sleep(1) write 'b' sleep(1) write 'c'");
  CHECK(live(&place) == TA_DONE);
  CHECK_TEXT(place.world.log, "a b c");
  close_place(&place);
}

static void a_deadline_and_a_close_end_the_wait(void) {
  struct place place;
  open_place(&place);
  add_write(&place);
  world_add(&place.world, "log(async.move_on_after(1, pipe.read_some, pipe)) "
                          "spawn(function() write 'late' end) log(pipe:read_some()) "
                          "spawn(function() pipe:close() end) log(pipe:read_some()) "
                          "log(select('#', pipe:read_some()))");
  CHECK(live(&place) == TA_DONE);
  CHECK_TEXT(place.world.log, "nil timeout late nil Operation canceled ECANCELED 3");
  close_place(&place);
}

/* What each step of the cancelled run is told by. */
static const char reading[] =
    "local reader = spawn(function() local guard <close> = async.defer(log, 'clean') "
    "for _ = 1, 3 do pipe:read_some() end end) "
    "spawn(function() for _ = 1, 3 do write 'x' async.checkpoint() end end) "
    "for _ = 1, steps do async.checkpoint() end reader:cancel() write 'yyy' "
    "local text = async.move_on_after(1, pipe.read_some, pipe) log(text and 'read' or 'empty')";

static void a_cancellation_at_any_step_leaves_the_stream_usable(void) {
  for (int steps = 0; steps < 12; steps++) {
    struct place place;
    open_place(&place);
    add_write(&place);
    lua_pushinteger(place.world.L, steps);
    lua_setglobal(place.world.L, "steps");
    world_add(&place.world, reading);
    CHECK(live(&place) == TA_DONE);
    CHECK(ta_outside(place.world.runner) == 0);
    CHECK(strstr(place.world.log, "read"));
    close_place(&place);
  }
}

/* Each request for memory is refused once, and nothing is lost by it. */
static void refused_memory_leaves_no_wait_behind(void) {
  for (size_t room = 0; room < 40000; room += test_quick() ? 2000 : 200) {
    struct place place;
    open_place(&place);
    add_write(&place);
    world_add(&place.world, "pcall(pipe.read_some, pipe) pcall(pipe.read_some, pipe)");
    world_add(&place.world, "write 'x' sleep(1) write 'x'");
    place.world.most = place.world.memory.bytes + room;
    live(&place);
    place.world.most = 0;
    ta_close_all(place.world.runner);
    CHECK(ta_outside(place.world.runner) == 0);
    close_place(&place);
  }
}

static void a_stream_outlives_its_runner_and_its_state_closes_it(void) {
  struct place place;
  open_place(&place);
  world_add(&place.world, "pipe:read_some()");
  world_pass(&place.world);
  CHECK(ta_outside(place.world.runner) == 1);
  ta_runner_free(place.world.runner);
  place.world.runner = NULL;
  CHECK(write(place.writing, "x", 1) == 1);
  ta_loop_wait(&place.loop, 0); /* nobody waits for it any more */
  close_place(&place);
}

const struct test pipe_tests[] = {
    TEST(a_stream_waits_for_the_loop_in_straight_lines),
    TEST(a_deadline_and_a_close_end_the_wait),
    TEST(a_cancellation_at_any_step_leaves_the_stream_usable),
    TEST(refused_memory_leaves_no_wait_behind),
    TEST(a_stream_outlives_its_runner_and_its_state_closes_it),
    TESTS_END,
};
