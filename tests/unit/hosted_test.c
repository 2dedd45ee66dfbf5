/* SPDX-License-Identifier: MIT
 *
 * The outside for a Runner in somebody else's loop.
 */
#include "tinyasync_outside.h"

#include <errno.h>
#include <fcntl.h>
#include <lauxlib.h>
#include <lualib.h>
#include <math.h>
#include <poll.h>
#include <string.h>

#include "host/clock.h"
#include "kit/memory.h"
#include "tinyasync_lib.h"
#include "unit/system.h"
#include "unit/test.h"

#define LONG_ENOUGH 60.0 /* seconds */
#define MOST_DESCRIPTORS 256
#define MOST_CALLS 100000

struct scene {
  struct memory memory;
  lua_State *L;
  struct ta_outside *outside;
  int open_before;
  bool failed; /* to be opened */
};

static int count_descriptors(void) {
  int count = 0;
  for (int fd = 0; fd < MOST_DESCRIPTORS; fd++) count += fcntl(fd, F_GETFD) >= 0;
  return count;
}

static void *allocate(void *data, void *block, size_t old, size_t size) {
  if (size > (block ? old : 0) && system_refuses_memory()) return NULL;
  system_count(false);
  void *moved = memory_allocate(data, block, old, size);
  system_count(true);
  return moved;
}

/* (outside, text of a script) */
static int l_open(lua_State *L) {
  struct ta_outside *outside = lua_touserdata(L, 1);
  ta_outside_install(outside, L, TA_OPEN_ALL);
  if (luaL_loadstring(L, lua_touserdata(L, 2)) != LUA_OK) return lua_error(L);
  ta_add_task(ta_outside_runner(outside), L, 0, NULL);
  return 0;
}

static void make_state(struct scene *scene) {
  *scene = (struct scene){.open_before = count_descriptors()};
  scene->L = lua_newstate(allocate, &scene->memory);
  luaL_openlibs(scene->L);
}

static void open_outside(struct scene *scene, const char *code) {
  scene->failed = ta_outside_open(&scene->outside) != 0;
  if (scene->failed) return;
  lua_pushcfunction(scene->L, l_open);
  lua_pushlightuserdata(scene->L, scene->outside);
  lua_pushlightuserdata(scene->L, (void *)(uintptr_t)code);
  scene->failed = lua_pcall(scene->L, 2, 0, 0) != LUA_OK;
}

static void open_scene(struct scene *scene, const char *code) {
  make_state(scene);
  open_outside(scene, code);
}

static void close_scene(struct scene *scene) {
  if (scene->outside) CHECK(ta_outside_close(scene->outside) == 0);
  if (scene->outside) CHECK(ta_outside_close(scene->outside) == 0);
  lua_close(scene->L);
  ta_outside_free(scene->outside);
  CHECK(scene->memory.bytes == 0);
  CHECK(count_descriptors() == scene->open_before);
}

/* What a host does with the descriptor and the delay. */
static enum ta_pass_result run(struct scene *scene) {
  double end = ta_monotonic() + LONG_ENOUGH, delay;
  struct pollfd descriptor = {.fd = ta_outside_fd(scene->outside), .events = POLLIN};
  while (ta_monotonic() < end) {
    enum ta_pass_result result = ta_outside_pass(scene->outside, &delay);
    if (result == TA_DONE || result == TA_STUCK) return result;
    poll(&descriptor, 1, (int)ceil(fmin(delay, 10) * 1e3));
  }
  test_failed(__FILE__, __LINE__, "the script ended");
}

static bool can_be_read(const struct scene *scene) {
  struct pollfd descriptor = {.fd = ta_outside_fd(scene->outside), .events = POLLIN};
  return poll(&descriptor, 1, 0) > 0;
}

static const char *global(struct scene *scene, const char *name) {
  lua_getglobal(scene->L, name);
  const char *text = luaL_tolstring(scene->L, -1, NULL);
  lua_pop(scene->L, 2); /* the global keeps it, or it is a constant */
  return text;
}

static const char echo[] = "local net = async.net "
                           "local server <close> = assert(net.listen('localhost', 0)) "
                           "local client <close> = assert(net.connect('127.0.0.1', server.port)) "
                           "local peer <close> = assert(server:accept()) "
                           "assert(client:write 'hello\\n') "
                           "got = peer:read() "
                           "sleep(0.001) "
                           "name = async.dns.resolve('127.0.0.1')[1] "
                           "there = async.fs.exists '/' and 'yes' ";

static void scripts_have_sockets_names_and_files(void) {
  struct scene scene;
  open_scene(&scene, echo);
  CHECK(!scene.failed && run(&scene) == TA_DONE);
  CHECK_TEXT(global(&scene, "got"), "hello");
  CHECK_TEXT(global(&scene, "name"), "127.0.0.1");
  CHECK_TEXT(global(&scene, "there"), "yes");
  close_scene(&scene);
}

static int k_wait(lua_State *L, int status, lua_KContext context) {
  (void)L, (void)status, (void)context;
  return 0;
}

static struct ta_ticket ticket;

static int l_wait(lua_State *L) {
  static const struct ta_wait_kind kind = {.action = "test"};
  struct ta_runner *runner = ta_runner_of(L);
  ticket = ta_take_ticket(runner, L, &kind, NULL);
  return ta_park(runner, L, ticket, 0, k_wait);
}

