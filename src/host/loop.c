/* SPDX-License-Identifier: MIT */
#include "host/loop.h"

#include <math.h>
#include <poll.h>
#include <time.h>

#define LONGEST_WAIT 60.0    /* seconds: the caller comes back and waits again */
#define LATENESS_COUNTS 0.02 /* seconds: below, a thousandth is next to nothing */
#define CUT_SHORT 0.998

int ta_loop_open(struct ta_loop *loop) {
  *loop = (struct ta_loop){.changed = true};
  return uv_loop_init(&loop->uv);
}

int ta_loop_close(struct ta_loop *loop) {
  uv_run(&loop->uv, UV_RUN_NOWAIT); /* lets closing handles finish */
  return uv_loop_close(&loop->uv);
}

void ta_loop_changed(struct ta_loop *loop) {
  loop->changed = true;
}

void ta_loop_poll(struct ta_loop *loop) {
  loop->changed = false;
  uv_run(&loop->uv, UV_RUN_NOWAIT);
}

bool ta_loop_pending(struct ta_loop *loop) {
  return uv_loop_alive(&loop->uv) != 0;
}

/* Waits on libuv's descriptor to the nanosecond.  Positive: something is ready;
 * 0: the time is over; negative: a signal came. */
static int wait_once(int fd, double seconds) {
  struct pollfd poller = {.fd = fd, .events = POLLIN};
#if defined(__APPLE__)
  return poll(&poller, 1, (int)ceil(seconds * 1e3));
#else
  struct timespec time = {.tv_sec = (time_t)seconds};
  time.tv_nsec = (long)((seconds - (double)time.tv_sec) * 1e9);
  return ppoll(&poller, 1, &time, NULL);
#endif
}

/* The kernel allows itself to be late by a thousandth of a wait.  A long one is
 * therefore cut short, and the rest waited for on its own. */
static bool wait_precisely(int fd, double seconds) {
  uint64_t began = uv_hrtime();
  int ready = wait_once(fd, seconds > LATENESS_COUNTS ? seconds * CUT_SHORT : seconds);
  if (ready == 0 && seconds > LATENESS_COUNTS)
    ready = wait_once(fd, fmax(0, seconds - (double)(uv_hrtime() - began) * 1e-9));
  return ready > 0;
}

void ta_loop_wait(struct ta_loop *loop, double seconds) {
  if (loop->changed) ta_loop_poll(loop);
  /* -1: no timer of libuv's.  Without any live handle it would say 0. */
  int milliseconds = uv_loop_alive(&loop->uv) ? uv_backend_timeout(&loop->uv) : -1;
  double limit = fmin(fmax(seconds, 0), LONGEST_WAIT);
  if (milliseconds >= 0) limit = fmin(limit, milliseconds * 1e-3);
  bool ready = wait_precisely(uv_backend_fd(&loop->uv), limit);
  if (ready || milliseconds >= 0) ta_loop_poll(loop);
}
