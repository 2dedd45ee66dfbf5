/* SPDX-License-Identifier: MIT
 *
 * Clock, loop and signals.  These are the tests that really wait: milliseconds.
 */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#if defined(__linux__)
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#endif

#include "host/clock.h"
#include "host/loop.h"
#include "host/modules.h"
#include "host/signals.h"
#include "host/watch.h"
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

static double seconds_since(double start) {
  return ta_monotonic() - start;
}

static const struct ta_poller_kind *const pollers[] = {
#if defined(__linux__)
    &ta_poller_epoll,
#endif
    &ta_poller_poll};

static bool open_loop(struct ta_loop *loop, const struct ta_poller_kind *kind) {
  CHECK(ta_loop_open(loop, kind) == 0);
  return true;
}

#define FOR_EACH_POLLER(loop)                                                                      \
  for (size_t k_ = 0; k_ < sizeof pollers / sizeof *pollers && open_loop(&(loop), pollers[k_]);    \
       k_++, ta_loop_close(&(loop)))

static void a_wait_is_no_shorter_than_asked(void) {
  static const double waits[] = {0.0003, 0.001, 0.0047, 0.03};
  struct ta_loop loop;
  FOR_EACH_POLLER(loop) {
    for (size_t i = 0; i < sizeof waits / sizeof *waits; i++) {
      double start = ta_monotonic();
      ta_loop_wait(&loop, waits[i]);
      CHECK(seconds_since(start) >= waits[i]);
      CHECK(seconds_since(start) < waits[i] + 1); /* a loaded machine is late */
    }
  }
}

static void a_wait_of_nothing_or_less_returns_at_once(void) {
  struct ta_loop loop;
  FOR_EACH_POLLER(loop) {
    double start = ta_monotonic();
    ta_loop_wait(&loop, 0);
    ta_loop_wait(&loop, -5);
    ta_loop_wait(&loop, -HUGE_VAL);
    CHECK(seconds_since(start) < 1);
  }
}

#if defined(__linux__) && defined(SYS_epoll_pwait2)
/* As a container does whose filter is older than the call. */
static int refuse_pwait2(void) {
  struct sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_epoll_pwait2, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {.len = sizeof filter / sizeof *filter, .filter = filter};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, 2, &program);
}

/* In a process of its own, which keeps the filter.  0: all is well. */
static int wait_without_pwait2(void) {
  struct ta_loop loop;
  if (refuse_pwait2()) return 0; /* the machine has no filters */
  if (ta_loop_open(&loop, &ta_poller_epoll)) return 1;
  double start = ta_monotonic();
  ta_loop_wait(&loop, 0.0123);
  if (seconds_since(start) < 0.0123) return 2;
  ta_loop_wake(&loop);
  ta_loop_wait(&loop, 20);
  if (seconds_since(start) > 15) return 3;
  ta_loop_close(&loop);
  return 0;
}

static void a_wait_is_as_long_where_the_precise_call_is_refused(void) {
  int status;
  pid_t child = fork();
  if (child == 0) _exit(wait_without_pwait2());
  CHECK(child > 0 && waitpid(child, &status, 0) == child);
  CHECK(status == 0);
}
#endif

/* A pipe that is watched, and how often it was readable. */
struct watched {
  struct ta_watch watch;
  struct ta_loop loop;
  int ends[2];
  int seen;
};

static void on_readable(struct ta_watch *watch, unsigned directions) {
  struct watched *watched = (struct watched *)watch;
  char byte;
  if (directions == TA_MAY_READ && read(watched->ends[0], &byte, 1) == 1) watched->seen++;
}

static bool open_watched(struct watched *watched, const struct ta_poller_kind *kind) {
  *watched = (struct watched){0};
  CHECK(pipe(watched->ends) == 0);
  CHECK(ta_loop_open(&watched->loop, kind) == 0);
  CHECK(ta_watch_open(&watched->loop, TA_ONCE, watched->ends[0], on_readable, &watched->watch) ==
        0);
  CHECK(ta_watch_want(&watched->watch, TA_MAY_READ) == 0);
  return true;
}

static void close_watched(struct watched *watched) {
  ta_watch_close(&watched->watch);
  ta_loop_close(&watched->loop);
  close(watched->ends[1]);
}

#define FOR_EACH_WATCHED(watched)                                                                  \
  for (size_t k_ = 0;                                                                              \
       k_ < sizeof pollers / sizeof *pollers && open_watched(&(watched), pollers[k_]);             \
       k_++, close_watched(&(watched)))

