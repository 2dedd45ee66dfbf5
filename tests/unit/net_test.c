/* SPDX-License-Identifier: MIT
 *
 * Sockets as scripts have them, while calls fail one after the other and tasks are ended wherever
 * they wait.
 */
#include <errno.h>
#include <lauxlib.h>
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/clock.h"
#include "host/net.h"
#include "kit/part.h"
#include "unit/certificate.h"
#include "unit/outside.h"
#include "unit/system.h"
#include "unit/test.h"

#define LONGEST 120.0 /* seconds, of a scene */
#define MOST 20000    /* calls that fail one after the other */
#define PATIENCE 1e6  /* seconds, after which a scene is over */

static bool secure; /* scenes speak TLS */

/* What is done to a run at one of its waits. */
enum disturbance { CANCEL_SCENE, FAIL_BESIDE, TIME_OUT, CANCEL_ALL, CLOSE_ALL, DISTURBANCES };

static char where[160];

/* Each call gives what is right, or an error is told: a message and a name, or want of memory.
 * Where that helps somebody closes a descriptor now and then, for which a server waits that could
 * not have one. */
static const char scene[] =
    "local net, told, over = async.net, 0, false\n"
    "local function wrong(...) log('WRONG', ...) end\n"
    "local function try(what, want, fn, ...)\n"
    "  local ok, value, message, code = pcall(fn, ...)\n"
    "  if not ok then\n"
    "    local short = tostring(value):find 'not enough memory'\n"
    "    local late = what == 'serve' and tostring(value):find 'the server is closed'\n"
    "    local ended = tostring(value):find 'the time for clean%-up is over'\n"
    "    if not (short or late or ended) then wrong(what, tostring(value)) end\n"
    "    if short then pcall(collectgarbage) end\n" /* what nobody has now is closed */
    "    if not late then told = told + 1 end return nil end\n"
    "  if value == nil and message then\n"
    "    if type(message) ~= 'string' or type(code) ~= 'string' then wrong(what, "
    "tostring(message)) end\n"
    "    told = told + 1 return nil end\n"
    "  if value ~= nil and want ~= nil and value ~= want then wrong(what, tostring(value)) end\n"
    "  return value\n"
    "end\n"
    "local function echo(c)\n"
    "  while true do\n"
    "    local line = try('line', nil, c.read, c, 'L')\n"
    "    if not line or not try('answer', c, c.write, c, line) then return end\n"
    "  end\n"
    "end\n"
    "local function converse(server, dial)\n"
    "  local closing <close> = server\n"
    "  local serving = spawn(function()\n"
    "    try('serve', true, server.serve, server, echo, {max = 2})\n"
    "  end)\n"
    "  spawn(function() serving:pawait() server:close() end)\n"
    "  for i = 1, 2 do\n"
    "    local c = try('connect', nil, dial)\n"
    "    if c then\n"
    "      local guard <close> = c\n"
    "      if try('ask', c, c.write, c, 'x', i, '\\n') then\n"
    "        local line = try('read', 'x' .. i, c.read, c)\n"
    "        if line and c.peer == '' then wrong 'no peer' end\n"
    "        if line and secure and not c.tls then wrong 'no secret' end\n"
    "      end\n"
    "      if i == 2 and try('shutdown', c, c.shutdown, c) then\n"
    "        try('end', nil, c.read, c)\n"
    "      end\n"
    "    end\n"
    "  end\n"
    "  server:close()\n"
    "  serving:pawait()\n"
    "end\n"
    "spawn({daemon = true}, function()\n"
    "  while helps and not over do\n"
    "    local ok, s = pcall(net.udp, '127.0.0.1')\n"
    "    if ok and s then s:close() end\n"
    "    pcall(sleep, 0.002)\n"
    "  end\n"
    "end)\n"
    "local ours = secure and {certificate = PEM} or false\n"
    "local trust = secure and {ca = PEM, server_name = 'db'} or false\n"
    "local server = try('listen', nil, net.listen, '127.0.0.1', 0, {keepalive = 5, tls = ours})\n"
    "if server then\n"
    "  converse(server, function()\n"
    "    return net.connect('127.0.0.1', server.port, {tls = trust})\n"
    "  end)\n"
    "end\n"
    "local path = '@tinyasync-' .. name\n"
    "local other = try('listen_unix', nil, net.listen_unix, path, {tls = ours})\n"
    "if other then\n"
    "  converse(other, function() return net.connect_unix(path, {tls = trust}) end)\n"
    "end\n"
    "local any = try('anywhere', nil, net.listen, '*', 0)\n"
    "if any then\n"
    "  local c = try('call', nil, net.connect, '127.0.0.1', any.port)\n"
    "  if c then\n"
    "    local guard <close> = c\n"
    "    if try('select', nil, async.select, {any, timeout = 60}) == nil and told == 0 then\n"
    "      wrong 'nobody came' end\n"
    "    if secure then\n"
    "      local s = try('accept', nil, any.accept, any)\n"
    "      local server = s and spawn(function()\n"
    "        local g <close> = s\n"
    "        if try('start', s, s.start_tls, s, {server = true, certificate = PEM}) then\n"
    "          echo(s) end\n"
    "      end)\n"
    "      if s and try('start_tls', c, c.start_tls, c, trust) and\n"
    "        try('ask', c, c.write, c, 'hi\\n') then try('read', 'hi', c.read, c) end\n"
    "      c:close()\n"
    "      if server then server:pawait() end\n"
    "    end\n"
    "    c:close()\n"
    "  end\n"
    "  any:close()\n"
    "end\n"
    "local one = try('udp', nil, net.udp, '127.0.0.1')\n"
    "if one then\n"
    "  if try('send', one, one.send, one, 'hi', '127.0.0.1', one.port) then\n"
    "    try('recv', 'hi', one.recv, one) end\n"
    "  one:close()\n"
    "end\n"
    "over = true\n"
    "log(told == 0 and 'ended' or 'ended, and told')";

