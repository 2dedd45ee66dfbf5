/* SPDX-License-Identifier: MIT
 *
 * Watches, over each poller that there is.
 */
#include "host/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/clock.h"
#include "unit/system.h"
#include "unit/test.h"

static const struct ta_poller_kind *const kinds[] = {
#if defined(__linux__)
    &ta_poller_epoll,
#endif
    &ta_poller_poll};

/* A watch over one end of a pair of sockets, and what it was told. */
struct watched {
  struct ta_watch watch;
  struct ta_loop *loop;
  int other;
  unsigned told;
  int calls;
  struct watched *victim;    /* is closed when this one is told */
  struct watched *successor; /* and this one opened, in the slot of the victim */
};

static void open_pair(int fds[2]) {
  CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0);
  for (int i = 0; i < 2; i++) {
    fcntl(fds[i], F_SETFL, O_NONBLOCK);
    fcntl(fds[i], F_SETFD, FD_CLOEXEC);
  }
}

static void open_watched(struct ta_loop *loop, enum ta_watch_kind kind, struct watched *watched);

static void on_ready(struct ta_watch *watch, unsigned directions) {
  struct watched *watched = (struct watched *)watch;
  watched->told |= directions;
  watched->calls++;
  if (watched->victim) ta_watch_close(&watched->victim->watch);
  if (!watched->successor) return;
  open_watched(watched->loop, TA_EDGE, watched->successor);
  CHECK(ta_watch_want(&watched->successor->watch, TA_MAY_READ) == 0);
}

static void open_watched(struct ta_loop *loop, enum ta_watch_kind kind, struct watched *watched) {
  int fds[2];
  open_pair(fds);
  *watched = (struct watched){.loop = loop, .other = fds[1]};
  CHECK(ta_watch_open(loop, kind, fds[0], on_ready, &watched->watch) == 0);
}

static void close_watched(struct watched *watched) {
  ta_watch_close(&watched->watch);
  close(watched->other);
}

static void say(struct watched *watched) {
  CHECK(write(watched->other, "x", 1) == 1);
}

/* Reads until it would block, as an owner does. */
static int hear(struct watched *watched) {
  char byte;
  int count = 0;
  while (read(watched->watch.fd, &byte, 1) == 1) count++;
  ta_watch_blocked(&watched->watch, TA_MAY_READ);
  return count;
}

/* What was told since the last time, after one look. */
static unsigned look(struct watched *watched) {
  watched->told = 0;
  ta_loop_poll(watched->loop);
  return watched->told;
}

#define FOR_EACH_POLLER(loop)                                                                      \
  for (size_t k_ = 0; k_ < sizeof kinds / sizeof *kinds && open_loop(&(loop), kinds[k_]);          \
       k_++, ta_loop_close(&(loop)))

static bool open_loop(struct ta_loop *loop, const struct ta_poller_kind *kind) {
  CHECK(ta_loop_open(loop, kind) == 0);
  return true;
}

/* Bytes for somebody else, while `data` says so. */
static bool is_for_others(void *keeper, int fd) {
  (void)fd;
  return *(bool *)keeper;
}

static void what_comes_for_others_is_told_when_it_is_given_back(void) {
  struct ta_loop loop;
  FOR_EACH_POLLER(loop) {
    struct watched watched, exempt;
    bool lent = true;
    loop.keeps = is_for_others;
    loop.keeper = &lent;
    open_watched(&loop, TA_ONCE, &watched);
    open_watched(&loop, TA_ONCE, &exempt);
    exempt.watch.is_exempt = true;
    CHECK(ta_watch_is_kept(&watched.watch) && !ta_watch_is_kept(&exempt.watch));
    CHECK(ta_watch_want(&watched.watch, TA_MAY_READ) == 0);
    CHECK(ta_watch_want(&exempt.watch, TA_MAY_READ) == 0);
    say(&watched);
    say(&exempt);
    exempt.told = 0;
    CHECK(look(&watched) == 0 && exempt.told == TA_MAY_READ);
    CHECK(look(&watched) == 0);
    lent = false;
    CHECK(look(&watched) == 0); /* nobody has said so yet */
    ta_watch_give_back(&loop);
    CHECK(look(&watched) == TA_MAY_READ && hear(&watched) == 1);
    lent = true;
    CHECK(ta_watch_want(&watched.watch, TA_MAY_READ) == 0);
    say(&watched);
    CHECK(look(&watched) == 0);
    close_watched(&watched); /* while it is kept */
    close_watched(&exempt);
    CHECK(!loop.kept);
  }
}

