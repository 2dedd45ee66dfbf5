/* SPDX-License-Identifier: MIT */
#include "host/workers.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define STACK_SIZE ((size_t)512 * 1024)
#define DEEP_STACK_SIZE ((size_t)8 << 20)
#define PATIENCE 10 /* seconds for which a thread waits for work */
#define MOST_NAMES 32
#define MOST_FAR 32
#define LEAST_DISK 4
#define MOST_CODE 256

enum { QUEUED, RUNNING, FINISHED, TOLD, ABANDONED };

/* Jobs whose links lie in them: any can be taken out at once. */
struct jobs {
  struct ta_work *first;
  struct ta_work **last; /* where the next one is to be linked */
};

struct lane {
  struct jobs queue;
  pthread_cond_t work;
  unsigned threads;
  unsigned idle;
  unsigned waiting; /* jobs in the queue */
  unsigned most;
};

/* All of it under the lock. */
struct ta_workers {
  pthread_mutex_t lock;
  pthread_cond_t gone; /* a thread has ended */
  struct lane lanes[TA_LANES];
  struct jobs running;
  struct jobs finished;
  struct ta_loop *loop; /* NULL once closed */
  struct ta_listener listener;
  size_t busy;
  unsigned threads;
  bool ending;  /* threads without work go at once */
  bool telling; /* of what has finished */
};

/* What a new thread is told. */
struct assignment {
  struct ta_workers *workers;
  enum ta_lane lane;
};

/* -------------------------------------------------------------------- lists */

static void clear(struct jobs *jobs) {
  jobs->first = NULL;
  jobs->last = &jobs->first;
}

static void append(struct jobs *jobs, struct ta_work *job) {
  job->next = NULL;
  job->link = jobs->last;
  *jobs->last = job;
  jobs->last = &job->next;
}

static void take_out(struct jobs *jobs, struct ta_work *job) {
  *job->link = job->next;
  if (job->next)
    job->next->link = job->link;
  else
    jobs->last = job->link;
}

static struct ta_work *take_first(struct jobs *jobs) {
  struct ta_work *job = jobs->first;
  if (job) take_out(jobs, job);
  return job;
}

/* ------------------------------------------------------------------ threads */

static void destroy(struct ta_workers *workers) {
  for (int i = 0; i < TA_LANES; i++) pthread_cond_destroy(&workers->lanes[i].work);
  pthread_cond_destroy(&workers->gone);
  pthread_mutex_destroy(&workers->lock);
  free(workers);
}

/* Unlocks; the last one who has to do with it frees it. */
static void leave(struct ta_workers *workers) {
  bool last = !workers->loop && workers->threads == 0 && !workers->telling;
  pthread_mutex_unlock(&workers->lock);
  if (last) destroy(workers);
}

static void deadline_in(double seconds, struct timespec *deadline) {
  clock_gettime(CLOCK_MONOTONIC, deadline);
  double end = (double)deadline->tv_sec + (double)deadline->tv_nsec * 1e-9 + seconds;
  deadline->tv_sec = (time_t)end;
  deadline->tv_nsec = (long)((end - (double)deadline->tv_sec) * 1e9);
}

/* Waits for work in the lane.  False: none came, or none is to come. */
static bool wait_for_work(struct ta_workers *workers, struct lane *lane) {
  struct timespec deadline;
  int error = 0;
  deadline_in(PATIENCE, &deadline);
  lane->idle++;
  while (!lane->queue.first && !workers->ending && error == 0)
    error = pthread_cond_timedwait(&lane->work, &workers->lock, &deadline);
  lane->idle--;
  return lane->queue.first != NULL;
}

/* Runs the lane's next job, with the lock off, and hands it on. */
static void run_next(struct ta_workers *workers, struct lane *lane) {
  struct ta_work *job = take_first(&lane->queue);
  lane->waiting--;
  job->state = RUNNING;
  append(&workers->running, job);
  pthread_mutex_unlock(&workers->lock);
  job->run(job);
  pthread_mutex_lock(&workers->lock);
  take_out(&workers->running, job);
  if (job->state == ABANDONED) {
    pthread_mutex_unlock(&workers->lock);
    job->drop(job);
    pthread_mutex_lock(&workers->lock);
    return;
  }
  job->state = FINISHED;
  append(&workers->finished, job);
  ta_loop_wake(workers->loop); /* under the lock: it cannot be closed meanwhile */
}