static void disturb(struct world *world, enum disturbance disturbance, double *skipped) {
  if (disturbance == CANCEL_SCENE) world_do(world, "scene_task:cancel()");
  if (disturbance == FAIL_BESIDE) world_do(world, "beside:set()");
  if (disturbance == TIME_OUT) *skipped = 2 * PATIENCE;
  if (disturbance == CANCEL_ALL) ta_cancel_all(world->runner, "planned");
  if (disturbance == CLOSE_ALL) ta_close_all(world->runner);
}

/* In real time.  After so many waits it is disturbed; 0: never.  False: it had ended before. */
static bool run(struct outside *place, unsigned waits, enum disturbance disturbance) {
  struct world *world = &place->world;
  double began = ta_monotonic(), skipped = 0;
  bool disturbed = false;
  while (ta_monotonic() < began + LONGEST) {
    world->now = ta_monotonic() - began + skipped;
    enum ta_pass_result result = world_pass(world);
    if (result == TA_DONE) return disturbed;
    if (result == TA_WAITING && waits > 0 && --waits == 0) {
      disturb(world, disturbance, &skipped);
      disturbed = true;
      continue;
    }
    double wait = result == TA_BUSY ? 0 : fmin(0.5, fmax(0, world->deadline - world->now));
    ta_loop_wait(&place->loop, wait);
  }
  ta_push_report(world->runner, world->L, TA_REPORT_TREE);
  CHECK_TEXT(lua_tostring(world->L, -1), where); /* it has not ended in time */
  return false;
}

static void close_place(struct outside *place) {
  ta_close_all(place->world.runner);
  ta_runner_free(place->world.runner);
  place->world.runner = NULL;
  lua_close(place->world.L);
  CHECK(place->world.memory.bytes == 0);
  outside_close_rest(place);
}

/* In a scope with one who may fail, for so long. */
static const char in_scope[] = "beside = async.event()\n"
                               "scene_task = spawn(async.move_on_after, %g, function()\n"
                               "  async.scope(function(s)\n"
                               "    local rival = s:spawn(function()\n"
                               "      beside:wait() error 'planned' end)\n"
                               "    s:spawn(function() %s rival:cancel() end)\n"
                               "  end)\n"
                               "end)";

static void open_place(struct outside *place, bool helps) {
  static char code[sizeof scene + 100], whole[sizeof code + sizeof in_scope];
  static unsigned number;
  snprintf(code, sizeof code, "local name, helps = '%ld-%u', %s %s", (long)getpid(), ++number,
           helps ? "true" : "false", scene);
  snprintf(whole, sizeof whole, in_scope, PATIENCE, code);
  outside_open(place, NULL);
  if (secure) add_tls(&place->world);
  lua_pushboolean(place->world.L, secure);
  lua_setglobal(place->world.L, "secure");
  world_add(&place->world, whole);
}

