/* SPDX-License-Identifier: MIT
 *
 * main.c -- very many tasks at once: every load is run with few tasks and with
 * many, and must not cost more for each.
 *
 * Nothing is measured by the clock.  The core is built a second time so that it
 * counts the stretches of code it runs through; requests for memory, their bytes
 * and steps are counted too.
 *
 *   run [NAME]     all, or those whose name contains it
 */
#include <lauxlib.h>
#include <lualib.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "kit/apart.h"
#include "kit/fault.h"
#include "kit/memory.h"
#include "kit/part.h"
#include "tinyasync.h"

#define FEW 500      /* tasks, to compare with */
#define ENOUGH 4000  /* to see what is not linear */
#define SLACK 2.0    /* a heap costs a little more when it is large */
#define LONGEST 120  /* seconds: what is not linear may take years */
#define MOST_STACK 1 /* MiB of C stack, for what is recursive and should not be */

/* What one run cost. */
struct cost {
  double work;     /* stretches of code in the core */
  double requests; /* for memory */
  double bytes;    /* requested in all */
  double steps;
  double held; /* the most bytes at once, between passes */
};

struct load {
  const char *name;
  int many;
};

static uint64_t work;

/* Called by the core's code wherever it branches. */
void __sanitizer_cov_trace_pc(void);
void __sanitizer_cov_trace_pc(void) {
  work++;
}

struct world {
  lua_State *L;
  struct ta_runner *runner;
  struct memory memory;
  double now;
  struct cost cost;
  unsigned failures;
  char fault[512];
};

static bool count_request(void *data, size_t old, size_t size) {
  struct world *world = data;
  (void)old;
  world->cost.requests++;
  world->cost.bytes += (double)size;
  return true;
}

static double read_clock(void *data) {
  return ((struct world *)data)->now;
}

static void on_failure(void *data, const struct ta_failure *failure) {
  struct world *world = data;
  world->failures++;
  if (!strstr(failure->message, "planned")) FAULT(world, "it failed: %.400s", failure->message);
}

static void on_event(void *data, const struct ta_trace_event *event) {
  struct world *world = data;
  world->cost.steps += event->kind == TA_EVENT_STEP;
}

/* -------------------------------------------------------------------- a run */

/* The function of this name in loads.lua becomes a task. */
static int l_start(lua_State *L) {
  struct world *world = lua_touserdata(L, 1);
  struct ta_host host = {.data = world, .now = read_clock};
  luaL_openlibs(L);
  world->runner = ta_runner_new(L, &host);
  ta_open(world->runner, L, TA_OPEN_ALL | TA_OPEN_REUSE);
  ta_on_failure(world->runner, on_failure, world);
  ta_on_event(world->runner, on_event, world);
  if (luaL_loadfilex(L, "tests/load/loads.lua", "t") != LUA_OK) return lua_error(L);
  lua_call(L, 0, 1);
  lua_getfield(L, -1, lua_tostring(L, 2));
  lua_pushvalue(L, 3);
  ta_add_task(world->runner, L, 1, NULL);
  return 0;
}

static void start(struct world *world, const char *name, int count) {
  lua_State *L = world->L;
  lua_pushcfunction(L, l_start);
  lua_pushlightuserdata(L, world);
  lua_pushstring(L, name);
  lua_pushinteger(L, count);
  if (lua_pcall(L, 3, 0, 0) == LUA_OK) return;
  FAULT(world, "it did not start: %s", lua_tostring(L, -1));
  lua_pop(L, 1);
}

/* Bounded by the passes that even a long chain takes. */
static void drive(struct world *world, int count) {
  double deadline;
  for (int left = 20 * count + 1000; left > 0; left--) {
    enum ta_pass_result result = ta_pass(world->runner, &deadline);
    world->cost.held = fmax(world->cost.held, (double)world->memory.bytes);
    if (result == TA_DONE) return;
    if (result == TA_STUCK) ta_cancel_all(world->runner, "deadlock");
    if (result == TA_WAITING) world->now = deadline;
  }
  FAULT(world, "it does not end");
}

static struct cost run(struct world *world, const char *name, int count) {
  *world = (struct world){.memory = {.grants = count_request, .data = world}};
  world->L = lua_newstate(memory_allocate, &world->memory);
  start(world, name, count);
  world->cost = (struct cost){0};
  work = 0;
  if (!*world->fault) drive(world, count);
  world->cost.work = (double)work;
  struct cost cost = world->cost;
  if (ta_live(world->runner)) FAULT(world, "%zu tasks are left", ta_live(world->runner));
  lua_getglobal(world->L, "ended");
  if (lua_tointeger(world->L, -1) != count)
    FAULT(world, "of %d only %d ended as they should", count, (int)lua_tointeger(world->L, -1));
  lua_pop(world->L, 1);
  ta_close_all(world->runner);
  ta_runner_free(world->runner);
  lua_close(world->L);
  if (world->memory.bytes) FAULT(world, "%zu bytes are lost", world->memory.bytes);
  return cost;
}

/* ------------------------------------------------------------------- compare */

static void compare(struct world *world, const char *what, double few, double many, double ratio) {
  if (many > few * ratio * SLACK)
    FAULT(world, "%.0f %s for %g times as many tasks, and not about %.0f", many, what, ratio,
          few * ratio);
}

