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
struct scene {
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
  struct ta_work job;
  struct scene *scene;
  struct work *victim; /* is abandoned when this one is done; may be itself */
  bool waits;          /* at the gate */
  bool closes;         /* the pool, when it is done */
};

static void run(struct ta_work *job) {
  struct work *work = (struct work *)job;
  struct scene *scene = work->scene;
  pthread_mutex_lock(&scene->lock);
  scene->started++;
  pthread_cond_broadcast(&scene->changed);
  while (work->waits && scene->gate) pthread_cond_wait(&scene->changed, &scene->lock);
  scene->ran++;
  pthread_mutex_unlock(&scene->lock);
}

static void done(struct ta_work *job) {
  struct work *work = (struct work *)job;
  struct scene *scene = work->scene;
  CHECK(pthread_equal(pthread_self(), scene->home));
  scene->done++;
  if (work->victim) ta_work_abandon(scene->workers, &work->victim->job);
  if (work->closes) ta_workers_close(scene->workers);
  scene->closed = scene->closed || work->closes;
}

static void drop(struct ta_work *job) {
  struct scene *scene = ((struct work *)job)->scene;
  free(job);
  pthread_mutex_lock(&scene->lock);
  scene->dropped++;
  pthread_cond_broadcast(&scene->changed);
  pthread_mutex_unlock(&scene->lock);
}

static void open_scene(struct scene *scene) {
  *scene = (struct scene){.lock = PTHREAD_MUTEX_INITIALIZER,
                          .changed = PTHREAD_COND_INITIALIZER,
                          .home = pthread_self()};
  CHECK(ta_loop_open(&scene->loop, NULL) == 0);
  CHECK(ta_workers_open(&scene->loop, &scene->workers) == 0);
}

static struct work *submit(struct scene *scene, enum ta_lane lane, bool waits) {
  struct work *work = calloc(1, sizeof *work);
  CHECK(work != NULL);
  *work = (struct work){.job = {run, done, drop, NULL, NULL, 0, 0}, .scene = scene, .waits = waits};
  CHECK(ta_workers_submit(scene->workers, lane, &work->job) == 0);
  return work;
}

static void set_gate(struct scene *scene, bool closed) {
  pthread_mutex_lock(&scene->lock);
  scene->gate = closed;
  pthread_cond_broadcast(&scene->changed);
  pthread_mutex_unlock(&scene->lock);
}

/* Waits, without the loop, until a count under the lock is as large. */
static void await(struct scene *scene, const int *count, int least) {
  pthread_mutex_lock(&scene->lock);
  while (*count < least) pthread_cond_wait(&scene->changed, &scene->lock);
  pthread_mutex_unlock(&scene->lock);
}

static void run_loop_until_done(struct scene *scene, int count) {
  double began = ta_monotonic();
  while (scene->done < count && ta_monotonic() - began < LONG_ENOUGH) ta_loop_wait(&scene->loop, 1);
  CHECK(scene->done == count);
}

static void close_scene(struct scene *scene) {
  CHECK(ta_workers_drain(scene->workers, LONG_ENOUGH));
  ta_workers_close(scene->workers);
  ta_loop_close(&scene->loop);
}

static void a_job_runs_elsewhere_and_is_told_of_at_home(void) {
  struct scene scene;
  open_scene(&scene);
  submit(&scene, TA_LANE_WORK, false);
  CHECK(ta_workers_busy(scene.workers) == 1);
  run_loop_until_done(&scene, 1);
  CHECK(scene.ran == 1 && scene.dropped == 1 && ta_workers_busy(scene.workers) == 0);
  close_scene(&scene);
}

static void all_of_many_jobs_are_told_of_once(void) {
  struct scene scene;
  open_scene(&scene);
  for (int i = 0; i < 3000; i++) submit(&scene, (enum ta_lane)(i % TA_LANES), false);
  run_loop_until_done(&scene, 3000);
  CHECK(scene.ran == 3000 && scene.dropped == 3000);
  close_scene(&scene);
}