/* False: so many calls are not made. */
static bool try_at(enum system_call call, unsigned nth, int error) {
  struct outside place;
  snprintf(where, sizeof where, "call %d, the %u. fails by %d", call, nth, error);
  open_place(&place, call == SYSTEM_ACCEPT);
  system_fail(call, nth, error);
  run(&place, 0, CANCEL_ALL);
  bool reached = system_go_well() >= nth;
  if (strstr(place.world.log, "WRONG")) CHECK_TEXT(place.world.log, where);
  bool has_begun = call != SYSTEM_ALLOCATE || !strstr(place.world.log, "[not enough memory]");
  if (has_begun && !strstr(place.world.log, "ended")) CHECK_TEXT(place.world.log, where);
  if (!reached) CHECK_TEXT(place.world.log, "ended");
  close_place(&place);
  return reached;
}

static unsigned number_from(const char *name, unsigned otherwise) {
  const char *text = getenv(name);
  return text ? (unsigned)strtoul(text, NULL, 10) : otherwise;
}

/* TA_TEST_SEED: the first that fails; TA_TEST_EVERY: how many calls to go on by. */
static void sweep(enum system_call call, int error, unsigned least) {
  unsigned nth = number_from("TA_TEST_SEED", 1);
  unsigned step = number_from("TA_TEST_EVERY", call == SYSTEM_ALLOCATE ? 53 : 1);
  if (test_quick()) step *= 7;
  part_take(&nth, &step);
  while (nth < MOST && try_at(call, nth, error)) nth += step;
  if (!test_quick() && nth <= least) CHECK_TEXT(where, "so few calls");
}

static void a_call_for_a_socket_that_fails_is_told_and_leaves_nothing(void) {
  sweep(SYSTEM_SOCKET, EMFILE, 8);
  sweep(SYSTEM_BIND, EACCES, 4);
  sweep(SYSTEM_LISTEN, EADDRINUSE, 3);
  sweep(SYSTEM_SETSOCKOPT, ENOPROTOOPT, 6);
  sweep(SYSTEM_GETSOCKOPT, ENOBUFS, 3);
  sweep(SYSTEM_GETSOCKNAME, ENOBUFS, 6);
  sweep(SYSTEM_CONNECT, ECONNREFUSED, 4);
  sweep(SYSTEM_SHUTDOWN, ENOBUFS, 2);
  sweep(SYSTEM_CLOSE, EINTR, 6);
}

static void a_server_that_cannot_take_one_takes_it_later(void) {
  sweep(SYSTEM_ACCEPT, EMFILE, 4);
  sweep(SYSTEM_ACCEPT, ECONNABORTED, 4);
  sweep(SYSTEM_ACCEPT, EINTR, 4);
}

static void a_socket_that_cannot_be_watched_is_told_and_leaves_nothing(void) {
  sweep(SYSTEM_EPOLL_CTL, ENOSPC, 10);
}

static void bytes_and_datagrams_that_fail_are_told_and_leave_nothing(void) {
  sweep(SYSTEM_READ, ECONNRESET, 6);
  sweep(SYSTEM_READ, EINTR, 6);
  sweep(SYSTEM_WRITE, ECONNRESET, 6);
  sweep(SYSTEM_SENDTO, ENOBUFS, 1);
  sweep(SYSTEM_RECVFROM, EINTR, 1);
}

static void memory_that_is_refused_to_sockets_leaves_nothing(void) {
  sweep(SYSTEM_ALLOCATE, ENOMEM, 100);
}

/* Whoever is called by one who gets no memory just then sees the end at once: nothing is collected
 * here. */
static const char refused[] = "local net = async.net\n"
                              "collectgarbage 'stop'\n"
                              "local server = net.listen('127.0.0.1', 0)\n"
                              "net.connect('127.0.0.1', server.port):close()\n"
                              "server:accept():close()\n"
                              "refuse()\n"
                              "local ok, c = pcall(net.connect, '127.0.0.1', server.port)\n"
                              "grant()\n"
                              "if ok and c then return log 'ended' end\n"
                              "net.connect('127.0.0.1', server.port):close()\n"
                              "local first, text = server:accept()\n"
                              "async.move_on_after(5, function() text = first:read 'a' end)\n"
                              "log(text == '' and 'ended' or 'WRONG')";

