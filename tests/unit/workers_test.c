/* SPDX-License-Identifier: MIT
 *
 * Jobs in threads.
 */
#include "host/workers.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "host/clock.h"
#include "unit/test.h"

#define LONG_ENOUGH 20 /* seconds */

/* What all jobs of a test have in common. */
struct place {
  struct ta_loop loop;
  struct ta_workers *workers;
  pthread_mutex_t lock;
  pthread_cond_t changed;
  int started, ran, dropped; /* under the lock */
  bool gate;                 /* closed: jobs wait in their threads */
  int done;                  /* of the loop's thread alone */
  bool closed;               /* likewise: by a job that was done */
  pthread_t home;
};

struct work {
  struct ta_job job;
  struct place *place;
  struct work *victim; /* is abandoned when this one is done; may be itself */
  bool waits;          /* at the gate */
  bool closes;         /* the pool, when it is done */
};

static void run(struct ta_job *job) {
  struct work *work = (struct work *)job;
  struct place *place = work->place;
  pthread_mutex_lock(&place->lock);
  place->started++;
  pthread_cond_broadcast(&place->changed);
  while (work->waits && place->gate) pthread_cond_wait(&place->changed, &place->lock);
  place->ran++;
  pthread_mutex_unlock(&place->lock);
}

static void done(struct ta_job *job) {
  struct work *work = (struct work *)job;
  struct place *place = work->place;
  CHECK(pthread_equal(pthread_self(), place->home));
  place->done++;
  if (work->victim) ta_job_abandon(place->workers, &work->victim->job);
  if (work->closes) ta_workers_close(place->workers);
  place->closed = place->closed || work->closes;
}

static void drop(struct ta_job *job) {
  struct place *place = ((struct work *)job)->place;
  free(job);
  pthread_mutex_lock(&place->lock);
  place->dropped++;
  pthread_cond_broadcast(&place->changed);
  pthread_mutex_unlock(&place->lock);
}

static void open_place(struct place *place) {
  *place = (struct place){.lock = PTHREAD_MUTEX_INITIALIZER,
                          .changed = PTHREAD_COND_INITIALIZER,
                          .home = pthread_self()};
  CHECK(ta_loop_open(&place->loop, NULL) == 0);
  CHECK(ta_workers_open(&place->loop, &place->workers) == 0);
}

static struct work *submit(struct place *place, enum ta_lane lane, bool waits) {
  struct work *work = calloc(1, sizeof *work);
  CHECK(work != NULL);
  *work = (struct work){.job = {run, done, drop, NULL, NULL, 0, 0}, .place = place, .waits = waits};
  CHECK(ta_workers_submit(place->workers, lane, &work->job) == 0);
  return work;
}

static void set_gate(struct place *place, bool closed) {
  pthread_mutex_lock(&place->lock);
  place->gate = closed;
  pthread_cond_broadcast(&place->changed);
  pthread_mutex_unlock(&place->lock);
}

/* Waits, without the loop, until a count under the lock is as large. */
static void await(struct place *place, const int *count, int least) {
  pthread_mutex_lock(&place->lock);
  while (*count < least) pthread_cond_wait(&place->changed, &place->lock);
  pthread_mutex_unlock(&place->lock);
}

static void run_loop_until_done(struct place *place, int count) {
  double began = ta_monotonic();
  while (place->done < count && ta_monotonic() - began < LONG_ENOUGH) ta_loop_wait(&place->loop, 1);
  CHECK(place->done == count);
}

static void close_place(struct place *place) {
  CHECK(ta_workers_drain(place->workers, LONG_ENOUGH));
  ta_workers_close(place->workers);
  ta_loop_close(&place->loop);
}

static void a_job_runs_elsewhere_and_is_told_of_at_home(void) {
  struct place place;
  open_place(&place);
  submit(&place, TA_LANE_WORK, false);
  CHECK(ta_workers_busy(place.workers) == 1);
  run_loop_until_done(&place, 1);
  CHECK(place.ran == 1 && place.dropped == 1 && ta_workers_busy(place.workers) == 0);
  close_place(&place);
}

static void all_of_many_jobs_are_told_of_once(void) {
  struct place place;
  open_place(&place);
  for (int i = 0; i < 3000; i++) submit(&place, (enum ta_lane)(i % TA_LANES), false);
  run_loop_until_done(&place, 3000);
  CHECK(place.ran == 3000 && place.dropped == 3000);
  close_place(&place);
}

static void a_lane_full_of_slow_jobs_holds_up_no_other(void) {
  struct place place;
  open_place(&place);
  set_gate(&place, true);
  for (int i = 0; i < 64; i++) submit(&place, TA_LANE_DISK, true);
  submit(&place, TA_LANE_NAMES, false);
  run_loop_until_done(&place, 1);
  set_gate(&place, false);
  run_loop_until_done(&place, 65);
  close_place(&place);
}

static void a_lane_has_32_threads_for_names(void) {
  struct place place;
  open_place(&place);
  set_gate(&place, true);
  for (int i = 0; i < 40; i++) submit(&place, TA_LANE_NAMES, true);
  await(&place, &place.started, 32);
  usleep(2000);
  pthread_mutex_lock(&place.lock);
  int started = place.started;
  pthread_mutex_unlock(&place.lock);
  CHECK(started == 32);
  set_gate(&place, false);
  run_loop_until_done(&place, 40);
  close_place(&place);
}

