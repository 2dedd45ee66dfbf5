/* SPDX-License-Identifier: MIT
 *
 * Clock, loop and alarm.  These are the tests that really wait: milliseconds.
 */
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "host/alarm.h"
#include "host/clock.h"
#include "host/loop.h"
#include "host/signals.h"
#include "unit/test.h"

/* -------------------------------------------------------------------- clock */

static void the_real_clock_goes_forward_from_zero(void) {
  struct ta_clock clock;
  ta_clock_open(&clock, false);
  double first = ta_clock_now(&clock);
  CHECK(first >= 0 && first < 1);
  double last = first;
  for (int i = 0; i < 1000; i++) {
    double now = ta_clock_now(&clock);
    CHECK(now >= last);
    last = now;
  }
  CHECK(last > first);
}

static void the_virtual_clock_stands_still_until_it_jumps(void) {
  struct ta_clock clock;
  ta_clock_open(&clock, true);
  CHECK(ta_clock_now(&clock) == 0);
  ta_clock_advance(&clock, 1.25);
  CHECK(ta_clock_now(&clock) == 1.25);
  ta_clock_advance(&clock, 1); /* never back */
  CHECK(ta_clock_now(&clock) == 1.25);
  double real = ta_clock_real(&clock);
  while (ta_clock_real(&clock) <= real) continue;
  CHECK(ta_clock_now(&clock) == 1.25);
}

/* --------------------------------------------------------------------- loop */

static double seconds_since(uint64_t start) {
  return (double)(uv_hrtime() - start) * 1e-9;
}

static void a_wait_is_no_shorter_than_asked(void) {
  static const double waits[] = {0.0003, 0.001, 0.0047, 0.03};
  struct ta_loop loop;
  CHECK(ta_loop_open(&loop) == 0);
  for (size_t i = 0; i < sizeof waits / sizeof *waits; i++) {
    uint64_t start = uv_hrtime();
    ta_loop_wait(&loop, waits[i]);
    CHECK(seconds_since(start) >= waits[i]);
    CHECK(seconds_since(start) < waits[i] + 1); /* a loaded machine is late */
  }
  CHECK(ta_loop_close(&loop) == 0);
}

static void a_wait_of_nothing_or_less_returns_at_once(void) {
  struct ta_loop loop;
  CHECK(ta_loop_open(&loop) == 0);
  uint64_t start = uv_hrtime();
  ta_loop_wait(&loop, 0);
  ta_loop_wait(&loop, -5);
  ta_loop_wait(&loop, -HUGE_VAL);
  CHECK(seconds_since(start) < 1);
  CHECK(ta_loop_close(&loop) == 0);
}

/* A pipe that is watched, and how often it was readable. */
struct watched {
  struct ta_loop loop;
  uv_poll_t watcher;
  int ends[2];
  int seen;
};

static void on_readable(uv_poll_t *watcher, int status, int events) {
  struct watched *watched = watcher->data;
  char byte;
  (void)events;
  if (status == 0 && read(watched->ends[0], &byte, 1) == 1) watched->seen++;
}

static void open_watched(struct watched *watched) {
  memset(watched, 0, sizeof *watched);
  CHECK(ta_loop_open(&watched->loop) == 0);
  CHECK(pipe(watched->ends) == 0);
  CHECK(uv_poll_init(&watched->loop.uv, &watched->watcher, watched->ends[0]) == 0);
  watched->watcher.data = watched;
  CHECK(uv_poll_start(&watched->watcher, UV_READABLE, on_readable) == 0);
  ta_loop_changed(&watched->loop);
}

static void close_watched(struct watched *watched) {
  uv_close((uv_handle_t *)&watched->watcher, NULL);
  CHECK(ta_loop_close(&watched->loop) == 0);
  close(watched->ends[0]);
  close(watched->ends[1]);
}

static void an_event_ends_a_wait(void) {
  struct watched watched;
  open_watched(&watched);
  CHECK(write(watched.ends[1], "x", 1) == 1);
  uint64_t start = uv_hrtime();
  ta_loop_wait(&watched.loop, 5);
  CHECK(watched.seen == 1);
  CHECK(seconds_since(start) < 4);
  close_watched(&watched);
}

