/* SPDX-License-Identifier: MIT */
#include "unit/world.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ----------------------------------------------------------------- the host */

static bool grants(void *data, size_t old, size_t size) {
  struct world *world = data;
  if (!world->most || world->memory.bytes + size - old <= world->most) return true;
  world->refusals++;
  return false;
}

double world_clock(void *data) {
  return ((struct world *)data)->now;
}

static void look_outside(void *data) {
  struct world *world = data;
  world->longest_poll = fmax(world->longest_poll, world->now - world->last_poll);
  world->last_poll = world->now;
  world->polls++;
  if (world->on_poll) world->on_poll(world);
}

static void preempted(void *data, lua_State *L) {
  struct world *world = data;
  if (world->on_preempted) world->on_preempted(world, L);
}

static void on_failure(void *data, const struct ta_failure *failure) {
  struct world *world = data;
  world->failures++;
  world->last_kind = failure->kind;
  world_log(world, "[%s]", failure->message);
}

void world_log(struct world *world, const char *format, ...) {
  va_list arguments;
  size_t length = strlen(world->log);
  if (length && length + 1 < sizeof world->log) strcpy(world->log + length++, " ");
  va_start(arguments, format);
  vsnprintf(world->log + length, sizeof world->log - length, format, arguments);
  va_end(arguments);
}

/* ---------------------------------------------------- what scripts can call */

static struct world *world_of(lua_State *L) {
  return lua_touserdata(L, lua_upvalueindex(1));
}

static int l_log(lua_State *L) {
  for (int i = 1, count = lua_gettop(L); i <= count; i++)
    world_log(world_of(L), "%s", luaL_tolstring(L, i, NULL));
  return 0;
}

static int l_work(lua_State *L) {
  world_of(L)->now += luaL_checknumber(L, 1);
  return 0;
}

static void describe_park(const void *subject, char *text, size_t size) {
  (void)subject;
  snprintf(text, size, "the test");
}

static void disarm_park(void *subject) {
  ((struct world *)subject)->disarmed++;
}

static struct ta_task *holder_of_park(const void *subject) {
  return ((const struct world *)subject)->holder;
}

static const struct ta_wait_kind park_kind = {.action = "park",
                                              .describe = describe_park,
                                              .disarm = disarm_park,
                                              .holder = holder_of_park,
                                              .by_tasks = true};
static const struct ta_wait_kind outside_kind = {.action = "outside", .disarm = disarm_park};
static const struct ta_wait_kind firm_kind = {
    .action = "firm", .disarm = disarm_park, .by_tasks = true, .firm = true};

static struct ta_ticket take_for(lua_State *L, const struct ta_wait_kind *kind) {
  struct world *world = world_of(L);
  luaL_argcheck(L, world->taken < WORLD_TICKETS, 1, "no room for tickets");
  struct ta_ticket ticket = ta_take_ticket(world->runner, L, kind, world);
  world->tickets[world->taken++] = ticket;
  return ticket;
}

static struct ta_ticket take(lua_State *L) {
  return take_for(L, &park_kind);
}

static int k_woken(lua_State *L, int status, lua_KContext context) {
  (void)status, (void)context;
  world_of(L)->continued++;
  lua_pushliteral(L, "woken");
  return 1;
}

static int l_park(lua_State *L) {
  return ta_park(world_of(L)->runner, L, take(L), 0, k_woken);
}

static int l_park_outside(lua_State *L) {
  return ta_park(world_of(L)->runner, L, take_for(L, &outside_kind), 0, k_woken);
}

static int l_park_firmly(lua_State *L) {
  return ta_park(world_of(L)->runner, L, take_for(L, &firm_kind), 0, k_woken);
}

static int l_take(lua_State *L) {
  take(L);
  return 0;
}

static int l_raise_taken(lua_State *L) {
  take(L);
  return luaL_error(L, "no");
}

static int l_unpark(lua_State *L) {
  struct world *world = world_of(L);
  lua_Integer n = luaL_checkinteger(L, 1);
  luaL_argcheck(L, n >= 0 && n < world->taken, 1, "no such ticket");
  lua_pushboolean(L, ta_unpark(world->runner, world->tickets[n]));
  return 1;
}

