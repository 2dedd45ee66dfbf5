/* SPDX-License-Identifier: MIT
 *
 * signal_test.c -- signals that are taken over, by whoever it is, and by scripts.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "host/signals.h"
#include "host/takeover.h"
#include "io/signal_names.h"
#include "test.h"
#include "unit/outside.h"
#include "unit/system.h"

static volatile sig_atomic_t heard_underneath;

static void on_underneath(int number) {
  (void)number;
  heard_underneath++;
}

static void set(int number, void (*handler)(int)) {
  const struct sigaction action = {.sa_handler = handler};
  CHECK(sigaction(number, &action, NULL) == 0);
}

/* What the system does with it. */
static bool is_set(int number, void (*handler)(int)) {
  struct sigaction action;
  CHECK(sigaction(number, NULL, &action) == 0);
  return action.sa_handler == handler;
}

/* ------------------------------------------------------------------ the takeover */

struct scene {
  struct ta_loop loop;
};

static void open_scene(struct scene *scene) {
  CHECK(ta_loop_open(&scene->loop, NULL) == 0);
  heard_underneath = 0;
  set(SIGUSR2, on_underneath);
  set(SIGCHLD, on_underneath);
}

static void close_scene(struct scene *scene) {
  ta_takeover_close();
  ta_loop_close(&scene->loop);
  CHECK(is_set(SIGUSR2, on_underneath) && is_set(SIGCHLD, on_underneath));
  set(SIGUSR2, SIG_DFL);
  set(SIGCHLD, SIG_DFL);
}

static void a_signal_is_noted_and_wakes_the_loop(void) {
  struct scene scene;
  open_scene(&scene);
  CHECK(ta_takeover_begin(&scene.loop, SIGUSR2, false) == 0);
  CHECK(!ta_takeover_came(SIGUSR2));
  for (int i = 0; i < 1000; i++) raise(SIGUSR2);
  CHECK(ta_loop_is_woken(&scene.loop));
  CHECK(heard_underneath == 0);
  CHECK(ta_takeover_came(SIGUSR2) && !ta_takeover_came(SIGUSR2));
  close_scene(&scene);
}

static void it_is_given_back_as_often_as_it_was_taken(void) {
  struct scene scene;
  open_scene(&scene);
  for (int i = 0; i < 2; i++) CHECK(ta_takeover_begin(&scene.loop, SIGUSR2, false) == 0);
  ta_takeover_end(SIGUSR2);
  CHECK(!is_set(SIGUSR2, on_underneath));
  ta_takeover_end(SIGUSR2);
  ta_takeover_end(SIGUSR2);
  CHECK(is_set(SIGUSR2, on_underneath));
  raise(SIGUSR2);
  CHECK(heard_underneath == 1 && !ta_takeover_came(SIGUSR2));
  CHECK(ta_takeover_begin(&scene.loop, 0, false) == -EINVAL);
  CHECK(ta_takeover_begin(&scene.loop, SIGKILL, false) == -EINVAL);
  close_scene(&scene);
}

static void one_that_nobody_looked_at_is_not_lost(void) {
  struct scene scene;
  open_scene(&scene);
  for (int i = 0; i < 2; i++) CHECK(ta_takeover_begin(&scene.loop, SIGUSR2, false) == 0);
  raise(SIGUSR2);
  ta_takeover_end(SIGUSR2);
  CHECK(heard_underneath == 0);
  ta_takeover_end(SIGUSR2);
  CHECK(heard_underneath == 1);
  CHECK(ta_takeover_begin(&scene.loop, SIGUSR2, false) == 0);
  raise(SIGUSR2);
  CHECK(ta_takeover_came(SIGUSR2));
  ta_takeover_return(SIGUSR2);
  ta_takeover_end(SIGUSR2);
  CHECK(heard_underneath == 2);
  close_scene(&scene);
}

/* Of those that both hear, and of one that was looked at, nothing is left over. */
static void one_that_was_heard_is_not_heard_twice(void) {
  struct scene scene;
  open_scene(&scene);
  CHECK(ta_takeover_begin(&scene.loop, SIGCHLD, false) == 0);
  raise(SIGCHLD);
  ta_takeover_return(SIGCHLD);
  ta_takeover_end(SIGCHLD);
  CHECK(heard_underneath == 1);
  CHECK(ta_takeover_begin(&scene.loop, SIGUSR2, false) == 0);
  raise(SIGUSR2);
  CHECK(ta_takeover_came(SIGUSR2));
  ta_takeover_end(SIGUSR2);
  CHECK(heard_underneath == 1);
  close_scene(&scene);
}