static void *work(void *data) {
  struct assignment assignment = *(struct assignment *)data;
  struct ta_workers *workers = assignment.workers;
  struct lane *lane = &workers->lanes[assignment.lane];
  free(data);
  pthread_mutex_lock(&workers->lock);
  while (lane->queue.first || wait_for_work(workers, lane)) run_next(workers, lane);
  lane->threads--;
  workers->threads--;
  pthread_cond_broadcast(&workers->gone);
  leave(workers);
  return NULL;
}

/* Signals are for the thread that runs Lua. */
static int create_detached(struct assignment *assignment) {
  pthread_attr_t attributes;
  pthread_t thread;
  sigset_t all, old;
  int error = pthread_attr_init(&attributes);
  if (error) return -error;
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  bool is_deep = assignment->lane == TA_LANE_CODE;
  pthread_attr_setstacksize(&attributes, is_deep ? DEEP_STACK_SIZE : STACK_SIZE);
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &old);
  error = pthread_create(&thread, &attributes, work, assignment);
  pthread_sigmask(SIG_SETMASK, &old, NULL);
  pthread_attr_destroy(&attributes);
  return -error;
}

static int add_thread(struct ta_workers *workers, enum ta_lane lane) {
  struct assignment *assignment = malloc(sizeof *assignment);
  if (!assignment) return -ENOMEM;
  *assignment = (struct assignment){.workers = workers, .lane = lane};
  int error = create_detached(assignment);
  if (error) {
    free(assignment);
    return error;
  }
  workers->lanes[lane].threads++;
  workers->threads++;
  return 0;
}

/* --------------------------------------------------------------------- jobs */

/* A lane that has threads can do without another one. */
static int find_thread(struct ta_workers *workers, enum ta_lane number) {
  struct lane *lane = &workers->lanes[number];
  if (lane->waiting < lane->idle) {
    pthread_cond_signal(&lane->work);
    return 0;
  }
  if (lane->threads == lane->most) return 0;
  int error = add_thread(workers, number);
  return lane->threads > 0 ? 0 : error;
}

int ta_workers_submit(struct ta_workers *workers, enum ta_lane lane, struct ta_work *job) {
  pthread_mutex_lock(&workers->lock);
  int error = find_thread(workers, lane);
  if (!error) {
    job->lane = (uint8_t)lane;
    job->state = QUEUED;
    append(&workers->lanes[lane].queue, job);
    workers->lanes[lane].waiting++;
    workers->busy++;
  }
  pthread_mutex_unlock(&workers->lock);
  return error;
}

/* Under the lock: out of the queue, if it is there still. */
static bool leave_queue(struct ta_workers *workers, struct ta_work *job) {
  if (job->state != QUEUED) return false;
  take_out(&workers->lanes[job->lane].queue, job);
  workers->lanes[job->lane].waiting--;
  return true;
}

bool ta_work_take_back(struct ta_workers *workers, struct ta_work *job) {
  pthread_mutex_lock(&workers->lock);
  bool queued = leave_queue(workers, job);
  if (queued) {
    workers->busy--;
    job->state = ABANDONED;
  }
  pthread_mutex_unlock(&workers->lock);
  return queued;
}

void ta_work_abandon(struct ta_workers *workers, struct ta_work *job) {
  pthread_mutex_lock(&workers->lock);
  if (job->state < TOLD) workers->busy--;
  bool queued = leave_queue(workers, job);
  if (job->state != TOLD) job->state = ABANDONED;
  pthread_mutex_unlock(&workers->lock);
  if (queued) job->drop(job);
}

/* Whoever is told may close the pool: it stays until all has been told. */
static struct ta_work *take_finished(struct ta_workers *workers) {
  pthread_mutex_lock(&workers->lock);
  struct ta_work *job = take_first(&workers->finished);
  workers->telling = job != NULL;
  if (job && job->state == FINISHED) {
    job->state = TOLD;
    workers->busy--;
  }
  if (job)
    pthread_mutex_unlock(&workers->lock);
  else
    leave(workers);
  return job;
}