static void what_is_wanted_is_told_once(void) {
  struct ta_loop loop;
  FOR_EACH_POLLER(loop) {
    struct watched watched;
    open_watched(&loop, TA_EDGE, &watched);
    CHECK(ta_watch_is_ready(&watched.watch, TA_MAY_READ)); /* to be tried */
    CHECK(hear(&watched) == 0);
    CHECK(!ta_watch_is_ready(&watched.watch, TA_MAY_READ));
    CHECK(ta_watch_want(&watched.watch, TA_MAY_READ) == 0);
    CHECK(look(&watched) == 0);
    say(&watched);
    CHECK(look(&watched) == TA_MAY_READ);
    CHECK(ta_watch_is_ready(&watched.watch, TA_MAY_READ));
    say(&watched);
    CHECK(look(&watched) == 0);
    CHECK(hear(&watched) == 2);
    close_watched(&watched);
  }
}

static void what_is_not_wanted_is_not_told_and_what_comes_is_not_lost(void) {
  struct ta_loop loop;
  FOR_EACH_POLLER(loop) {
    struct watched watched;
    open_watched(&loop, TA_EDGE, &watched);
    hear(&watched);
    CHECK(ta_watch_want(&watched.watch, TA_MAY_READ) == 0);
    ta_watch_unwant(&watched.watch, TA_MAY_READ);
    say(&watched);
    CHECK(look(&watched) == 0);
    if (!ta_watch_is_ready(&watched.watch, TA_MAY_READ)) {
      CHECK(ta_watch_want(&watched.watch, TA_MAY_READ) == 0);
      CHECK(look(&watched) == TA_MAY_READ);
    }
    CHECK(hear(&watched) == 1);
    close_watched(&watched);
  }
}

static void the_two_directions_are_told_apart(void) {
  struct ta_loop loop;
  FOR_EACH_POLLER(loop) {
    struct watched watched;
    char bytes[4096] = {0};
    open_watched(&loop, TA_EDGE, &watched);
    ta_loop_poll(&loop); /* what is so from the beginning */
    hear(&watched);
    while (write(watched.watch.fd, bytes, sizeof bytes) > 0) continue;
    ta_watch_blocked(&watched.watch, TA_MAY_WRITE);
    CHECK(ta_watch_want(&watched.watch, TA_MAY_BOTH) == 0);
    CHECK(look(&watched) == 0);
    say(&watched);
    CHECK(look(&watched) == TA_MAY_READ);
    while (read(watched.other, bytes, sizeof bytes) > 0) continue;
    CHECK(look(&watched) == TA_MAY_WRITE);
    CHECK(watched.calls == 2);
    close_watched(&watched);
  }
}

static void a_peer_that_went_away_can_be_read_and_written(void) {
  struct ta_loop loop;
  FOR_EACH_POLLER(loop) {
    struct watched watched;
    open_watched(&loop, TA_EDGE, &watched);
    hear(&watched);
    ta_watch_blocked(&watched.watch, TA_MAY_WRITE);
    CHECK(ta_watch_want(&watched.watch, TA_MAY_BOTH) == 0);
    close(watched.other);
    CHECK(look(&watched) & TA_MAY_READ);
    ta_watch_close(&watched.watch);
  }
}

static void a_level_stays_wanted(void) {
  struct ta_loop loop;
  FOR_EACH_POLLER(loop) {
    struct watched watched;
    open_watched(&loop, TA_LEVEL, &watched);
    say(&watched);
    CHECK(look(&watched) == 0);
    CHECK(ta_watch_want(&watched.watch, TA_MAY_READ) == 0);
    CHECK(look(&watched) == TA_MAY_READ && look(&watched) == TA_MAY_READ);
    ta_watch_unwant(&watched.watch, TA_MAY_READ);
    CHECK(look(&watched) == 0);
    close(watched.other); /* a hang-up disturbs nobody who wants nothing */
    CHECK(look(&watched) == 0);
    ta_watch_close(&watched.watch);
  }
}

