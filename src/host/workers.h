/* SPDX-License-Identifier: MIT
 *
 * workers.h -- threads for calls that block, in lanes.
 *
 * A job runs in a thread of its lane and is told of in the loop's thread.  Threads
 * are made when there is work, are detached, and go after ten seconds without any.
 * A lane that is full of slow jobs holds up nobody in another.  Nobody ever waits for
 * a thread: a job that is not wanted any more is abandoned, and dropped by whoever
 * has it last.
 *
 * It knows no Lua and not what the jobs do.
 */
#ifndef TA_HOST_WORKERS_H
#define TA_HOST_WORKERS_H

#include <stdbool.h>
#include <stdint.h>

#include "host/loop.h"

/* Each has its own threads: at most the cores but four at least, 32, as many as cores, 32 for files
 * of servers that may hang, and 256 with a stack of 8 MiB for whoever runs other people's code. */
enum ta_lane { TA_LANE_DISK, TA_LANE_NAMES, TA_LANE_WORK, TA_LANE_FAR, TA_LANE_CODE, TA_LANES };

/* The first member of a struct that the caller allocates. */
struct ta_work {
  void (*run)(struct ta_work *job);  /* in a thread: touches the job alone */
  void (*done)(struct ta_work *job); /* in the loop's thread; never once it is abandoned */
  void (*drop)(struct ta_work *job); /* frees it: once, in whichever thread has it last */
  struct ta_work *next, **link;      /* the pool's own, as what follows */
  uint8_t lane;
  uint8_t state;
};

/* Shared with the threads; it goes with the last of them. */
struct ta_workers;

/* No thread is made yet.  0, or a negative errno. */
int ta_workers_open(struct ta_loop *loop, struct ta_workers **workers);

/* Has a thread run the job.  A negative errno: there is no thread in its lane and none could
 * be made; the job stays the caller's.  From the loop's thread. */
int ta_workers_submit(struct ta_workers *workers, enum ta_lane lane, struct ta_work *job);

/* Nobody wants to hear of the job any more: `done` will not be called.  One that waits for a
 * thread is dropped now, one that runs by its thread.  From the loop's thread, also in `done`,
 * be it the job's own. */
void ta_work_abandon(struct ta_workers *workers, struct ta_work *job);

/* The job is the caller's again, and was not run: true.  False: a thread has it, or had. */
bool ta_work_take_back(struct ta_workers *workers, struct ta_work *job);

/* How many processors there are. */
unsigned ta_cores(void);

/* How many jobs wait, run, or have not been told of. */
size_t ta_workers_busy(struct ta_workers *workers);

/* Has idle threads end, and waits until none is left: for tests and sanitizers.  False: they
 * took longer. */
bool ta_workers_drain(struct ta_workers *workers, double seconds);

/* Abandons all jobs and waits for nobody.  To be called before the loop is closed. */
void ta_workers_close(struct ta_workers *workers);

#endif