/* What a task that sleeps may hold, its places in tables and arrays included, which have
 * room for more. */
#define SLEEPER "very_many_tasks_sleep"
#define SLEEPER_BYTES 1500

static void check_held(struct world *world, const char *name, double bytes) {
  if (strcmp(name, SLEEPER) == 0 && bytes > SLEEPER_BYTES)
    FAULT(world, "each holds %.1f bytes, and not at most %d", bytes, SLEEPER_BYTES);
}

static const struct load loads[] = {
    {"a_scope_with_very_many_tasks_is_cancelled_at_once", 100000},
    {"very_many_tasks_are_cancelled_one_by_one", 100000},
    {"a_scope_with_very_many_tasks_ends", 100000},
    {SLEEPER, 65000},
    {"a_long_chain_of_awaits_gives_its_result", 10000},
    {"a_long_chain_of_awaits_fails", 10000},
    {"a_long_chain_of_awaits_is_cancelled_at_its_source", 10000},
    {"a_long_chain_of_awaits_is_cancelled_as_a_whole", 10000},
    {"deeply_nested_scopes_are_cancelled_from_the_top", 10000},
    {"deeply_nested_scopes_fail_from_the_bottom", 10000},
    {"deeply_nested_scopes_meet_a_deadline", 10000},
    {"a_lock_goes_through_very_many_hands", 10000},
    {"very_many_waiters_for_a_lock_are_cancelled", 10000},
    {"a_semaphore_goes_through_very_many_hands", 10000},
    {"very_many_tasks_select_on_one_channel", 10000},
    {"very_many_selects_time_out", 10000},
    {"very_many_selects_are_cancelled", 10000},
    {"very_many_receivers_are_told_of_a_closed_channel", 100000},
    {"very_many_values_go_through_a_channel", 100000},
    {"very_many_tasks_wait_for_an_event", 100000},
    {"very_many_tasks_await_one", 100000},
    {"very_many_deadlines_are_met", 20000},
    {"very_many_deadlines_are_missed", 20000},
    {"all_takes_very_many", 10000},
    {"race_takes_very_many", 10000},
    {"any_takes_very_many_that_fail", 10000},
    {"any_takes_very_many_that_fail_one_by_one", 10000},
    {"any_takes_very_many_tasks_that_fail_one_by_one", 10000},
    {"all_takes_very_many_tasks", 10000},
    {"settle_takes_very_many", 10000},
    {"as_completed_takes_very_many", 10000},
    {"as_completed_takes_very_many_that_have_ended", 10000},
    {"as_completed_is_left_with_very_many", 10000},
    {"very_many_loops_of_as_completed_are_left", 10000},
    {"map_keeps_going_through_a_long_list", 10000},
    {"map_keeps_going_without_a_limit", 10000},
    {"a_semaphore_has_very_many_places", 10000},
    {"very_many_places_are_released_by_others", 10000},
    {"very_many_places_are_left_behind", 10000},
    {"very_many_tasks_end_that_somebody_has", 10000},
    {"very_many_errors_come_together", 10000},
    {"very_many_values_are_tried", 100000},
    {"a_tree_of_very_many_tasks_is_shown", 10000},
    {"very_many_children_fail_in_clean_up", 10000},
    {"map_takes_a_long_list", 10000},
    {"very_many_are_in_a_deadlock", 10000},
};

/* Each load is large in one of the parts that TA_TEST_PART has. */
static int how_many(const struct load *load) {
  if (part_has((uint64_t)(load - loads))) return load->many;
  return load->many / 10 > ENOUGH ? load->many / 10 : ENOUGH;
}

static bool test(const struct load *load) {
  static struct world world;
  int many = how_many(load);
  struct cost few = run(&world, load->name, FEW);
  if (!*world.fault) {
    struct cost cost = run(&world, load->name, many);
    double ratio = (double)many / FEW;
    if (few.work == 0) FAULT(&world, "the core was not built to be counted");
    compare(&world, "stretches of code", few.work, cost.work, ratio);
    compare(&world, "requests for memory", few.requests, cost.requests, ratio);
    compare(&world, "bytes", few.bytes, cost.bytes, ratio);
    compare(&world, "steps", few.steps, cost.steps, ratio);
    check_held(&world, load->name, (cost.held - few.held) / (many - FEW));
  }
  printf("%s %s%s%s\n", *world.fault ? "not ok" : "ok", load->name, *world.fault ? ": " : "",
         world.fault);
  return !*world.fault;
}

static bool test_apart(void *load) {
  alarm(LONGEST);
  return test(load);
}

int main(int argc, char **argv) {
  bool good = true;
  struct rlimit stack;
  setvbuf(stdout, NULL, _IOLBF, 0);
  getrlimit(RLIMIT_STACK, &stack);
  stack.rlim_cur = MOST_STACK << 20;
  setrlimit(RLIMIT_STACK, &stack);
  for (size_t i = 0; i < sizeof loads / sizeof *loads; i++)
    if (argc < 2 || strstr(loads[i].name, argv[1]))
      good &= argc < 2 ? run_apart(loads[i].name, test_apart, (void *)&loads[i]) : test(&loads[i]);
  return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
