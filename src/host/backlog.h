/* SPDX-License-Identifier: MIT
 *
 * backlog.h -- bytes on their way to a descriptor that others have as well.
 *
 * Such a descriptor keeps the mode it was given to us with, so each kind has its own way to write
 * no more than it takes at once.  What it does not take is kept, and the loop writes it as it can:
 * a part in memory, and more than that in a file without a name.  Into a pipe whole lines go, as
 * long as one fits into what the system writes in one piece.
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
#include "host/watch.h"

#define TA_BACKLOG_FULL (64 << 10)  /* bytes: who can wait in the loop with more waits */
#define TA_BACKLOG_MOST (256 << 10) /* bytes in memory */

struct ta_backlog_part;

enum ta_backlog_kind {
  TA_TAKES_ALL,     /* a file: it never makes anybody wait for long */
  TA_TAKES_PIECES,  /* a pipe: a piece, when poll() says so */
  TA_TAKES_LITTLE,  /* a terminal that was not to be opened again */
  TA_TAKES_PART,    /* a terminal of which we have an own, non-blocking descriptor */
  TA_TAKES_MESSAGES /* a socket */
};

struct ta_backlog {
  struct ta_watch watch; /* while something waits */
  struct ta_alarm alarm; /* instead, where the loop cannot watch */
  struct ta_loop *loop;  /* NULL: nobody looks after it, so nothing is kept */
  int fd;
  enum ta_backlog_kind kind;
  bool watched;
  int own;          /* the terminal, opened again; or -1 */
  dev_t own_device; /* which it was */
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

/* Writes what can leave now, and keeps nothing: for who has a queue of its own.  How much, or a
 * negative errno. */
ssize_t ta_backlog_write_now(struct ta_backlog *backlog, const char *bytes, size_t size);

/* Forgets what waits. */
void ta_backlog_drop(struct ta_backlog *backlog);

static inline bool ta_backlog_is_empty(const struct ta_backlog *backlog) {
  return !backlog->first;
}

static inline bool ta_backlog_is_full(const struct ta_backlog *backlog) {
  return backlog->taken - backlog->left >= TA_BACKLOG_FULL;
}

#endif
