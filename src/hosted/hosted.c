/* SPDX-License-Identifier: MIT
 *
 * hosted.c -- the outside for a Runner in somebody else's event loop.
 *
 * Our loop's descriptor and the earlier of its deadline and the Runner's are all that the host
 * has to know.  Whatever makes a task runnable between two passes wakes our loop, and so shows in
 * the descriptor.
 */
#include "tinyasync_outside.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "host/clock.h"
#include "host/loop.h"
#include "io/io.h"
#include "io/open.h"

struct ta_outside {
  struct ta_loop loop;
  struct ta_io io;
  struct ta_runner *runner;
  bool passes; /* ta_outside_pass() is under way */
};

/* ------------------------------------------------------- what the Runner asks for */

static double host_now(void *data) {
  (void)data;
  return ta_monotonic();
}

/* In a pass that is asked for by what it returns. */
static void host_call_later(void *data, double delay) {
  struct ta_outside *outside = data;
  if (!outside->passes && delay <= 0) ta_loop_wake(&outside->loop);
}

static void host_wake(void *data) {
  struct ta_outside *outside = data;
  ta_loop_wake(&outside->loop);
}

static void host_poll(void *data) {
  struct ta_outside *outside = data;
  ta_loop_poll(&outside->loop);
}

/* ----------------------------------------------------------------- open, close */

int ta_outside_open(struct ta_outside **result) {
  struct ta_outside *outside = calloc(1, sizeof *outside);
  if (!outside) return -ENOMEM;
  int error = ta_loop_open(&outside->loop, NULL);
  if (!error && ta_loop_fd(&outside->loop) < 0) {
    ta_loop_close(&outside->loop);
    error = -ENOSYS; /* the system has nothing that stands for many descriptors */
  }
  if (error) {
    free(outside);
    return error;
  }
  ta_io_prepare(&outside->io);
  outside->io.loop = &outside->loop;
  *result = outside;
  return 0;
}

void ta_outside_install(struct ta_outside *outside, lua_State *L, unsigned flags) {
  const struct ta_host host = {.data = outside,
                               .now = host_now,
                               .call_later = host_call_later,
                               .wake = host_wake,
                               .poll = host_poll};
  outside->runner = outside->io.runner = ta_runner_new(L, &host);
  ta_open(outside->runner, L, flags | TA_OPEN_LIBRARY);
  ta_io_open_hosted(&outside->io, L);
}

int ta_outside_close(struct ta_outside *outside) {
  if (outside->passes) return -EBUSY;
  if (!outside->runner) return 0;
  while (ta_close_all(outside->runner) == -EINTR) continue;
  int error = ta_runner_free(outside->runner);
  if (!error) outside->runner = NULL;
  return error;
}

void ta_outside_free(struct ta_outside *outside) {
  if (!outside) return;
  ta_io_close_in_thread(&outside->io);
  ta_loop_close(&outside->loop);
  free(outside);
}

/* --------------------------------------------------------------------- driving */

struct ta_runner *ta_outside_runner(const struct ta_outside *outside) {
  return outside->runner;
}

int ta_outside_fd(const struct ta_outside *outside) {
  return ta_loop_fd(&outside->loop);
}

/* A wake that was looked at in the middle of a pass is for the next one. */
static double until_next(const struct ta_outside *outside, enum ta_pass_result result,
                         double deadline) {
  bool at_once = result == TA_BUSY || result == TA_INTERRUPTED || ta_loop_is_woken(&outside->loop);
  if (at_once) return 0;
  return fmax(0, fmin(deadline - ta_monotonic(), ta_loop_due(&outside->loop)));
}

enum ta_pass_result ta_outside_pass(struct ta_outside *outside, double *delay) {
  double deadline = HUGE_VAL;
  if (outside->passes) return TA_REENTERED;
  outside->passes = true;
  ta_loop_wait(&outside->loop, 0);
  enum ta_pass_result result = ta_run(outside->runner, &deadline);
  outside->passes = false;
  if (delay) *delay = until_next(outside, result, deadline);
  return result;
}