/* And whoever has opened a socket that is not to be had after all: its port is free.  The text of
 * its address is new. */
static const char refused_server[] =
    "local net = async.net\n"
    "collectgarbage 'stop'\n"
    "local first = net.listen('127.0.0.1', 0)\n"
    "local port = first.port\n"
    "first = first:close() and collectgarbage() and collectgarbage()\n"
    "refuse()\n"
    "local ok, server = pcall(net.listen, '127.0.0.1', port)\n"
    "grant()\n"
    "if ok and server then return log 'ended' end\n"
    "local _, why = net.listen('127.0.0.1', port)\n"
    "log(why or 'ended')";

static const char refused_datagrams[] =
    "local net = async.net\n"
    "collectgarbage 'stop'\n"
    "local first = net.udp('127.0.0.1', 0)\n"
    "local port = first.port\n"
    "first = first:close() and collectgarbage() and collectgarbage()\n"
    "refuse()\n"
    "local ok, socket = pcall(net.udp, '127.0.0.1', port)\n"
    "grant()\n"
    "if ok and socket then return log 'ended' end\n"
    "local _, why = net.udp('127.0.0.1', port)\n"
    "log(why or 'ended')";

static unsigned refused_at;
static bool refused_for_ever; /* once more after a collection does not help */

static int l_refuse(lua_State *L) {
  (void)L;
  system_fail(SYSTEM_ALLOCATE, refused_at, ENOMEM);
  if (refused_for_ever) system_fail_for_ever();
  return 0;
}

static int l_grant(lua_State *L) {
  (void)L;
  if (system_go_well() < refused_at) refused_at = 0;
  return 0;
}

static bool refuse_at(const char *script, unsigned nth) {
  struct outside place;
  snprintf(where, sizeof where, "request %u for memory", nth);
  refused_at = nth;
  outside_open(&place, NULL);
  lua_register(place.world.L, "refuse", l_refuse);
  lua_register(place.world.L, "grant", l_grant);
  world_add(&place.world, script);
  run(&place, 0, false);
  if (strcmp(place.world.log, "ended") != 0) CHECK_TEXT(place.world.log, where);
  close_place(&place);
  return refused_at > 0;
}

static void whoever_is_refused_memory_for_a_connection_closes_it_at_once(void) {
  unsigned nth = 1;
  while (refuse_at(refused, nth)) nth++;
  CHECK(nth > 10);
}

static void whoever_is_refused_memory_for_a_socket_closes_it_at_once(void) {
  static const char *const scripts[] = {refused_server, refused_datagrams};
  refused_for_ever = true;
  for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++) {
    unsigned nth = 1;
    while (refuse_at(scripts[i], nth)) nth++;
    CHECK(nth > 3);
  }
  refused_for_ever = false;
}

/* ---------------------------------------------------------------- paths left behind */

enum { RIVALS = 2, ROUNDS = 200 };

static struct ta_address contested;
static atomic_int at_the_start;

static void *listen_there(void *result) {
  int *fd = result;
  atomic_fetch_sub(&at_the_start, 1);
  while (atomic_load(&at_the_start) > 0) continue;
  if (ta_net_listen_at_path(&contested, 1, fd) != 0) *fd = -1;
  return NULL;
}

static void leave_behind(void) {
  int fd;
  CHECK(ta_net_listen_at_path(&contested, 1, &fd) == 0);
  close(fd);
}

/* Of all who find it left behind one has it. */
static void contend(void) {
  pthread_t rivals[RIVALS];
  int fds[RIVALS], winners = 0;
  leave_behind();
  atomic_store(&at_the_start, RIVALS);
  for (int i = 0; i < RIVALS; i++)
    CHECK(pthread_create(&rivals[i], NULL, listen_there, &fds[i]) == 0);
  for (int i = 0; i < RIVALS; i++) pthread_join(rivals[i], NULL);
  for (int i = 0; i < RIVALS; i++) {
    winners += fds[i] >= 0;
    if (fds[i] >= 0) close(fds[i]);
  }
  CHECK(winners == 1);
}

