/* SPDX-License-Identifier: MIT */
#include "host/loop.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>

#define LONGEST_WAIT 60.0    /* seconds: the caller comes back and waits again */
#define LATENESS_COUNTS 0.02 /* seconds: below, a thousandth is next to nothing */
#define CUT_SHORT 0.998
#define DESCRIPTORS_NEEDED 8 /* by a loop and the signal pipe */

/* libuv aborts the process when it runs out of descriptors on its way: finds
 * out beforehand whether there are enough. */
static int check_descriptors(void) {
  int fds[DESCRIPTORS_NEEDED];
  int count = 0;
  while (count < DESCRIPTORS_NEEDED && (fds[count] = dup(STDIN_FILENO)) >= 0) count++;
  int error = count < DESCRIPTORS_NEEDED ? -errno : 0;
  while (count > 0) close(fds[--count]);
  return error;
}

int ta_loop_open(struct ta_loop *loop) {
  *loop = (struct ta_loop){.waker = -1};
  int error = check_descriptors();
  return error ? error : uv_loop_init(&loop->uv);
}

int ta_loop_close(struct ta_loop *loop) {
  uv_run(&loop->uv, UV_RUN_NOWAIT); /* lets closing handles finish */
  return uv_loop_close(&loop->uv);
}

void ta_loop_set_waker(struct ta_loop *loop, int fd) {
  loop->waker = fd;
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

/* What a wait looks at. */
enum { LIBUV, WAKER, WATCHED };

/* Waits to the nanosecond.  Positive: something is ready; 0: the time is over;
 * negative: a signal came. */
static int wait_once(struct pollfd *fds, double seconds) {
#if defined(__APPLE__)
  return poll(fds, WATCHED, (int)ceil(seconds * 1e3));
#else
  struct timespec time = {.tv_sec = (time_t)seconds};
  time.tv_nsec = (long)((seconds - (double)time.tv_sec) * 1e9);
  return ppoll(fds, WATCHED, &time, NULL);
#endif
}

/* The kernel allows itself to be late by a thousandth of a wait.  A long one is
 * therefore cut short, and the rest waited for on its own. */
static int wait_precisely(struct pollfd *fds, double seconds) {
  uint64_t began = uv_hrtime();
  if (seconds <= LATENESS_COUNTS) return wait_once(fds, seconds);
  int ready = wait_once(fds, seconds * CUT_SHORT);
  if (ready != 0) return ready;
  return wait_once(fds, fmax(0, seconds - (double)(uv_hrtime() - began) * 1e-9));
}

static void drain(int fd) {
  char bytes[64];
  while (read(fd, bytes, sizeof bytes) > 0) continue;
}

void ta_loop_wait(struct ta_loop *loop, double seconds) {
  struct pollfd fds[WATCHED] = {
      [LIBUV] = {.fd = uv_backend_fd(&loop->uv), .events = POLLIN},
      [WAKER] = {.fd = loop->waker, .events = POLLIN},
  };
  if (loop->changed) { /* tells the kernel, and may already have found something */
    ta_loop_poll(loop);
    seconds = 0;
  }
  uv_update_time(&loop->uv); /* its timers count from the time it knows */
  /* -1: no timer of libuv's.  Without any live handle it would say 0. */
  int milliseconds = uv_loop_alive(&loop->uv) ? uv_backend_timeout(&loop->uv) : -1;
  double limit = fmin(fmax(seconds, 0), LONGEST_WAIT);
  if (milliseconds >= 0) limit = fmin(limit, milliseconds * 1e-3);
  bool ready = wait_precisely(fds, limit) > 0;
  if (ready && fds[WAKER].revents) drain(loop->waker);
  if (ready || milliseconds >= 0) ta_loop_poll(loop);
}
