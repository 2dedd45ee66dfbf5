/* SPDX-License-Identifier: MIT
 *
 * Clock, loop and signals.  These are the tests that really wait: milliseconds.
 */
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

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
static void write_byte(void *data) {
  struct watched *watched = data;
  usleep(5000);
  ssize_t written = write(watched->ends[1], "x", 1);
  (void)written;
}

static void an_event_during_a_wait_ends_it(void) {
  struct watched watched;
  uv_thread_t writer;
  open_watched(&watched);
  uint64_t start = uv_hrtime();
  CHECK(uv_thread_create(&writer, write_byte, &watched) == 0);
  while (!watched.seen && seconds_since(start) < 30) ta_loop_wait(&watched.loop, HUGE_VAL);
  CHECK(watched.seen == 1);
  CHECK(seconds_since(start) >= 0.005 && seconds_since(start) < 4);
  uv_thread_join(&writer);
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

/* How often each handler was called. */
struct told {
  volatile sig_atomic_t end, dump, tick;
};

static void count_end(void *data) {
  ((struct told *)data)->end++;
}

static void count_dump(void *data) {
  ((struct told *)data)->dump++;
}

static void count_tick(void *data) {
  ((struct told *)data)->tick++;
}

static void open_signals(struct ta_loop *loop, struct told *told) {
  const struct ta_signal_handlers handlers = {
      .end = count_end, .last = count_end, .dump = count_dump, .tick = count_tick, .data = told};
  int waker;
  *told = (struct told){0};
  CHECK(ta_loop_open(loop) == 0);
  CHECK(ta_signals_open(&waker) == 0);
  ta_loop_set_waker(loop, waker);
  ta_signals_catch(&handlers);
}

static void close_signals(struct ta_loop *loop) {
  ta_signals_close();
  CHECK(ta_loop_close(loop) == 0);
}

/* Reads from a pipe that nobody writes to. */
static void a_call_goes_on_after_a_tick_unless_it_is_to_be_broken_off(void) {
  struct ta_loop loop;
  struct told told;
  int ends[2];
  char byte;
  CHECK(pipe(ends) == 0);
  open_signals(&loop, &told);
  ta_signals_break_off(true);
  CHECK(read(ends[0], &byte, 1) == -1 && ta_signals_broke_off());
  CHECK(told.tick >= 1);
  ta_signals_break_off(false);
  CHECK(!ta_signals_broke_off());
  uv_thread_t writer;
  struct watched watched = {.ends = {ends[0], ends[1]}};
  ta_signals_tick(0.001);
  CHECK(uv_thread_create(&writer, write_byte, &watched) == 0);
  CHECK(read(ends[0], &byte, 1) == 1);
  uv_thread_join(&writer);
  close(ends[0]);
  close(ends[1]);
  close_signals(&loop);
}

/* The first signal of this process: the room keeps it for good. */
static void a_signal_is_noted_told_and_ends_one_wait(void) {
  struct ta_loop loop;
  struct told told;
  struct sigaction before, after;
  sigaction(SIGINT, NULL, &before);
  open_signals(&loop, &told);
  CHECK(ta_signals_caught() == 0);
  raise(SIGPIPE);
  CHECK(told.end == 0);
  raise(SIGTERM);
  ta_signals_stop_ticking();
  CHECK(told.end == 1 && ta_signals_caught() == SIGTERM);
  raise(SIGTERM); /* at once: the same once more */
  raise(SIGHUP);
  CHECK(told.end == 1 && ta_signals_caught() == SIGTERM);
  uint64_t start = uv_hrtime();
  ta_loop_wait(&loop, 5);
  CHECK(seconds_since(start) < 4);
  start = uv_hrtime();
  ta_loop_wait(&loop, 0.002);
  CHECK(seconds_since(start) >= 0.002);
  close_signals(&loop);
  sigaction(SIGINT, NULL, &after);
  CHECK(before.sa_handler == after.sa_handler);
}

static void a_wish_for_a_dump_is_told_each_time_and_is_not_the_end(void) {
  struct ta_loop loop;
  struct told told;
  open_signals(&loop, &told);
  raise(SIGQUIT);
  raise(SIGUSR1);
  ta_signals_stop_ticking();
  CHECK(told.dump == 2 && told.end == 0);
  uint64_t start = uv_hrtime();
  ta_loop_wait(&loop, 5);
  CHECK(seconds_since(start) < 4);
  close_signals(&loop);
}

static void the_tick_goes_on_until_it_is_stopped(void) {
  struct ta_loop loop;
  struct told told;
  uint64_t start = uv_hrtime();
  open_signals(&loop, &told);
  ta_signals_tick(0.002);
  while (told.tick < 2 && seconds_since(start) < 30) usleep(500);
  CHECK(told.tick >= 2);
  CHECK(seconds_since(start) >= 0.002 + TA_TICK * 0.99);
  ta_signals_stop_ticking();
  sig_atomic_t ticks = told.tick;
  usleep((useconds_t)(TA_TICK * 1.5e6));
  CHECK(told.tick == ticks);
  close_signals(&loop);
}

static void a_tick_in_no_time_or_in_ages_is_one_too(void) {
  struct ta_loop loop;
  struct told told;
  uint64_t start = uv_hrtime();
  open_signals(&loop, &told);
  ta_signals_tick(HUGE_VAL);
  ta_signals_tick(1e300);
  CHECK(told.tick == 0);
  ta_signals_tick(-1);
  while (told.tick < 1 && seconds_since(start) < 30) usleep(500);
  CHECK(told.tick >= 1);
  close_signals(&loop);
}

static void a_signal_that_was_ignored_stays_ignored(void) {
  struct ta_loop loop;
  struct told told;
  signal(SIGINT, SIG_IGN);
  open_signals(&loop, &told);
  raise(SIGINT);
  CHECK(told.end == 0 && ta_signals_caught() == 0);
  close_signals(&loop);
  signal(SIGINT, SIG_DFL);
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
    TEST(a_wish_for_a_dump_is_told_each_time_and_is_not_the_end),
    TEST(the_tick_goes_on_until_it_is_stopped),
    TEST(a_tick_in_no_time_or_in_ages_is_one_too),
    TEST(a_signal_that_was_ignored_stays_ignored),
    TEST(a_call_goes_on_after_a_tick_unless_it_is_to_be_broken_off),
    TEST(a_signal_is_noted_told_and_ends_one_wait),
    TESTS_END,
};
