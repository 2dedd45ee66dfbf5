/* SPDX-License-Identifier: MIT
 *
 * session_test.c -- sessions as commands make them, and what decides how one ends.
 */
#include <lauxlib.h>
#include <math.h>
#include <signal.h>

#include "cli/drive.h"
#include "cli/session.h"
#include "test.h"

/* A session as some command has it. */
struct scene {
  struct ta_session session;
  const char *code;
  int failures, flushes, closings;
  bool stops; /* at the first failure */
};

static void count_failure(void *data, const struct ta_failure *failure) {
  struct scene *scene = data;
  CHECK_TEXT(failure->message, "meh");
  scene->failures++;
  if (scene->stops) ta_session_end(&scene->session, TA_CAUSE_ERROR);
}

static void count_flush(void *data) {
  ((struct scene *)data)->flushes++;
}

static void count_closing(void *data) {
  ((struct scene *)data)->closings++;
}

static int l_run(lua_State *L) {
  struct scene *scene = lua_touserdata(L, 1);
  struct ta_task_options options = {.name = "main"};
  ta_session_open_lua(&scene->session, L);
  if (luaL_loadstring(L, scene->code) != LUA_OK) return lua_error(L);
  ta_add_task(scene->session.runner, L, 0, &options);
  ta_session_start(&scene->session);
  ta_drive(&scene->session);
  return 0;
}

/* Runs the code in virtual time; gives the status. */
static int run(struct scene *scene, const char *code, double timeout) {
  const struct ta_session_settings settings = {
      .virtual_time = true, .timeout = timeout, .grace = 5};
  const struct ta_session_hooks hooks = {
      .failed = count_failure, .flush = count_flush, .closing = count_closing, .data = scene};
  scene->code = code;
  CHECK(ta_session_open(&scene->session, &settings, &hooks));
  lua_pushcfunction(scene->session.L, l_run);
  lua_pushlightuserdata(scene->session.L, scene);
  CHECK(lua_pcall(scene->session.L, 1, 0, 0) == LUA_OK);
  return ta_session_close(&scene->session);
}

static void a_command_has_sessions_one_after_the_other(void) {
  for (int i = 0; i < 3; i++) {
    struct scene scene = {0};
    CHECK(run(&scene, "spawn(sleep, 1e6) sleep(1e7)", HUGE_VAL) == 0);
    CHECK(scene.failures == 0 && scene.flushes > 0 && scene.closings == 1);
    CHECK(scene.session.clock.virtual_now >= 1e7);
  }
}

static void a_command_is_told_of_failures_and_may_stop(void) {
  struct scene scene = {0};
  CHECK(run(&scene, "spawn(error, 'meh') spawn(error, 'meh')", HUGE_VAL) == TA_EXIT_REPORTED);
  CHECK(scene.failures == 2);
  scene = (struct scene){.stops = true};
  CHECK(run(&scene, "spawn(error, 'meh') spawn(error, 'meh')", HUGE_VAL) == TA_EXIT_REPORTED);
  CHECK(scene.failures == 1);
}

/* Without the process coming to an end, that is. */
static void a_command_hears_that_a_signal_ended_the_session(void) {
  for (int i = 0; i < 2; i++) {
    struct scene scene = {0};
    CHECK(run(&scene, "os.execute 'kill -TERM $PPID' while true do sleep(1) end", HUGE_VAL) ==
          -SIGTERM);
  }
}

/* ------------------------------------------------------------- what decides */

/* What each has for a status, with 1 for its number. */
static const int statuses[TA_CAUSES] = {
    [TA_CAUSE_EXIT] = 1,
    [TA_CAUSE_NO_START] = TA_EXIT_CANNOT_START,
    [TA_CAUSE_SECOND_SIGNAL] = -SIGINT,
    [TA_CAUSE_SIGNAL] = -SIGTERM,
    [TA_CAUSE_BROKEN] = -SIGPIPE,
    [TA_CAUSE_TIMEOUT] = TA_EXIT_TIMEOUT,
    [TA_CAUSE_DEADLOCK] = TA_EXIT_DEADLOCK,
    [TA_CAUSE_LOST] = TA_EXIT_REPORTED,
    [TA_CAUSE_REPORT] = TA_EXIT_REPORTED,
};
static const int numbers[TA_CAUSES] = {[TA_CAUSE_EXIT] = 257,
                                       [TA_CAUSE_SECOND_SIGNAL] = SIGINT,
                                       [TA_CAUSE_SIGNAL] = SIGTERM,
                                       [TA_CAUSE_BROKEN] = SIGPIPE};

/* In whichever order they come. */
static void of_two_causes_the_first_in_the_table_decides(void) {
  for (enum ta_cause first = 0; first < TA_CAUSES; first++)
    for (enum ta_cause other = first; other < TA_CAUSES; other++) {
      struct ta_shutdown shutdown = {0};
      ta_shutdown_note(&shutdown, other, numbers[other]);
      ta_shutdown_note(&shutdown, first, numbers[first]);
      bool counts = other == TA_CAUSE_LOST || other == TA_CAUSE_REPORT;
      int status = statuses[first] == 0 && counts ? TA_EXIT_REPORTED : statuses[first];
      CHECK(ta_shutdown_status(&shutdown) == status);
    }
}

static void an_exit_that_wants_success_has_none_when_output_was_lost(void) {
  struct ta_shutdown shutdown = {0};
  CHECK(ta_shutdown_status(&shutdown) == 0);
  ta_shutdown_note(&shutdown, TA_CAUSE_EXIT, 0);
  ta_shutdown_note(&shutdown, TA_CAUSE_REPORT, 0);
  CHECK(ta_shutdown_status(&shutdown) == 0);
  ta_shutdown_note(&shutdown, TA_CAUSE_LOST, 0);
  CHECK(ta_shutdown_status(&shutdown) == TA_EXIT_REPORTED);
}

const struct test session_tests[] = {
    TEST(a_command_has_sessions_one_after_the_other),
    TEST(a_command_is_told_of_failures_and_may_stop),
    TEST(a_command_hears_that_a_signal_ended_the_session),
    TEST(of_two_causes_the_first_in_the_table_decides),
    TEST(an_exit_that_wants_success_has_none_when_output_was_lost),
    TESTS_END,
};
