/* SPDX-License-Identifier: MIT */
#include "host/drain.h"

#include <errno.h>
#include <unistd.h>

#define CHUNK 65536 /* bytes: as much as a pipe holds */

static void end(struct ta_drain *drain) {
  ta_drain_close(drain);
  drain->take(drain->data, NULL, 0);
}

/* Whoever writes there has to wait. */
static bool is_paused(struct ta_drain *drain) {
  bool paused = drain->may_take && !drain->may_take(drain->asked);
  if (paused && !drain->paused) ta_watch_unwant(&drain->watch, TA_MAY_READ);
  if (paused) drain->paused = true;
  return paused;
}

void ta_drain_go_on(struct ta_drain *drain) {
  if (!drain->open || !drain->paused) return;
  drain->paused = ta_watch_want(&drain->watch, TA_MAY_READ) != 0;
}

/* An error is the end as well: a pipe that is there has none. */
bool ta_drain_look(struct ta_drain *drain) {
  char bytes[CHUNK];
  if (!drain->open) return false;
  if (is_paused(drain)) return true;
  ssize_t count = read(drain->watch.fd, bytes, sizeof bytes);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return false;
  if (count <= 0) {
    end(drain);
    return false;
  }
  drain->received += (uint64_t)count;
  drain->take(drain->data, bytes, (size_t)count);
  return true;
}

/* Once in a look of the loop's: others have their turn between. */
static void on_ready(struct ta_watch *watch, unsigned directions) {
  (void)directions;
  ta_drain_look((struct ta_drain *)watch);
}

int ta_drain_open(struct ta_loop *loop, int fd,
                  void (*take)(void *data, const char *bytes, size_t size), void *data,
                  struct ta_drain *drain) {
  *drain = (struct ta_drain){.take = take, .data = data};
  int error = ta_watch_open_wanting(loop, TA_MAY_READ, fd, on_ready, &drain->watch);
  drain->open = !error;
  return error;
}

void ta_drain_close(struct ta_drain *drain) {
  if (drain->open) ta_watch_close(&drain->watch);
  drain->open = false;
}