static void what_lies_underneath_may_change_meanwhile(void) {
  struct scene scene;
  struct sigaction old;
  const struct sigaction ignore = {.sa_handler = SIG_IGN}, back = {.sa_handler = on_underneath};
  sigset_t ignored;
  open_scene(&scene);
  CHECK(ta_takeover_begin(&scene.loop, SIGUSR2, false) == 0);
  CHECK(ta_takeover_sigaction(SIGUSR2, &ignore, &old) == 0);
  CHECK(old.sa_handler == on_underneath && !is_set(SIGUSR2, SIG_IGN));
  sigemptyset(&ignored);
  ta_takeover_add_ignored(&ignored);
  CHECK(sigismember(&ignored, SIGUSR2) == 1 && sigismember(&ignored, SIGCHLD) == 0);
  CHECK(ta_takeover_sigaction(SIGUSR2, &back, &old) == 0 && old.sa_handler == SIG_IGN);
  close_scene(&scene);
}

static void those_of_children_are_heard_by_both(void) {
  struct scene scene;
  open_scene(&scene);
  CHECK(ta_takeover_begin(&scene.loop, SIGCHLD, false) == 0);
  raise(SIGCHLD);
  CHECK(heard_underneath == 1 && ta_takeover_came(SIGCHLD));
  close_scene(&scene);
}

static void an_ignored_one_stays_so_unless_forced(void) {
  struct scene scene;
  open_scene(&scene);
  set(SIGUSR2, SIG_IGN);
  CHECK(ta_takeover_begin(&scene.loop, SIGUSR2, false) == 0);
  raise(SIGUSR2);
  CHECK(!ta_takeover_came(SIGUSR2) && is_set(SIGUSR2, SIG_IGN));
  CHECK(ta_takeover_begin(&scene.loop, SIGUSR2, true) == 0);
  raise(SIGUSR2);
  CHECK(ta_takeover_came(SIGUSR2));
  ta_takeover_end(SIGUSR2);
  ta_takeover_end(SIGUSR2);
  CHECK(is_set(SIGUSR2, SIG_IGN));
  set(SIGUSR2, on_underneath);
  close_scene(&scene);
}

static void when_all_is_to_end_they_do_what_they_do(void) {
  struct scene scene;
  open_scene(&scene);
  CHECK(ta_takeover_begin(&scene.loop, SIGUSR2, false) == 0);
  ta_takeover_cease();
  raise(SIGUSR2);
  CHECK(heard_underneath == 1);
  close_scene(&scene);
}

/* -------------------------------------------------------------------- scripts */

static int l_send(lua_State *L) {
  raise(ta_signal_number(luaL_checkstring(L, 1)));
  return 0;
}

static int l_refuse_memory(lua_State *L) {
  system_fail(SYSTEM_ALLOCATE, (unsigned)luaL_checkinteger(L, 1), ENOMEM);
  return 0;
}

#define TWO_WAITS                                                                                  \
  "refuse_memory(%u) spawn(function() send 'USR2' end) log(async.signal.wait('USR2', 'WINCH')) "   \
  "local handler = async.signal.on('USR2', function(name) log('on', name) end) "                   \
  "async.checkpoint() send 'USR2' log(async.signal.wait 'USR2') handler:close()"

/* Runs the code, which sends itself signals that do nothing otherwise, and may have memory refused
 * at the n-th request.  `log`: what it has to have logged, or NULL.  False: there are not so many
 * requests. */
static bool run_code(const char *code, unsigned nth, const char *log) {
  struct outside outside;
  heard_underneath = 0;
  set(SIGUSR2, on_underneath);
  outside_open(&outside, NULL);
  lua_register(outside.world.L, "send", l_send);
  lua_register(outside.world.L, "refuse_memory", l_refuse_memory);
  world_add(&outside.world, code);
  outside_run(&outside);
  bool reached = nth && system_go_well() >= nth;
  ta_cancel_all(outside.world.runner, "the end");
  outside_run(&outside);
  if (log) CHECK_TEXT(outside.world.log, log);
  outside_close(&outside);
  CHECK(is_set(SIGUSR2, on_underneath) && is_set(SIGWINCH, SIG_DFL));
  set(SIGUSR2, SIG_DFL);
  return reached;
}