static void an_abandoned_job_is_not_told_of(void) {
  struct place place;
  open_place(&place);
  set_gate(&place, true);
  struct work *running[64];
  int most = 0;
  for (int i = 0; i < 64; i++) running[i] = submit(&place, TA_LANE_NAMES, true);
  await(&place, &place.started, 32);
  for (int i = 32; i < 64; i++) ta_job_abandon(place.workers, &running[i]->job);
  pthread_mutex_lock(&place.lock);
  most = place.dropped;
  pthread_mutex_unlock(&place.lock);
  CHECK(most == 32); /* those that waited are dropped at once */
  for (int i = 0; i < 32; i++) ta_job_abandon(place.workers, &running[i]->job);
  CHECK(ta_workers_busy(place.workers) == 0);
  set_gate(&place, false);
  await(&place, &place.dropped, 64);
  ta_loop_poll(&place.loop);
  CHECK(place.done == 0 && place.ran == 32);
  close_place(&place);
}

static void one_that_has_finished_may_still_be_abandoned(void) {
  struct place place;
  open_place(&place);
  struct work *first = submit(&place, TA_LANE_NAMES, false);
  CHECK(ta_workers_drain(place.workers, LONG_ENOUGH)); /* it lies ready to be told of */
  struct work *second = submit(&place, TA_LANE_NAMES, false);
  CHECK(ta_workers_drain(place.workers, LONG_ENOUGH));
  first->victim = second;
  run_loop_until_done(&place, 1);
  await(&place, &place.dropped, 2);
  ta_loop_poll(&place.loop);
  CHECK(place.done == 1);
  close_place(&place);
}

static void one_may_be_abandoned_where_it_is_told_of(void) {
  struct place place;
  open_place(&place);
  struct work *work = submit(&place, TA_LANE_NAMES, false);
  work->victim = work;
  run_loop_until_done(&place, 1);
  CHECK(place.dropped == 1 && ta_workers_busy(place.workers) == 0);
  close_place(&place);
}

static void closing_waits_for_nobody(void) {
  struct place place;
  open_place(&place);
  set_gate(&place, true);
  submit(&place, TA_LANE_WORK, true);
  await(&place, &place.started, 1);
  submit(&place, TA_LANE_WORK, true);
  double began = ta_monotonic();
  ta_workers_close(place.workers);
  ta_loop_close(&place.loop); /* its threads know of no loop any more */
  CHECK(ta_monotonic() - began < LONG_ENOUGH);
  set_gate(&place, false);
  await(&place, &place.dropped, 2);
  CHECK(place.done == 0);
  usleep(2000); /* the thread lets go of the pool */
}

static void the_pool_may_be_closed_where_a_job_is_told_of(void) {
  struct place place;
  open_place(&place);
  submit(&place, TA_LANE_NAMES, false)->closes = true;
  for (int i = 0; i < 20; i++) submit(&place, TA_LANE_NAMES, false);
  double began = ta_monotonic();
  while (!place.closed && ta_monotonic() - began < LONG_ENOUGH) ta_loop_wait(&place.loop, 1);
  await(&place, &place.dropped, 21);
  ta_loop_poll(&place.loop);
  ta_loop_close(&place.loop);
  usleep(2000);
}

static void idle_threads_go_when_they_are_asked(void) {
  struct place place;
  open_place(&place);
  for (int round = 0; round < 3; round++) {
    submit(&place, TA_LANE_DISK, false);
    run_loop_until_done(&place, round + 1);
    CHECK(ta_workers_drain(place.workers, LONG_ENOUGH));
  }
  set_gate(&place, true);
  submit(&place, TA_LANE_DISK, true);
  CHECK(!ta_workers_drain(place.workers, 0.002)); /* one that works does not */
  set_gate(&place, false);
  run_loop_until_done(&place, 4);
  close_place(&place);
}

static void note_mask(struct ta_job *job) {
  sigset_t mask;
  pthread_sigmask(SIG_SETMASK, NULL, &mask);
  ((struct work *)job)->closes = !sigismember(&mask, SIGINT) || !sigismember(&mask, SIGALRM);
}

static void check_mask(struct ta_job *job) {
  struct work *work = (struct work *)job;
  CHECK(!work->closes);
  work->place->done++;
}

static void threads_catch_no_signals(void) {
  struct place place;
  open_place(&place);
  struct work *work = calloc(1, sizeof *work);
  CHECK(work != NULL);
  *work =
      (struct work){.job = {.run = note_mask, .done = check_mask, .drop = drop}, .place = &place};
  CHECK(ta_workers_submit(place.workers, TA_LANE_WORK, &work->job) == 0);
  run_loop_until_done(&place, 1);
  close_place(&place);
}

const struct test workers_tests[] = {
    TEST(a_job_runs_elsewhere_and_is_told_of_at_home),
    TEST(all_of_many_jobs_are_told_of_once),
    TEST(a_lane_full_of_slow_jobs_holds_up_no_other),
    TEST(a_lane_has_32_threads_for_names),
    TEST(an_abandoned_job_is_not_told_of),
    TEST(one_that_has_finished_may_still_be_abandoned),
    TEST(one_may_be_abandoned_where_it_is_told_of),
    TEST(closing_waits_for_nobody),
    TEST(the_pool_may_be_closed_where_a_job_is_told_of),
    TEST(idle_threads_go_when_they_are_asked),
    TEST(threads_catch_no_signals),
    TESTS_END,
};