static void an_inherited_descriptor_is_asked_for_each_time(void) {
  struct ta_loop loop;
  FOR_EACH_POLLER(loop) {
    struct watched watched;
    open_watched(&loop, TA_ONCE, &watched);
    CHECK(!ta_watch_is_ready(&watched.watch, TA_MAY_READ)); /* never to be tried unasked */
    say(&watched);
    for (int i = 0; i < 3; i++) {
      CHECK(ta_watch_want(&watched.watch, TA_MAY_READ) == 0);
      CHECK(look(&watched) == TA_MAY_READ);
      CHECK(look(&watched) == 0);
    }
    CHECK(ta_watch_want(&watched.watch, TA_MAY_BOTH) == 0);
    CHECK(look(&watched) == TA_MAY_BOTH);
    CHECK(hear(&watched) == 1);
    close_watched(&watched);
  }
}

static void a_file_is_refused_since_it_never_waits(void) {
  struct ta_loop loop;
  FOR_EACH_POLLER(loop) {
    struct ta_watch watch;
    FILE *file = tmpfile();
    CHECK(file != NULL);
    for (int kind = TA_EDGE; kind <= TA_ONCE; kind++)
      CHECK(ta_watch_open(&loop, (enum ta_watch_kind)kind, fileno(file), on_ready, &watch) ==
            -EPERM);
    CHECK(loop.members == 0);
    fclose(file);
    CHECK(ta_watch_open(&loop, TA_EDGE, 9999, on_ready, &watch) == -EBADF);
  }
}

static void a_descriptor_is_watched_once(void) {
  struct ta_loop loop;
  FOR_EACH_POLLER(loop) {
    struct watched watched;
    struct ta_watch second;
    open_watched(&loop, TA_EDGE, &watched);
    CHECK(ta_watch_open(&loop, TA_EDGE, watched.watch.fd, on_ready, &second) == -EEXIST);
    CHECK(loop.members == 1);
    close_watched(&watched);
    CHECK(loop.members == 0);
  }
}

/* Of two that are ready at once the first one told closes the other. */
static void one_that_was_closed_in_the_same_round_is_not_told(void) {
  struct ta_loop loop;
  FOR_EACH_POLLER(loop) {
    struct watched one, two;
    open_watched(&loop, TA_EDGE, &one);
    open_watched(&loop, TA_EDGE, &two);
    hear(&one);
    hear(&two);
    CHECK(ta_watch_want(&one.watch, TA_MAY_READ) == 0);
    CHECK(ta_watch_want(&two.watch, TA_MAY_READ) == 0);
    ta_loop_poll(&loop);
    one.victim = &two;
    two.victim = &one;
    say(&one);
    say(&two);
    ta_loop_poll(&loop);
    CHECK(one.calls + two.calls == 1);
    close_watched(&one);
    close_watched(&two);
  }
}

/* Of two that are ready at once the first one told gives the other's slot away. */
static void a_late_event_is_not_told_to_the_next_in_the_slot(void) {
  struct ta_loop loop;
  FOR_EACH_POLLER(loop) {
    struct watched one, two, next = {0};
    open_watched(&loop, TA_ONCE, &one);
    open_watched(&loop, TA_ONCE, &two);
    one.victim = &two;
    two.victim = &one;
    one.successor = two.successor = &next;
    CHECK(ta_watch_want(&one.watch, TA_MAY_READ) == 0);
    CHECK(ta_watch_want(&two.watch, TA_MAY_READ) == 0);
    say(&one);
    say(&two);
    ta_loop_poll(&loop);
    CHECK(one.calls + two.calls == 1 && loop.members == 2);
    CHECK(next.watch.wanted == TA_MAY_READ && next.calls == 0);
    close_watched(&one);
    close_watched(&two);
    close_watched(&next);
  }
}

static void a_slot_that_is_used_again_has_another_key(void) {
  struct ta_loop loop;
  FOR_EACH_POLLER(loop) {
    struct watched first, second;
    open_watched(&loop, TA_EDGE, &first);
    uint64_t key = ta_loop_key(&loop, &first.watch.member);
    close_watched(&first);
    open_watched(&loop, TA_EDGE, &second);
    CHECK(second.watch.member.slot == (uint32_t)key);
    CHECK(ta_loop_key(&loop, &second.watch.member) != key);
    close_watched(&second);
  }
}