/* Writes into the pipe from another thread, in the middle of a wait. */
static bool write_byte(void *data) {
  struct watched *watched = data;
  ssize_t written = write(watched->ends[1], "x", 1);
  (void)written;
  return false;
}

static void an_event_during_a_wait_ends_it(void) {
  struct watched watched;
  struct ta_alarm alarm;
  open_watched(&watched);
  CHECK(ta_alarm_start(&alarm, 0.005, write_byte, &watched) == 0);
  uint64_t start = uv_hrtime();
  while (!watched.seen && seconds_since(start) < 30) ta_loop_wait(&watched.loop, HUGE_VAL);
  CHECK(watched.seen == 1);
  CHECK(seconds_since(start) >= 0.005 && seconds_since(start) < 4);
  ta_alarm_stop(&alarm);
  close_watched(&watched);
}

static void polling_runs_what_is_ready_and_does_not_wait(void) {
  struct watched watched;
  open_watched(&watched);
  uint64_t start = uv_hrtime();
  ta_loop_poll(&watched.loop);
  CHECK(watched.seen == 0 && seconds_since(start) < 1);
  CHECK(write(watched.ends[1], "x", 1) == 1);
  ta_loop_poll(&watched.loop);
  CHECK(watched.seen == 1);
  close_watched(&watched);
}

static void count_timer(uv_timer_t *timer) {
  ++*(int *)timer->data;
}

static void a_timer_of_libuv_ends_a_wait(void) {
  struct ta_loop loop;
  uv_timer_t timer;
  int fired = 0;
  CHECK(ta_loop_open(&loop) == 0);
  CHECK(uv_timer_init(&loop.uv, &timer) == 0);
  timer.data = &fired;
  uv_update_time(&loop.uv);
  CHECK(uv_timer_start(&timer, count_timer, 3, 0) == 0);
  ta_loop_changed(&loop);
  CHECK(ta_loop_pending(&loop));
  uint64_t start = uv_hrtime();
  while (!fired && seconds_since(start) < 30) ta_loop_wait(&loop, HUGE_VAL);
  CHECK(fired == 1 && seconds_since(start) < 4);
  CHECK(!ta_loop_pending(&loop));
  uv_close((uv_handle_t *)&timer, NULL);
  CHECK(ta_loop_close(&loop) == 0);
}

static void something_is_pending_while_a_handle_lives(void) {
  struct watched watched;
  open_watched(&watched);
  CHECK(ta_loop_pending(&watched.loop));
  uv_poll_stop(&watched.watcher);
  CHECK(!ta_loop_pending(&watched.loop));
  close_watched(&watched);
}

static void our_waker_is_nothing_pending(void) {
  struct ta_loop loop;
  int waker;
  CHECK(ta_loop_open(&loop) == 0);
  CHECK(ta_signals_open(&waker) == 0);
  ta_loop_set_waker(&loop, waker);
  CHECK(!ta_loop_pending(&loop));
  uint64_t start = uv_hrtime();
  ta_loop_wait(&loop, 0.002); /* nor does it disturb a wait */
  CHECK(seconds_since(start) >= 0.002);
  ta_signals_close();
  CHECK(ta_loop_close(&loop) == 0);
}

static void a_loop_with_an_open_handle_does_not_close(void) {
  struct watched watched;
  open_watched(&watched);
  CHECK(ta_loop_close(&watched.loop) == -EBUSY);
  close_watched(&watched);
}

/* ------------------------------------------------------------------ signals */

static void count_signal(void *data) {
  ++*(int *)data;
}

