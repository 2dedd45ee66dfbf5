/* SPDX-License-Identifier: MIT
 *
 * watch.h -- a descriptor in a loop: may it be read or written without waiting?
 *
 * The owner tries the system call first.  When it would block the owner says so,
 * and that it wants to hear when it may go on; it is told once.  A descriptor is
 * registered with the kernel once, not for each wait, and what comes unasked is
 * remembered.
 *
 * The struct is the owner's.  Closing is synchronous: afterwards nothing here, nor
 * in the loop, points to it.  It knows no Lua, no tasks, and not what the bytes mean.
 */
#ifndef TA_HOST_WATCH_H
#define TA_HOST_WATCH_H

#include <stdbool.h>

#include "exported.h"
#include "host/loop.h"

enum ta_watch_kind {
  TA_EDGE,  /* of our own: non-blocking sockets, pipes, pidfds */
  TA_LEVEL, /* for libraries that want it so: stays wanted until it is unwanted */
  TA_FILE,  /* which no poller takes, and some ask a server whether it may: see ta_watch_open() */
  TA_ONCE   /* inherited, and not to be made non-blocking: one event for each want */
};

struct ta_watch;

/* Called by the loop.  `directions`: TA_MAY_READ, TA_MAY_WRITE, of those that were wanted. */
typedef void ta_ready_fn(struct ta_watch *watch, unsigned directions);

struct ta_watch {
  struct ta_member member;
  struct ta_loop *loop;
  int fd; /* -1: closed */
  enum ta_watch_kind kind;
  unsigned blocked; /* directions that are known to wait */
  unsigned wanted;
  bool hung_up;          /* the kernel has told so, and need not tell again */
  bool is_exempt;        /* from what is said at ta_watch_is_kept() */
  bool is_kept;          /* something came for somebody else */
  struct ta_watch *next; /* that is kept */
  ta_ready_fn *on_ready;
};

/* Registers `fd`, which becomes the watch's.  Where this fails it stays the caller's, and the watch
 * is closed: -EPERM for a file, which never waits, or another negative errno. */
int ta_watch_open(struct ta_loop *loop, enum ta_watch_kind kind, int fd, ta_ready_fn *on_ready,
                  struct ta_watch *watch);

/* May the direction go on without waiting?  To be tried, as long as nobody knows better.  An
 * inherited descriptor only after an event. */
static inline bool ta_watch_is_ready(const struct ta_watch *watch, unsigned direction) {
  return !(watch->blocked & direction);
}

/* Of an inherited descriptor: is what comes there for somebody else now, as keys are for who has
 * the terminal?  Then it must not be read, and whoever wants to hear of it hears when all is
 * given back: ta_watch_give_back(). */
bool ta_watch_is_kept(const struct ta_watch *watch);
void ta_watch_give_back(struct ta_loop *loop);

/* A system call has just said that it would wait. */
void ta_watch_blocked(struct ta_watch *watch, unsigned direction);

/* From now on on_ready is called for the direction: once, but for TA_LEVEL.  It must be
 * blocked, but for TA_LEVEL.  0, or a negative errno; TA_EDGE never fails on epoll, TA_FILE
 * always does: -EPERM. */
int ta_watch_want(struct ta_watch *watch, unsigned direction);

/* It is not called for it any more. */
void ta_watch_unwant(struct ta_watch *watch, unsigned direction);

/* Closes the descriptor, be it after the loop.  Whoever waits is the caller's to wake
 * before.  Twice does nothing. */
void ta_watch_close(struct ta_watch *watch);

/* The same, but the descriptor stays open and is the caller's again: gives it, or -1. */
TA_FOR_MODULES int ta_watch_release(struct ta_watch *watch);

/* Opens one of TA_LEVEL that is wanted for the direction from the beginning.  As ta_watch_open().
 */
TA_FOR_MODULES int ta_watch_open_wanting(struct ta_loop *loop, unsigned direction, int fd,
                                         ta_ready_fn *on_ready, struct ta_watch *watch);

#endif
