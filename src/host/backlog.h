/* SPDX-License-Identifier: MIT
 *
 * backlog.h -- bytes on their way to a descriptor that others have as well.
 *
 * What such a descriptor does not take at once is kept, and the loop writes it as it can: a part
 * in memory, and more than that in a file without a name.
 *
 * It knows no lines of several writers, and not what the bytes mean.
 */
#ifndef TA_HOST_BACKLOG_H
#define TA_HOST_BACKLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "host/loop.h"
#include "host/outlet.h"
#include "host/watch.h"

#define TA_BACKLOG_FULL (64 << 10)  /* bytes: who can wait in the loop with more waits */
#define TA_BACKLOG_MOST (256 << 10) /* bytes in memory */

struct ta_backlog_part;

struct ta_backlog {
  struct ta_watch watch; /* while something waits */
  struct ta_alarm alarm; /* instead, where the loop cannot watch */
  struct ta_loop *loop;  /* NULL: nobody looks after it, so nothing is kept */
  struct ta_outlet outlet;
  bool watched;
  struct ta_backlog_part *first, *last;
  size_t held; /* bytes in memory */
  int file;    /* -1, or where the rest is */
  off_t filed;
  size_t parts_in_file;
  uint64_t taken, left; /* bytes so far */

  /* Some have left, or with an error, none will any more: all that was kept is forgotten. */
  void (*on_left)(struct ta_backlog *backlog, int error);

  bool (*may_wait)(void); /* asked while a call waits; NULL: for as long as it takes */
};

/* Whatever lies in it is nothing yet. */
void ta_backlog_open(struct ta_backlog *backlog, int fd,
                     void (*on_left)(struct ta_backlog *backlog, int error));

/* From now on the loop writes what could not leave at once.  NULL: all leaves now, and from now on
 * before a call returns.  0, or a negative errno. */
int ta_backlog_attach(struct ta_backlog *backlog, struct ta_loop *loop);

/* Writes the bytes after those that wait, without waiting: what does not leave is kept.  0, or the
 * negative errno of a write. */
int ta_backlog_put(struct ta_backlog *backlog, const char *bytes, size_t size);

/* The same, but waits until all has left; or until it may not wait any more, and keeps it then. */
int ta_backlog_write(struct ta_backlog *backlog, const char *bytes, size_t size);

/* Forgets what waits. */
void ta_backlog_drop(struct ta_backlog *backlog);

static inline bool ta_backlog_is_empty(const struct ta_backlog *backlog) {
  return !backlog->first;
}

static inline bool ta_backlog_is_full(const struct ta_backlog *backlog) {
  return backlog->taken - backlog->left >= TA_BACKLOG_FULL;
}

#endif