static void an_event_ends_a_wait(void) {
  struct watched watched;
  FOR_EACH_WATCHED(watched) {
    CHECK(write(watched.ends[1], "x", 1) == 1);
    double start = ta_monotonic();
    ta_loop_wait(&watched.loop, 5);
    CHECK(watched.seen == 1);
    CHECK(seconds_since(start) < 4);
  }
}

/* Writes into the pipe from another thread, in the middle of a wait. */
static void *write_byte(void *data) {
  usleep(5000);
  ssize_t written = write(*(const int *)data, "x", 1);
  (void)written;
  return NULL;
}

static void an_event_during_a_wait_ends_it(void) {
  struct watched watched;
  FOR_EACH_WATCHED(watched) {
    pthread_t writer;
    double start = ta_monotonic();
    CHECK(pthread_create(&writer, NULL, write_byte, &watched.ends[1]) == 0);
    while (!watched.seen && seconds_since(start) < 30) ta_loop_wait(&watched.loop, HUGE_VAL);
    CHECK(watched.seen == 1);
    CHECK(seconds_since(start) >= 0.005 && seconds_since(start) < 4);
    pthread_join(writer, NULL);
  }
}

static void polling_runs_what_is_ready_and_does_not_wait(void) {
  struct watched watched;
  FOR_EACH_WATCHED(watched) {
    double start = ta_monotonic();
    ta_loop_poll(&watched.loop);
    CHECK(watched.seen == 0 && seconds_since(start) < 1);
    CHECK(write(watched.ends[1], "x", 1) == 1);
    ta_loop_poll(&watched.loop);
    CHECK(watched.seen == 1);
  }
}

static void the_waker_disturbs_no_wait_unless_it_was_used(void) {
  struct ta_loop loop;
  FOR_EACH_POLLER(loop) {
    ta_signals_open(&loop);
    CHECK(!ta_loop_is_woken(&loop));
    double start = ta_monotonic();
    ta_loop_wait(&loop, 0.002); /* nor does it disturb a wait */
    CHECK(seconds_since(start) >= 0.002);
    ta_loop_wake(&loop);
    CHECK(ta_loop_is_woken(&loop));
    ta_loop_poll(&loop);
    CHECK(ta_loop_is_woken(&loop)); /* it has ended no wait yet */
    ta_loop_wait(&loop, 0);
    CHECK(!ta_loop_is_woken(&loop));
    ta_signals_close();
  }
}

/* Its owner may be a Lua object that is collected last. */
static void a_watch_may_be_closed_after_its_loop(void) {
  struct watched watched;
  FOR_EACH_WATCHED(watched) {
    ta_loop_close(&watched.loop);
    ta_watch_unwant(&watched.watch, TA_MAY_READ);
    CHECK(ta_watch_want(&watched.watch, TA_MAY_READ) == -EBADF);
    CHECK(fcntl(watched.ends[0], F_GETFD) >= 0);
    ta_watch_close(&watched.watch);
    CHECK(fcntl(watched.ends[0], F_GETFD) < 0);
    CHECK(watched.seen == 0);
  }
}

/* ------------------------------------------------------------------ signals */

/* How often each handler was called. */
struct told {
  volatile sig_atomic_t end, dump, tick;
  volatile sig_atomic_t number; /* of the signal that came last to `end` */
};

static void count_end(void *data, int number) {
  ((struct told *)data)->end++;
  ((struct told *)data)->number = number;
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
  *told = (struct told){0};
  CHECK(ta_loop_open(loop, NULL) == 0);
  ta_signals_open(loop);
  ta_signals_catch(&handlers);
}

static void close_signals(struct ta_loop *loop) {
  ta_signals_close();
  ta_loop_close(loop);
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
  pthread_t writer;
  ta_signals_tick(0.001);
  CHECK(pthread_create(&writer, NULL, write_byte, &ends[1]) == 0);
  CHECK(read(ends[0], &byte, 1) == 1);
  pthread_join(writer, NULL);
  close(ends[0]);
  close(ends[1]);
  close_signals(&loop);
}