/* -------------------------------------------------------------------- the tick */

static void nothing(void *data) {
  (void)data;
}

static void nothing_of(void *data, int number) {
  (void)data, (void)number;
}

/* By default it would end the process. */
static void a_tick_that_is_due_at_the_end_is_dropped(void) {
  const struct ta_signal_handlers handlers = {
      .end = nothing_of, .last = nothing_of, .dump = nothing, .tick = nothing};
  sigset_t tick, mask;
  struct scene scene;
  open_scene(&scene);
  set(SIGALRM, SIG_DFL);
  sigemptyset(&tick);
  sigaddset(&tick, SIGALRM);
  ta_signals_open(&scene.loop);
  ta_signals_catch(&handlers);
  CHECK(sigprocmask(SIG_BLOCK, &tick, &mask) == 0 && raise(SIGALRM) == 0);
  ta_signals_close();
  CHECK(sigprocmask(SIG_SETMASK, &mask, NULL) == 0 && is_set(SIGALRM, SIG_DFL));
  close_scene(&scene);
}

static void a_script_waits_for_a_signal_and_gives_it_back(void) {
  run_code("spawn(function() send 'USR2' end) log(async.signal.wait('USR2', 'WINCH')) send 'USR2'",
           0, "USR2");
  CHECK(heard_underneath == 1);
}

static void a_cancelled_wait_gives_the_signal_back(void) {
  run_code("local t = spawn(async.signal.wait, 'USR2') async.checkpoint() t:cancel() "
           "log(select('#', t:pawait())) send 'USR2'",
           0, "2");
  CHECK(heard_underneath == 1);
}

static void memory_that_is_refused_leaves_no_signal_taken_over(void) {
  unsigned nth = 1;
  char code[sizeof TWO_WAITS + 20];
  do snprintf(code, sizeof code, TWO_WAITS, nth);
  while (run_code(code, nth++, NULL));
  CHECK(nth > 20);
}

/* A handler is there, and memory is refused while its daemon begins: it hears the next signal, or
 * is closed.  False: there are not so many requests. */
static bool begin_with_refusal(unsigned nth) {
  static const char begin[] =
      "async.signal.on('USR2', function(name) log(name) end) refuse_memory(%u) async.checkpoint()";
  char code[sizeof begin + 20];
  struct outside outside;
  snprintf(code, sizeof code, begin, nth);
  heard_underneath = 0;
  set(SIGUSR2, on_underneath);
  outside_open(&outside, NULL);
  lua_register(outside.world.L, "send", l_send);
  lua_register(outside.world.L, "refuse_memory", l_refuse_memory);
  world_add(&outside.world, code);
  outside_run(&outside);
  bool reached = system_go_well() >= nth;
  world_add(&outside.world, "send 'USR2' for _ = 1, 5 do async.checkpoint() end");
  outside_run(&outside);
  CHECK((strcmp(outside.world.log, "USR2") == 0) + (heard_underneath == 1) == 1);
  ta_cancel_all(outside.world.runner, "the end");
  outside_run(&outside);
  outside_close(&outside);
  set(SIGUSR2, SIG_DFL);
  return reached;
}

static void a_handler_that_could_not_begin_is_not_deaf(void) {
  unsigned nth = 1;
  while (begin_with_refusal(nth)) nth++;
  CHECK(nth > 1);
}

const struct test signal_tests[] = {
    TEST(a_signal_is_noted_and_wakes_the_loop),
    TEST(it_is_given_back_as_often_as_it_was_taken),
    TEST(one_that_nobody_looked_at_is_not_lost),
    TEST(one_that_was_heard_is_not_heard_twice),
    TEST(what_lies_underneath_may_change_meanwhile),
    TEST(those_of_children_are_heard_by_both),
    TEST(an_ignored_one_stays_so_unless_forced),
    TEST(when_all_is_to_end_they_do_what_they_do),
    TEST(a_tick_that_is_due_at_the_end_is_dropped),
    TEST(a_script_waits_for_a_signal_and_gives_it_back),
    TEST(a_cancelled_wait_gives_the_signal_back),
    TEST(memory_that_is_refused_leaves_no_signal_taken_over),
    TEST(a_handler_that_could_not_begin_is_not_deaf),
    TESTS_END,
};