static void a_released_descriptor_is_open_and_may_be_watched_again(void) {
  struct ta_loop loop;
  FOR_EACH_POLLER(loop) {
    struct watched watched;
    open_watched(&loop, TA_EDGE, &watched);
    int fd = ta_watch_release(&watched.watch);
    CHECK(fd >= 0 && fcntl(fd, F_GETFD) >= 0 && watched.watch.fd == -1);
    ta_watch_close(&watched.watch); /* does nothing */
    CHECK(fcntl(fd, F_GETFD) >= 0);
    CHECK(ta_watch_open(&loop, TA_EDGE, fd, on_ready, &watched.watch) == 0);
    close_watched(&watched);
  }
}

#define MANY 600

/* More than one round tells of: the caller gets a word in between. */
static void a_storm_is_told_in_rounds_and_to_everybody(void) {
  struct ta_loop loop;
  static struct watched many[MANY];
  struct rlimit limit;
  CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  FOR_EACH_POLLER(loop) {
    for (int i = 0; i < MANY; i++) {
      open_watched(&loop, TA_EDGE, &many[i]);
      hear(&many[i]);
      CHECK(ta_watch_want(&many[i].watch, TA_MAY_READ) == 0);
    }
    for (int i = 0; i < 4; i++) ta_loop_poll(&loop);
    for (int i = 0; i < MANY; i++) say(&many[i]);
    ta_loop_poll(&loop);
    int told = 0;
    for (int i = 0; i < MANY; i++) told += many[i].calls;
    CHECK(told > 0 && told <= 256);
    for (int i = 0; i < 4; i++) ta_loop_poll(&loop);
    for (int i = 0; i < MANY; i++) CHECK(many[i].calls == 1);
    for (int i = 0; i < MANY; i++) close_watched(&many[i]);
    CHECK(loop.members == 0);
  }
}

/* Steady work of some must not hide an event of another. */
static void those_that_are_always_ready_hide_nobody(void) {
  struct ta_loop loop;
  static struct watched many[MANY];
  FOR_EACH_POLLER(loop) {
    for (int i = 0; i < MANY; i++) {
      open_watched(&loop, TA_LEVEL, &many[i]);
      CHECK(ta_watch_want(&many[i].watch, TA_MAY_WRITE) == 0);
    }
    for (int i = 0; i < 8; i++) ta_loop_poll(&loop);
    for (int i = 0; i < MANY; i++) CHECK(many[i].calls >= 1);
    for (int i = 0; i < MANY; i++) close_watched(&many[i]);
  }
}

static void *wake_soon(void *data) {
  usleep(5000);
  ta_loop_wake(data);
  return NULL;
}

static void another_thread_may_end_a_wait(void) {
  struct ta_loop loop;
  FOR_EACH_POLLER(loop) {
    pthread_t thread;
    for (int i = 0; i < 3; i++) {
      double began = ta_monotonic();
      CHECK(pthread_create(&thread, NULL, wake_soon, &loop) == 0);
      ta_loop_wait(&loop, 20);
      CHECK(ta_monotonic() - began < 15);
      pthread_join(thread, NULL);
    }
  }
}

static void a_wake_ends_the_next_wait_and_only_that(void) {
  struct ta_loop loop;
  FOR_EACH_POLLER(loop) {
    ta_loop_wake(&loop);
    ta_loop_wake(&loop);
    double began = ta_monotonic();
    ta_loop_wait(&loop, 20);
    CHECK(ta_monotonic() - began < 15);
    began = ta_monotonic();
    ta_loop_wait(&loop, 0.002);
    CHECK(ta_monotonic() - began >= 0.002);
  }
}

static void a_poll_in_between_takes_no_wake_away(void) {
  struct ta_loop loop;
  FOR_EACH_POLLER(loop) {
    ta_loop_wake(&loop);
    ta_loop_poll(&loop);
    double began = ta_monotonic();
    ta_loop_wait(&loop, 20);
    CHECK(ta_monotonic() - began < 15);
    began = ta_monotonic();
    ta_loop_wait(&loop, 0.002);
    CHECK(ta_monotonic() - began >= 0.002);
  }
}

