/* SPDX-License-Identifier: MIT
 *
 * capture.h -- keeps bytes up to a limit: all of them, or else the first and the last half.
 *
 * It knows nothing of where they come from.
 */
#ifndef TA_HOST_CAPTURE_H
#define TA_HOST_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ta_capture {
  char *bytes;
  size_t size, room, limit;
  size_t turn;    /* once there were more: where in the last half the oldest byte is */
  uint64_t total; /* bytes, kept or not */
  int error;      /* -ENOMEM: what came since is lost */
};

/* Begins one that keeps up to `limit` bytes; memory comes with the bytes. */
void ta_capture_open(struct ta_capture *capture, size_t limit);

/* Keeps these bytes too, or counts them: where there is no memory, see `error`. */
void ta_capture_take(struct ta_capture *capture, const char *bytes, size_t size);

/* Was anything left out? */
static inline bool ta_capture_is_truncated(const struct ta_capture *capture) {
  return capture->total > capture->size;
}

/* What was kept, in up to three parts one after the other; those that are not there are
 * empty.  Between the first and the second something may be left out. */
struct ta_capture_part {
  const char *bytes;
  size_t size;
};
void ta_capture_parts(const struct ta_capture *capture, struct ta_capture_part parts[3]);

/* Frees what it keeps. */
void ta_capture_close(struct ta_capture *capture);

#endif
