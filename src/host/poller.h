/* SPDX-License-Identifier: MIT
 *
 * poller.h -- asks the kernel which descriptors may go on.
 *
 * There are two, behind one seam: epoll, where the kernel keeps the list, and
 * poll, which every system has and which is handed the list each time.  A
 * descriptor is known by a key that its owner chooses; an event that comes for a
 * key which has been given up in the meantime is the owner's to throw away.
 *
 * It knows no watch and no loop.
 */
#ifndef TA_HOST_POLLER_H
#define TA_HOST_POLLER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TA_MAY_READ = 1, TA_MAY_WRITE = 2, TA_MAY_BOTH = 3, TA_HUNG_UP = 4 };

/* How often it is told that a descriptor may go on. */
enum ta_telling {
  TA_TELL_CHANGES, /* when that changes: always both ways, whatever is wanted.  poll, which
                      cannot know, tells of what is wanted as long as it is so */
  TA_TELL_ALWAYS,  /* as long as it is so */
  TA_TELL_ONCE     /* once; then nothing is wanted any more */
};

struct ta_poll_event {
  uint64_t key;
  unsigned directions; /* an error or a hang-up is told as both, and TA_HUNG_UP; that the
                          peer writes no more as reading, and TA_HUNG_UP */
};

struct ta_poller;

/* Functions that return an int: 0 or more, or a negative errno. */
struct ta_poller_kind {
  const char *name;
  bool tells_changes; /* where it is asked for: what is wanted then is not told to it */
  int (*open)(struct ta_poller *poller);
  void (*close)(struct ta_poller *poller);

  /* -EEXIST: it is known already.  -EPERM: a file, which never has to wait. */
  int (*add)(struct ta_poller *poller, int fd, uint64_t key, enum ta_telling telling,
             unsigned wanted);
  int (*change)(struct ta_poller *poller, int fd, uint64_t key, enum ta_telling telling,
                unsigned wanted);
  void (*remove)(struct ta_poller *poller, int fd);

  /* Waits at most `seconds` (at least 0), to the nanosecond if the system can.  Gives how
   * many events there are: 0 when the time is over, -EINTR when a signal came. */
  int (*wait)(struct ta_poller *poller, double seconds, struct ta_poll_event *events, int room);
};

struct ta_polled; /* what poll knows of one descriptor */
struct pollfd;

struct ta_poller {
  const struct ta_poller_kind *kind;
  int fd; /* another loop may watch it: it can be read when there are events.  -1: none */

  bool lacks_pwait2; /* of epoll alone */

  /* Of poll alone. */
  struct ta_polled *polled;
  struct pollfd *asked; /* what is handed to the kernel, in the same order */
  size_t count;
  size_t room;
  size_t first; /* the one whose events are looked for first, so that each has its turn */
};

extern const struct ta_poller_kind ta_poller_poll;
#if defined(__linux__)
extern const struct ta_poller_kind ta_poller_epoll;
#endif

/* The one to be preferred on this system. */
extern const struct ta_poller_kind *const ta_poller_best;

#endif