/* Somebody who was forked off has the same pipe, and waits too. */
static void a_wake_whose_byte_was_stolen_is_one_all_the_same(void) {
  struct ta_loop loop;
  FOR_EACH_POLLER(loop) {
    char byte;
    for (int i = 0; i < 2; i++) {
      ta_loop_wake(&loop);
      CHECK(read(loop.waker[0], &byte, 1) == 1);
      double began = ta_monotonic();
      ta_loop_wait(&loop, 20);
      CHECK(ta_monotonic() - began < 15);
    }
  }
}

/* One of three that listen, and whom it sends away. */
struct listening {
  struct ta_listener listener;
  struct ta_loop *loop;
  struct listening *victims[2];
  int calls;
};

static void count_and_send_away(struct ta_listener *listener) {
  struct listening *listening = listener->data;
  listening->calls++;
  for (int i = 0; i < 2; i++)
    if (listening->victims[i]) ta_loop_unlisten(listening->loop, &listening->victims[i]->listener);
}

static void listen_with(struct ta_loop *loop, struct listening *listening) {
  *listening = (struct listening){.listener = {.woken = count_and_send_away, .data = listening},
                                  .loop = loop};
  ta_loop_listen(loop, &listening->listener);
}

static void one_who_listens_may_send_itself_and_others_away(void) {
  struct ta_loop loop;
  FOR_EACH_POLLER(loop) {
    struct listening last, middle, first;
    listen_with(&loop, &last);
    listen_with(&loop, &middle);
    listen_with(&loop, &first);
    first.victims[0] = &middle;
    first.victims[1] = &first;
    for (int i = 0; i < 2; i++) {
      ta_loop_wake(&loop);
      ta_loop_poll(&loop);
    }
    CHECK(first.calls == 1 && middle.calls == 0 && last.calls == 2);
    ta_loop_unlisten(&loop, &last.listener);
    CHECK(!loop.listeners);
  }
}

#define WAKES 20000

static void *wake_often(void *data) {
  for (int i = 0; i < WAKES / 4; i++) ta_loop_wake(data);
  return NULL;
}

/* Whatever the moment at which it comes: after the last one a wait ends. */
static void no_wake_is_lost(void) {
  struct ta_loop loop;
  FOR_EACH_POLLER(loop) {
    for (int round = 0; round < 20; round++) {
      pthread_t thread;
      CHECK(pthread_create(&thread, NULL, wake_often, &loop) == 0);
      for (int i = 0; i < 100; i++) ta_loop_poll(&loop);
      pthread_join(thread, NULL);
      ta_loop_poll(&loop);
      ta_loop_wake(&loop);
      double began = ta_monotonic();
      ta_loop_wait(&loop, 20);
      CHECK(ta_monotonic() - began < 15);
    }
  }
}

#if defined(__linux__)
static void another_loop_may_watch_this_one(void) {
  struct ta_loop outer, inner;
  struct watched watched;
  struct watched nested = {0};
  CHECK(ta_loop_open(&outer, &ta_poller_poll) == 0);
  CHECK(ta_loop_open(&inner, &ta_poller_epoll) == 0);
  open_watched(&inner, TA_EDGE, &watched);
  ta_loop_poll(&inner);
  hear(&watched);
  CHECK(ta_watch_want(&watched.watch, TA_MAY_READ) == 0);
  CHECK(ta_watch_open(&outer, TA_ONCE, dup(ta_loop_fd(&inner)), on_ready, &nested.watch) == 0);
  CHECK(ta_watch_want(&nested.watch, TA_MAY_READ) == 0);
  nested.loop = &outer;
  CHECK(look(&nested) == 0);
  say(&watched);
  CHECK(look(&nested) == TA_MAY_READ);
  CHECK(look(&watched) == TA_MAY_READ);
  ta_watch_close(&nested.watch);
  close_watched(&watched);
  ta_loop_close(&inner);
  ta_loop_close(&outer);
}
#endif