/* The first signal of this process: the room keeps it for good. */
static void a_signal_is_noted_told_and_ends_one_wait(void) {
  struct ta_loop loop;
  int told = 0, waker;
  struct sigaction before, after;
  sigaction(SIGINT, NULL, &before);
  CHECK(ta_loop_open(&loop) == 0);
  CHECK(ta_signals_open(&waker) == 0);
  ta_loop_set_waker(&loop, waker);
  ta_signals_catch(count_signal, &told);
  CHECK(ta_signals_caught() == 0);
  raise(SIGPIPE);
  CHECK(told == 0);
  raise(SIGTERM);
  CHECK(told == 1 && ta_signals_caught() == SIGTERM);
  uint64_t start = uv_hrtime();
  ta_loop_wait(&loop, 5);
  CHECK(seconds_since(start) < 4);
  start = uv_hrtime();
  ta_loop_wait(&loop, 0.002);
  CHECK(seconds_since(start) >= 0.002);
  ta_signals_close();
  CHECK(ta_loop_close(&loop) == 0);
  sigaction(SIGINT, NULL, &after);
  CHECK(before.sa_handler == after.sa_handler);
}

/* -------------------------------------------------------------------- alarm */

static bool count_call(void *data) {
  atomic_fetch_add((atomic_int *)data, 1);
  return false;
}

static bool count_three_calls(void *data) {
  return atomic_fetch_add((atomic_int *)data, 1) < 2;
}

static void an_alarm_goes_off_again_while_it_is_wanted(void) {
  struct ta_alarm alarm;
  atomic_int calls = 0;
  uint64_t start = uv_hrtime();
  CHECK(ta_alarm_start(&alarm, 0.001, count_three_calls, &calls) == 0);
  while (atomic_load(&calls) < 3 && seconds_since(start) < 30) usleep(200);
  usleep(4000);
  ta_alarm_stop(&alarm);
  CHECK(atomic_load(&calls) == 3);
}

static void an_alarm_goes_off_once_and_not_early(void) {
  struct ta_alarm alarm;
  atomic_int calls = 0;
  uint64_t start = uv_hrtime();
  CHECK(ta_alarm_start(&alarm, 0.004, count_call, &calls) == 0);
  while (atomic_load(&calls) == 0 && seconds_since(start) < 30) usleep(200);
  CHECK(seconds_since(start) >= 0.004);
  usleep(3000);
  CHECK(atomic_load(&calls) == 1);
  ta_alarm_stop(&alarm);
  CHECK(atomic_load(&calls) == 1);
}

static void an_alarm_that_is_stopped_stays_silent(void) {
  struct ta_alarm alarm;
  atomic_int calls = 0;
  uint64_t start = uv_hrtime();
  CHECK(ta_alarm_start(&alarm, 1e300, count_call, &calls) == 0);
  ta_alarm_stop(&alarm);
  ta_alarm_stop(&alarm); /* a second time does nothing */
  CHECK(atomic_load(&calls) == 0);
  CHECK(seconds_since(start) < 4);
}

static void stopping_an_alarm_that_was_never_started_does_nothing(void) {
  struct ta_alarm alarm = {.started = false};
  ta_alarm_stop(&alarm);
  CHECK(!alarm.started);
}

const struct test host_tests[] = {
    TEST(the_real_clock_goes_forward_from_zero),
    TEST(the_virtual_clock_stands_still_until_it_jumps),
    TEST(a_wait_is_no_shorter_than_asked),
    TEST(a_wait_of_nothing_or_less_returns_at_once),
    TEST(an_event_ends_a_wait),
    TEST(an_event_during_a_wait_ends_it),
    TEST(polling_runs_what_is_ready_and_does_not_wait),
    TEST(a_timer_of_libuv_ends_a_wait),
    TEST(something_is_pending_while_a_handle_lives),
    TEST(our_waker_is_nothing_pending),
    TEST(a_loop_with_an_open_handle_does_not_close),
    TEST(a_signal_is_noted_told_and_ends_one_wait),
    TEST(an_alarm_goes_off_once_and_not_early),
    TEST(an_alarm_goes_off_again_while_it_is_wanted),
    TEST(an_alarm_that_is_stopped_stays_silent),
    TEST(stopping_an_alarm_that_was_never_started_does_nothing),
    TESTS_END,
};
