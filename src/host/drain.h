/* SPDX-License-Identifier: MIT
 *
 * drain.h -- takes all that comes out of a pipe, in the loop.
 *
 * No task has to read: whoever writes there is never held up by a script.  What comes is
 * handed on as it comes; it knows nothing of what becomes of it.
 */
#ifndef TA_HOST_DRAIN_H
#define TA_HOST_DRAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/watch.h"

struct ta_drain {
  struct ta_watch watch;
  void (*take)(void *data, const char *bytes, size_t size); /* size 0: there is no more */
  void *data;
  bool (*may_take)(void *asked); /* asked before each look; NULL: it may always */
  void *asked;
  uint64_t received; /* bytes */
  bool open;
  bool paused; /* it was not to take any more */
};

/* Begins to take what comes from `fd`, the end of a pipe that is non-blocking and becomes the
 * drain's.  Where this fails it stays the caller's.  0, or a negative errno. */
int ta_drain_open(struct ta_loop *loop, int fd,
                  void (*take)(void *data, const char *bytes, size_t size), void *data,
                  struct ta_drain *drain);

/* Takes what is there now.  True: there was something, or it may not look. */
bool ta_drain_look(struct ta_drain *drain);

/* Looks again after it was not to. */
void ta_drain_go_on(struct ta_drain *drain);

/* Closes it; nothing is handed on any more.  Twice does nothing. */
void ta_drain_close(struct ta_drain *drain);

#endif