static void without_descriptors_a_loop_says_so(void) {
  struct rlimit old, none = {0};
  CHECK(getrlimit(RLIMIT_NOFILE, &old) == 0);
  none.rlim_max = old.rlim_max;
  CHECK(setrlimit(RLIMIT_NOFILE, &none) == 0);
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    struct ta_loop loop;
    CHECK(ta_loop_open(&loop, kinds[i]) == -EMFILE);
  }
  setrlimit(RLIMIT_NOFILE, &old);
}

#if defined(__linux__)
/* Whoever closes the watch all the same does not close what is the caller's still. */
static void a_watch_that_could_not_be_opened_has_no_descriptor(void) {
  static const struct {
    enum system_call call;
    int error;
  } ways[] = {{SYSTEM_ALLOCATE, ENOMEM}, {SYSTEM_EPOLL_CTL, ENOSPC}};
  for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
    struct ta_loop loop;
    struct ta_watch watch;
    int fds[2];
    CHECK(ta_loop_open(&loop, kinds[0]) == 0);
    open_pair(fds);
    system_fail(ways[i].call, 1, ways[i].error);
    int error = ta_watch_open(&loop, TA_EDGE, fds[0], on_ready, &watch);
    system_go_well();
    CHECK(error == -ways[i].error);
    CHECK(watch.fd == -1);
    ta_watch_close(&watch);
    CHECK(fcntl(fds[0], F_GETFD) >= 0);
    for (int j = 0; j < 2; j++) close(fds[j]);
    ta_loop_close(&loop);
  }
}
#endif

static int rung;

static void count_ring(struct ta_alarm *alarm) {
  (void)alarm;
  rung++;
}

/* Both would ring in an hour. */
static void who_lacks_a_descriptor_hears_when_one_is_closed(void) {
  struct ta_loop loop;
  struct watched watched = {0};
  struct ta_alarm lacking = {.ring = count_ring}, other = {.ring = count_ring};
  CHECK(ta_loop_open(&loop, NULL) == 0);
  open_watched(&loop, TA_EDGE, &watched);
  rung = 0;
  ta_loop_set_alarm(&loop, &other, 3600);
  ta_loop_await_descriptor(&loop, &lacking, 3600);
  ta_loop_poll(&loop);
  CHECK(rung == 0);
  ta_watch_close(&watched.watch);
  ta_loop_wait(&loop, 10);
  CHECK(rung == 1);
  ta_loop_has_closed_descriptor(&loop);
  ta_loop_poll(&loop);
  CHECK(rung == 1);
  close(watched.other);
  ta_loop_close(&loop);
}

const struct test watch_tests[] = {
    TEST(who_lacks_a_descriptor_hears_when_one_is_closed),
    TEST(what_is_wanted_is_told_once),
    TEST(what_comes_for_others_is_told_when_it_is_given_back),
    TEST(what_is_not_wanted_is_not_told_and_what_comes_is_not_lost),
    TEST(the_two_directions_are_told_apart),
    TEST(a_peer_that_went_away_can_be_read_and_written),
    TEST(a_level_stays_wanted),
    TEST(an_inherited_descriptor_is_asked_for_each_time),
    TEST(a_file_is_refused_since_it_never_waits),
    TEST(a_descriptor_is_watched_once),
    TEST(one_that_was_closed_in_the_same_round_is_not_told),
    TEST(a_late_event_is_not_told_to_the_next_in_the_slot),
    TEST(a_slot_that_is_used_again_has_another_key),
    TEST(a_released_descriptor_is_open_and_may_be_watched_again),
    TEST(a_storm_is_told_in_rounds_and_to_everybody),
    TEST(those_that_are_always_ready_hide_nobody),
    TEST(another_thread_may_end_a_wait),
    TEST(a_wake_ends_the_next_wait_and_only_that),
    TEST(a_poll_in_between_takes_no_wake_away),
    TEST(a_wake_whose_byte_was_stolen_is_one_all_the_same),
    TEST(one_who_listens_may_send_itself_and_others_away),
    TEST(no_wake_is_lost),
#if defined(__linux__)
    TEST(another_loop_may_watch_this_one),
    TEST(a_watch_that_could_not_be_opened_has_no_descriptor),
#endif
    TEST(without_descriptors_a_loop_says_so),
    TESTS_END,
};