/* The loop was woken: tells of what has finished. */
static void tell_finished(struct ta_listener *listener) {
  struct ta_workers *workers = listener->data;
  struct ta_work *job;
  while ((job = take_finished(workers))) {
    if (job->state == TOLD) job->done(job);
    job->drop(job);
  }
}

size_t ta_workers_busy(struct ta_workers *workers) {
  pthread_mutex_lock(&workers->lock);
  size_t busy = workers->busy;
  pthread_mutex_unlock(&workers->lock);
  return busy;
}

/* -------------------------------------------------------------- open, close */

unsigned ta_cores(void) {
  static atomic_uint known; /* the system reads a file to find out */
  unsigned count = atomic_load_explicit(&known, memory_order_relaxed);
  if (count > 0) return count;
  long online = sysconf(_SC_NPROCESSORS_ONLN);
  count = online < 1 ? 1 : (unsigned)online;
  atomic_store_explicit(&known, count, memory_order_relaxed);
  return count;
}

static void init_condition(pthread_cond_t *condition) {
  pthread_condattr_t attributes;
  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  pthread_cond_init(condition, &attributes);
  pthread_condattr_destroy(&attributes);
}

int ta_workers_open(struct ta_loop *loop, struct ta_workers **result) {
  struct ta_workers *workers = calloc(1, sizeof *workers);
  if (!workers) return -ENOMEM;
  pthread_mutex_init(&workers->lock, NULL);
  init_condition(&workers->gone);
  for (int i = 0; i < TA_LANES; i++) {
    init_condition(&workers->lanes[i].work);
    clear(&workers->lanes[i].queue);
  }
  clear(&workers->running);
  clear(&workers->finished);
  workers->lanes[TA_LANE_DISK].most = ta_cores() < LEAST_DISK ? LEAST_DISK : ta_cores();
  workers->lanes[TA_LANE_NAMES].most = MOST_NAMES;
  workers->lanes[TA_LANE_FAR].most = MOST_FAR;
  workers->lanes[TA_LANE_WORK].most = ta_cores();
  workers->lanes[TA_LANE_CODE].most = MOST_CODE;
  workers->loop = loop;
  workers->listener = (struct ta_listener){.woken = tell_finished, .data = workers};
  ta_loop_listen(loop, &workers->listener);
  *result = workers;
  return 0;
}

/* Idle threads go. */
static void send_home(struct ta_workers *workers) {
  workers->ending = true;
  for (int i = 0; i < TA_LANES; i++) pthread_cond_broadcast(&workers->lanes[i].work);
}

bool ta_workers_drain(struct ta_workers *workers, double seconds) {
  struct timespec deadline;
  int error = 0;
  deadline_in(seconds, &deadline);
  pthread_mutex_lock(&workers->lock);
  send_home(workers);
  while (workers->threads > 0 && error == 0)
    error = pthread_cond_timedwait(&workers->gone, &workers->lock, &deadline);
  workers->ending = false;
  pthread_mutex_unlock(&workers->lock);
  return error == 0;
}

/* Takes all jobs that are not running; the others are dropped by their threads. */
static void abandon_all(struct ta_workers *workers, struct jobs *taken) {
  struct ta_work *job;
  workers->busy = 0;
  clear(taken);
  for (int i = 0; i < TA_LANES; i++) {
    while ((job = take_first(&workers->lanes[i].queue))) append(taken, job);
    workers->lanes[i].waiting = 0;
  }
  while ((job = take_first(&workers->finished))) append(taken, job);
  for (job = workers->running.first; job; job = job->next) job->state = ABANDONED;
}

void ta_workers_close(struct ta_workers *workers) {
  struct jobs taken;
  struct ta_work *job;
  ta_loop_unlisten(workers->loop, &workers->listener);
  pthread_mutex_lock(&workers->lock);
  abandon_all(workers, &taken);
  workers->loop = NULL;
  send_home(workers);
  leave(workers);
  while ((job = take_first(&taken))) job->drop(job);
}