static void of_several_at_a_path_left_behind_one_has_it(void) {
  char directory[] = "/tmp/ta-net-XXXXXX", path[64];
  CHECK(mkdtemp(directory) != NULL);
  snprintf(path, sizeof path, "%s/socket", directory);
  CHECK(ta_address_of_path(path, &contested) == 0);
  for (int i = 0; i < ROUNDS; i++) contend();
  CHECK(unlink(path) == 0 && rmdir(directory) == 0);
}

static bool disturb_at(unsigned waits, enum disturbance disturbance) {
  struct outside place;
  snprintf(where, sizeof where, "disturbance %d at wait %u", disturbance, waits);
  open_place(&place, false);
  bool disturbed = run(&place, waits, disturbance);
  if (strstr(place.world.log, "WRONG")) CHECK_TEXT(place.world.log, where);
  close_place(&place);
  return disturbed;
}

static void disturb_everywhere(void) {
  unsigned step = number_from("TA_TEST_EVERY", test_quick() ? 5 : 1);
  for (int disturbance = 0; disturbance < DISTURBANCES; disturbance++) {
    unsigned waits = number_from("TA_TEST_SEED", 1), stride = step;
    part_take(&waits, &stride);
    while (disturb_at(waits, (enum disturbance)disturbance)) waits += stride;
    CHECK(waits > 4);
  }
}

static void wherever_sockets_are_disturbed_nothing_is_left(void) {
  disturb_everywhere();
}

/* --------------------------------------------------------------------- with TLS */

/* False: there is none. */
static bool begin_secure(void) {
  struct outside place;
  outside_open(&place, NULL);
  secure = add_tls(&place.world);
  outside_close(&place);
  return secure;
}

static void wherever_tls_is_disturbed_nothing_is_left(void) {
  if (begin_secure()) disturb_everywhere();
  secure = false;
}

static void a_call_that_fails_under_tls_is_told_and_leaves_nothing(void) {
  if (!begin_secure()) return;
  sweep(SYSTEM_OPEN, EMFILE, 3);
  sweep(SYSTEM_OPEN, EACCES, 3);
  sweep(SYSTEM_SOCKET, EMFILE, 6);
  sweep(SYSTEM_CONNECT, ECONNREFUSED, 4);
  sweep(SYSTEM_SETSOCKOPT, ENOPROTOOPT, 6);
  sweep(SYSTEM_GETSOCKOPT, ENOBUFS, 3);
  sweep(SYSTEM_GETSOCKNAME, ENOBUFS, 6);
  sweep(SYSTEM_ACCEPT, EMFILE, 4);
  sweep(SYSTEM_EPOLL_CTL, ENOSPC, 10);
  sweep(SYSTEM_SHUTDOWN, ENOBUFS, 2);
  sweep(SYSTEM_CLOSE, EINTR, 6);
  secure = false;
}

static void bytes_that_fail_under_tls_are_told_and_leave_nothing(void) {
  if (!begin_secure()) return;
  sweep(SYSTEM_READ, ECONNRESET, 10);
  sweep(SYSTEM_READ, EINTR, 10);
  sweep(SYSTEM_WRITE, ECONNRESET, 10);
  secure = false;
}

static void memory_that_is_refused_under_tls_leaves_nothing(void) {
  if (!begin_secure()) return;
  sweep(SYSTEM_ALLOCATE, ENOMEM, 100);
  secure = false;
}

const struct test net_tests[] = {
    TEST(a_call_for_a_socket_that_fails_is_told_and_leaves_nothing),
    TEST(a_server_that_cannot_take_one_takes_it_later),
    TEST(a_socket_that_cannot_be_watched_is_told_and_leaves_nothing),
    TEST(bytes_and_datagrams_that_fail_are_told_and_leave_nothing),
    TEST(memory_that_is_refused_to_sockets_leaves_nothing),
    TEST(whoever_is_refused_memory_for_a_connection_closes_it_at_once),
    TEST(whoever_is_refused_memory_for_a_socket_closes_it_at_once),
    TEST(of_several_at_a_path_left_behind_one_has_it),
    TEST(wherever_sockets_are_disturbed_nothing_is_left),
    TEST(wherever_tls_is_disturbed_nothing_is_left),
    TEST(a_call_that_fails_under_tls_is_told_and_leaves_nothing),
    TEST(bytes_that_fail_under_tls_are_told_and_leave_nothing),
    TEST(memory_that_is_refused_under_tls_leaves_nothing),
    TESTS_END,
};