static void open_functions(struct world *world) {
  static const luaL_Reg functions[] = {
      {"log", l_log},
      {"work", l_work},
      {"park", l_park},
      {"park_firmly", l_park_firmly},
      {"park_outside", l_park_outside},
      {"take", l_take},
      {"unpark", l_unpark},
      {"raise_taken", l_raise_taken},
      {NULL, NULL},
  };
  lua_pushglobaltable(world->L);
  lua_pushlightuserdata(world->L, world);
  luaL_setfuncs(world->L, functions, 1);
  lua_pop(world->L, 1);
}

/* ------------------------------------------------------------ opening, closing */

void world_open_bare(struct world *world) {
  *world = (struct world){.memory = {.grants = grants, .data = world}};
  world->L = lua_newstate(memory_allocate, &world->memory);
  CHECK(world->L);
  luaL_openlibs(world->L);
  open_functions(world);
}

struct ta_runner *world_new_runner(struct world *world) {
  const struct ta_host host = {.data = world, .now = world_clock};
  return ta_runner_new(world->L, &host);
}

void world_open(struct world *world, unsigned flags) {
  world_open_bare(world);
  struct ta_host host = {
      .data = world,
      .now = world_clock,
      .poll = look_outside,
      .preempted = preempted,
  };
  world->runner = ta_runner_new(world->L, &host);
  ta_open(world->runner, world->L, flags);
  world_tell_failures(world);
}

void world_tell_failures(struct world *world) {
  ta_on_failure(world->runner, on_failure, world);
}

void world_close(struct world *world) {
  if (world->runner) {
    ta_close_all(world->runner);
    CHECK(ta_live(world->runner) == 0);
    ta_runner_free(world->runner);
  }
  CHECK(lua_gettop(world->L) == 0);
  lua_close(world->L);
  CHECK(world->memory.bytes == 0);
}

/* ----------------------------------------------------------------- running */

void world_load(struct world *world, const char *code) {
  if (luaL_loadbuffer(world->L, code, strlen(code), "=test") != LUA_OK)
    CHECK_TEXT(lua_tostring(world->L, -1), "");
}

void world_do(struct world *world, const char *code) {
  world_load(world, code);
  if (lua_pcall(world->L, 0, 0, 0) != LUA_OK) CHECK_TEXT(lua_tostring(world->L, -1), "");
}

struct ta_task *world_add_named(struct world *world, const char *name, const char *code) {
  struct ta_task_options options = {.name = name};
  world_load(world, code);
  struct ta_task *task = ta_add_task(world->runner, world->L, 0, &options);
  lua_pop(world->L, 1);
  return task;
}

struct ta_task *world_add(struct world *world, const char *code) {
  return world_add_named(world, NULL, code);
}

enum ta_pass_result world_pass(struct world *world) {
  return ta_pass(world->runner, &world->deadline);
}

enum ta_pass_result world_settle(struct world *world) {
  enum ta_pass_result result;
  do result = world_pass(world);
  while (result == TA_BUSY);
  return result;
}

enum ta_pass_result world_run(struct world *world) {
  for (;;) {
    enum ta_pass_result result = world_settle(world);
    if (result != TA_WAITING || world->deadline == HUGE_VAL) return result;
    world->now = world->deadline;
  }
}

size_t world_settled_bytes(struct world *world) {
  lua_gc(world->L, LUA_GCCOLLECT);
  lua_gc(world->L, LUA_GCCOLLECT); /* what finalizers kept in the first round */
  return world->memory.bytes;
}

void world_expect(unsigned flags, const char *code, const char *log, const char *file, int line) {
  struct world world;
  world_open(&world, flags);
  world_add(&world, code);
  enum ta_pass_result result = world_run(&world);
  if (!test_same_text(world.log, log)) test_texts_differ(file, line, world.log, log);
  if (result != TA_DONE) test_failed(file, line, "the script ended");
  world_close(&world);
}
