/* SPDX-License-Identifier: MIT
 *
 * loop.h -- waits for the outside, at most until a deadline.
 *
 * libuv looks after the handles; the waiting itself is done here, because
 * libuv's own counts whole milliseconds.  It knows no Lua and no tasks.
 */
#ifndef TA_HOST_LOOP_H
#define TA_HOST_LOOP_H

#include <stdbool.h>
#include <uv.h>

struct ta_loop {
  uv_loop_t uv;
  int waker;    /* a descriptor besides libuv's that ends a wait, or -1 */
  bool changed; /* handles were added that the kernel has not been told of */
};

/* 0, or a negative errno. */
int ta_loop_open(struct ta_loop *loop);

/* Closes the loop, all of whose handles have been closed.  0, or -EBUSY when
 * one is left. */
int ta_loop_close(struct ta_loop *loop);

/* Has a wait end when the non-blocking descriptor `fd` can be read; what is in
 * it is thrown away.  It counts as nothing under way. */
void ta_loop_set_waker(struct ta_loop *loop, int fd);

/* To be called after a handle was started or stopped. */
void ta_loop_changed(struct ta_loop *loop);

/* Runs what is ready, without waiting. */
void ta_loop_poll(struct ta_loop *loop);

/* Waits until something happens, a signal comes, or `seconds` have gone by
 * (HUGE_VAL: for ever); then runs what is ready.  May return early. */
void ta_loop_wait(struct ta_loop *loop, double seconds);

/* Is anything under way that may complete a wait? */
bool ta_loop_pending(struct ta_loop *loop);

#endif