static void a_lane_full_of_slow_jobs_holds_up_no_other(void) {
  struct scene scene;
  open_scene(&scene);
  set_gate(&scene, true);
  for (int i = 0; i < 64; i++) submit(&scene, TA_LANE_DISK, true);
  submit(&scene, TA_LANE_NAMES, false);
  run_loop_until_done(&scene, 1);
  set_gate(&scene, false);
  run_loop_until_done(&scene, 65);
  close_scene(&scene);
}

static void a_lane_has_32_threads_for_names(void) {
  struct scene scene;
  open_scene(&scene);
  set_gate(&scene, true);
  for (int i = 0; i < 40; i++) submit(&scene, TA_LANE_NAMES, true);
  await(&scene, &scene.started, 32);
  usleep(2000);
  pthread_mutex_lock(&scene.lock);
  int started = scene.started;
  pthread_mutex_unlock(&scene.lock);
  CHECK(started == 32);
  set_gate(&scene, false);
  run_loop_until_done(&scene, 40);
  close_scene(&scene);
}

static void a_job_that_no_thread_has_can_be_taken_back(void) {
  struct scene scene;
  struct work *running[33];
  open_scene(&scene);
  set_gate(&scene, true);
  for (int i = 0; i < 33; i++) running[i] = submit(&scene, TA_LANE_NAMES, true);
  await(&scene, &scene.started, 32);
  CHECK(!ta_work_take_back(scene.workers, &running[0]->job));
  CHECK(ta_work_take_back(scene.workers, &running[32]->job));
  CHECK(ta_workers_busy(scene.workers) == 32 && scene.dropped == 0);
  CHECK(ta_workers_submit(scene.workers, TA_LANE_DISK, &running[32]->job) == 0);
  await(&scene, &scene.started, 33);
  for (int i = 0; i < 33; i++) ta_work_abandon(scene.workers, &running[i]->job);
  set_gate(&scene, false);
  await(&scene, &scene.dropped, 33);
  close_scene(&scene);
}

static void an_abandoned_job_is_not_told_of(void) {
  struct scene scene;
  open_scene(&scene);
  set_gate(&scene, true);
  struct work *running[64];
  int most = 0;
  for (int i = 0; i < 64; i++) running[i] = submit(&scene, TA_LANE_NAMES, true);
  await(&scene, &scene.started, 32);
  for (int i = 32; i < 64; i++) ta_work_abandon(scene.workers, &running[i]->job);
  pthread_mutex_lock(&scene.lock);
  most = scene.dropped;
  pthread_mutex_unlock(&scene.lock);
  CHECK(most == 32); /* those that waited are dropped at once */
  for (int i = 0; i < 32; i++) ta_work_abandon(scene.workers, &running[i]->job);
  CHECK(ta_workers_busy(scene.workers) == 0);
  set_gate(&scene, false);
  await(&scene, &scene.dropped, 64);
  ta_loop_poll(&scene.loop);
  CHECK(scene.done == 0 && scene.ran == 32);
  close_scene(&scene);
}

static void one_that_has_finished_may_still_be_abandoned(void) {
  struct scene scene;
  open_scene(&scene);
  struct work *first = submit(&scene, TA_LANE_NAMES, false);
  CHECK(ta_workers_drain(scene.workers, LONG_ENOUGH)); /* it lies ready to be told of */
  struct work *second = submit(&scene, TA_LANE_NAMES, false);
  CHECK(ta_workers_drain(scene.workers, LONG_ENOUGH));
  first->victim = second;
  run_loop_until_done(&scene, 1);
  await(&scene, &scene.dropped, 2);
  ta_loop_poll(&scene.loop);
  CHECK(scene.done == 1);
  close_scene(&scene);
}