static void what_the_host_does_shows_in_the_descriptor(void) {
  struct scene scene;
  double delay;
  open_scene(&scene, "for _ = 1, 2 do wait() end");
  lua_register(scene.L, "wait", l_wait);
  CHECK(can_be_read(&scene)); /* a task was added */
  CHECK(ta_outside_pass(scene.outside, &delay) == TA_WAITING);
  CHECK(isinf(delay) && !can_be_read(&scene));
  ta_unpark(ta_outside_runner(scene.outside), ticket);
  CHECK(can_be_read(&scene));
  CHECK(ta_outside_pass(scene.outside, &delay) == TA_WAITING && !can_be_read(&scene));
  CHECK(ta_wake(ta_outside_runner(scene.outside), ticket) == 0);
  CHECK(can_be_read(&scene));
  CHECK(ta_outside_pass(scene.outside, &delay) == TA_DONE);
  close_scene(&scene);
}

static void the_delay_is_the_earliest_deadline(void) {
  struct scene scene;
  double delay;
  open_scene(&scene, "spawn(sleep, 1000) spawn(sleep, 500)");
  CHECK(ta_outside_pass(scene.outside, &delay) == TA_WAITING);
  CHECK(delay > 0 && delay <= 500);
  close_scene(&scene);
}

/* All that can be tried fails at once, and that is told when an alarm rings. */
static void the_delay_is_over_when_the_outside_has_to_be_looked_at(void) {
  struct scene scene;
  double delay;
  open_scene(&scene, "code = select(3, async.net.connect_unix '/no/such/path')");
  enum ta_pass_result result = ta_outside_pass(scene.outside, &delay);
  CHECK(result == TA_DONE || delay == 0); /* a slow machine may have looked already */
  CHECK(run(&scene) == TA_DONE);
  CHECK_TEXT(global(&scene, "code"), "ENOENT");
  close_scene(&scene);
}

/* (outside): what is refused there. */
static int l_pass(lua_State *L) {
  struct ta_outside *outside = lua_touserdata(L, lua_upvalueindex(1));
  lua_pushboolean(L, ta_outside_pass(outside, NULL) == TA_REENTERED &&
                         ta_outside_close(outside) == -EBUSY);
  return 1;
}

static void a_pass_in_a_pass_is_refused(void) {
  struct scene scene;
  open_scene(&scene, "refused = tostring(pass())");
  lua_pushlightuserdata(scene.L, scene.outside);
  lua_pushcclosure(scene.L, l_pass, 1);
  lua_setglobal(scene.L, "pass");
  CHECK(run(&scene) == TA_DONE);
  CHECK_TEXT(global(&scene, "refused"), "true");
  close_scene(&scene);
}

/* Whoever looks whether something is there finds what tells; a host may put its own in its place.
 */
static void what_belongs_to_the_host_is_told_to_who_calls_it(void) {
  struct scene scene;
  open_scene(&scene, "text = ''\n"
                     "local function try(fn) text = text .. select(2, pcall(fn)) .. '\\n' end\n"
                     "try(function() async.process.run{'true'} end)\n"
                     "try(function() async.signal.on('TERM', print) end)\n"
                     "try(function() async.thread(print) end)\n"
                     "try(function() async.csv.rows 'table' end)\n"
                     "try(function() async.jobs 'log' end)\n"
                     "async.process = {run = function() text = text .. 'mine' end}\n"
                     "async.process.run()\n");
  CHECK(run(&scene) == TA_DONE);
  CHECK_TEXT(
      global(&scene, "text"),
      "[string \"text = ''...\"]:3: async.process.run: processes belong to the program that "
      "embeds this script\n"
      "[string \"text = ''...\"]:4: async.signal.on: signals belong to the program that "
      "embeds this script\n"
      "[string \"text = ''...\"]:5: async.thread: threads belong to the program that embeds "
      "this script\n"
      "[string \"text = ''...\"]:6: async.csv.rows: only scripts of 'tinyasync run' have it\n"
      "[string \"text = ''...\"]:7: async.jobs: only scripts of 'tinyasync run' have it\n"
      "mine");
  close_scene(&scene);
}

static void what_scripts_keep_may_be_closed_after_the_runner(void) {
  struct scene scene;
  open_scene(&scene, "server = async.net.listen('localhost', 0) "
                     "client = async.net.connect('localhost', server.port) "
                     "spawn(function() server:accept():read() end) sleep(0.01) client:read()");
  double delay;
  for (int i = 0; i < 20; i++) ta_outside_pass(scene.outside, &delay);
  close_scene(&scene);
}

/* False: the call is not made so often. */
static bool try_at(enum system_call call, unsigned nth, int error) {
  struct scene scene;
  make_state(&scene);
  system_fail(call, nth, error);
  open_outside(&scene, echo);
  if (!scene.failed) run(&scene);
  bool reached = system_go_well() >= nth;
  CHECK(reached || !scene.failed);
  close_scene(&scene);
  return reached;
}

static void sweep(enum system_call call, int error, unsigned step) {
  unsigned nth = 1;
  if (test_quick()) step *= 7;
  while (nth < MOST_CALLS && try_at(call, nth, error)) nth += step;
  CHECK(nth > 1);
}

static void what_is_refused_leaves_nothing(void) {
  sweep(SYSTEM_PIPE2, EMFILE, 1);
  sweep(SYSTEM_EPOLL_CTL, ENOSPC, 1);
  sweep(SYSTEM_SOCKET, EMFILE, 1);
  sweep(SYSTEM_ALLOCATE, ENOMEM, 7);
}

const struct test hosted_tests[] = {
    TEST(scripts_have_sockets_names_and_files),
    TEST(what_the_host_does_shows_in_the_descriptor),
    TEST(the_delay_is_the_earliest_deadline),
    TEST(the_delay_is_over_when_the_outside_has_to_be_looked_at),
    TEST(a_pass_in_a_pass_is_refused),
    TEST(what_belongs_to_the_host_is_told_to_who_calls_it),
    TEST(what_scripts_keep_may_be_closed_after_the_runner),
    TEST(what_is_refused_leaves_nothing),
    TESTS_END,
};