static void a_signal_is_noted_told_and_ends_one_wait(void) {
  struct ta_loop loop;
  struct told told;
  struct sigaction before, after;
  sigaction(SIGINT, NULL, &before);
  open_signals(&loop, &told);
  raise(SIGPIPE);
  CHECK(told.end == 0);
  raise(SIGTERM);
  ta_signals_stop_ticking();
  CHECK(told.end == 1 && told.number == SIGTERM);
  raise(SIGTERM); /* at once: the same once more */
  raise(SIGHUP);
  CHECK(told.end == 1 && told.number == SIGTERM);
  double start = ta_monotonic();
  ta_loop_wait(&loop, 5);
  CHECK(seconds_since(start) < 4);
  start = ta_monotonic();
  ta_loop_wait(&loop, 0.002);
  CHECK(seconds_since(start) >= 0.002);
  close_signals(&loop);
  sigaction(SIGINT, NULL, &after);
  CHECK(before.sa_handler == after.sa_handler);
}

static void each_who_catches_signals_has_a_first_one(void) {
  struct ta_loop loop;
  struct told told;
  for (int i = 0; i < 2; i++) {
    open_signals(&loop, &told);
    raise(SIGHUP);
    CHECK(told.end == 1 && told.number == SIGHUP);
    close_signals(&loop);
  }
}

static void a_wish_for_a_dump_is_told_each_time_and_is_not_the_end(void) {
  struct ta_loop loop;
  struct told told;
  open_signals(&loop, &told);
  raise(SIGQUIT);
  raise(SIGUSR1);
  ta_signals_stop_ticking();
  CHECK(told.dump == 2 && told.end == 0);
  double start = ta_monotonic();
  ta_loop_wait(&loop, 5);
  CHECK(seconds_since(start) < 4);
  close_signals(&loop);
}

static void the_tick_goes_on_until_it_is_stopped(void) {
  struct ta_loop loop;
  struct told told;
  double start = ta_monotonic();
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
  double start = ta_monotonic();
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
  CHECK(told.end == 0);
  close_signals(&loop);
  signal(SIGINT, SIG_DFL);
}

/* ------------------------------------------------------------------ modules */

static bool leads(const char *from, const char *to, const char *way) {
  char text[64];
  ta_relative_path(from, to, text, sizeof text);
  return strcmp(text, way) == 0;
}

static void the_way_from_one_directory_to_another_goes_up_and_down(void) {
  CHECK(leads("/usr/local/bin", "/usr/local/lib", "./../lib"));
  CHECK(leads("/usr/bin", "/usr/lib/x86_64-linux-gnu", "./../lib/x86_64-linux-gnu"));
  CHECK(leads("/usr/lib", "/usr/lib64", "./../lib64"));
  CHECK(leads("/opt/x", "/opt/x", "."));
  CHECK(leads("/opt/x", "/opt/x/lib", "./lib"));
  CHECK(leads("/opt/x/bin/", "/opt/x/lib", "./../lib"));
  CHECK(leads("/a/b/c", "/d", "./../../../d"));
}

static void no_module_is_found_that_is_not_there(void) {
  const void *found = NULL;
  char why[256];
  CHECK(ta_module_find("none", "ta_module_none", &found, why, sizeof why) == -ENOENT && !found);
  CHECK(strstr(why, "no none.so in /"));
}

const struct test host_tests[] = {
    TEST(the_way_from_one_directory_to_another_goes_up_and_down),
    TEST(no_module_is_found_that_is_not_there),
    TEST(the_real_clock_goes_forward_from_zero),
    TEST(the_virtual_clock_stands_still_until_it_jumps),
    TEST(a_wait_is_no_shorter_than_asked),
    TEST(a_wait_of_nothing_or_less_returns_at_once),
#if defined(__linux__) && defined(SYS_epoll_pwait2)
    TEST(a_wait_is_as_long_where_the_precise_call_is_refused),
#endif
    TEST(an_event_ends_a_wait),
    TEST(an_event_during_a_wait_ends_it),
    TEST(polling_runs_what_is_ready_and_does_not_wait),
    TEST(the_waker_disturbs_no_wait_unless_it_was_used),
    TEST(a_watch_may_be_closed_after_its_loop),
    TEST(each_who_catches_signals_has_a_first_one),
    TEST(a_wish_for_a_dump_is_told_each_time_and_is_not_the_end),
    TEST(the_tick_goes_on_until_it_is_stopped),
    TEST(a_tick_in_no_time_or_in_ages_is_one_too),
    TEST(a_signal_that_was_ignored_stays_ignored),
    TEST(a_call_goes_on_after_a_tick_unless_it_is_to_be_broken_off),
    TEST(a_signal_is_noted_told_and_ends_one_wait),
    TESTS_END,
};