static void one_may_be_abandoned_where_it_is_told_of(void) {
  struct scene scene;
  open_scene(&scene);
  struct work *work = submit(&scene, TA_LANE_NAMES, false);
  work->victim = work;
  run_loop_until_done(&scene, 1);
  CHECK(scene.dropped == 1 && ta_workers_busy(scene.workers) == 0);
  close_scene(&scene);
}

static void closing_waits_for_nobody(void) {
  struct scene scene;
  open_scene(&scene);
  set_gate(&scene, true);
  submit(&scene, TA_LANE_WORK, true);
  await(&scene, &scene.started, 1);
  submit(&scene, TA_LANE_WORK, true);
  double began = ta_monotonic();
  ta_workers_close(scene.workers);
  ta_loop_close(&scene.loop); /* its threads know of no loop any more */
  CHECK(ta_monotonic() - began < LONG_ENOUGH);
  set_gate(&scene, false);
  await(&scene, &scene.dropped, 2);
  CHECK(scene.done == 0);
  usleep(2000); /* the thread lets go of the pool */
}

static void the_pool_may_be_closed_where_a_job_is_told_of(void) {
  struct scene scene;
  open_scene(&scene);
  submit(&scene, TA_LANE_NAMES, false)->closes = true;
  for (int i = 0; i < 20; i++) submit(&scene, TA_LANE_NAMES, false);
  double began = ta_monotonic();
  while (!scene.closed && ta_monotonic() - began < LONG_ENOUGH) ta_loop_wait(&scene.loop, 1);
  await(&scene, &scene.dropped, 21);
  ta_loop_poll(&scene.loop);
  ta_loop_close(&scene.loop);
  usleep(2000);
}

static void idle_threads_go_when_they_are_asked(void) {
  struct scene scene;
  open_scene(&scene);
  for (int round = 0; round < 3; round++) {
    submit(&scene, TA_LANE_DISK, false);
    run_loop_until_done(&scene, round + 1);
    CHECK(ta_workers_drain(scene.workers, LONG_ENOUGH));
  }
  set_gate(&scene, true);
  submit(&scene, TA_LANE_DISK, true);
  CHECK(!ta_workers_drain(scene.workers, 0.002)); /* one that works does not */
  set_gate(&scene, false);
  run_loop_until_done(&scene, 4);
  close_scene(&scene);
}

static void note_mask(struct ta_work *job) {
  sigset_t mask;
  pthread_sigmask(SIG_SETMASK, NULL, &mask);
  ((struct work *)job)->closes = !sigismember(&mask, SIGINT) || !sigismember(&mask, SIGALRM);
}

static void check_mask(struct ta_work *job) {
  struct work *work = (struct work *)job;
  CHECK(!work->closes);
  work->scene->done++;
}

static void threads_catch_no_signals(void) {
  struct scene scene;
  open_scene(&scene);
  struct work *work = calloc(1, sizeof *work);
  CHECK(work != NULL);
  *work =
      (struct work){.job = {.run = note_mask, .done = check_mask, .drop = drop}, .scene = &scene};
  CHECK(ta_workers_submit(scene.workers, TA_LANE_WORK, &work->job) == 0);
  run_loop_until_done(&scene, 1);
  close_scene(&scene);
}

const struct test workers_tests[] = {
    TEST(a_job_runs_elsewhere_and_is_told_of_at_home),
    TEST(all_of_many_jobs_are_told_of_once),
    TEST(a_lane_full_of_slow_jobs_holds_up_no_other),
    TEST(a_lane_has_32_threads_for_names),
    TEST(a_job_that_no_thread_has_can_be_taken_back),
    TEST(an_abandoned_job_is_not_told_of),
    TEST(one_that_has_finished_may_still_be_abandoned),
    TEST(one_may_be_abandoned_where_it_is_told_of),
    TEST(closing_waits_for_nobody),
    TEST(the_pool_may_be_closed_where_a_job_is_told_of),
    TEST(idle_threads_go_when_they_are_asked),
    TEST(threads_catch_no_signals),
    TESTS_END,
};
