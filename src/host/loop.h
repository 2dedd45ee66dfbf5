/* SPDX-License-Identifier: MIT
 *
 * loop.h -- waits for the outside, at most until a deadline.
 *
 * Its members are descriptors that the kernel tells of; each has a slot here,
 * and the slot a number that changes when the member leaves, so that an event
 * which comes late is told to nobody.  One waker ends a wait, from signal
 * handlers and other threads as well.
 *
 * It knows no Lua, no tasks, and nothing of what its members are for.  Everything but
 * the waker is for one thread.
 */
#ifndef TA_HOST_LOOP_H
#define TA_HOST_LOOP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exported.h"
#include "host/poller.h"

struct ta_loop_slot;
struct ta_watch;

/* The first part of what is told of events. */
struct ta_member {
  uint32_t slot;
  void (*tell)(struct ta_member *member, unsigned directions);
};

/* Somebody who has to look after something when the loop was woken. */
struct ta_listener {
  void (*woken)(struct ta_listener *listener); /* in the loop's thread */
  void *data;
  struct ta_listener *next;
};

/* Somebody who is called when a time has come, on the real clock: what the system is given
 * time for cannot be hurried by a virtual one. */
struct ta_alarm {
  void (*ring)(struct ta_alarm *alarm); /* in the loop's thread; may set it again */
  double at;                            /* seconds on that clock */
  struct ta_alarm *next, **link;        /* NULL: it is not set */
  bool at_descriptor;                   /* rings when one of a watch is closed, if not before */
};

struct ta_loop {
  struct ta_poller poller;
  struct ta_alarm *alarms; /* the earliest first */
  bool is_short;           /* of descriptors: one of them rings when one is closed */
  struct ta_watch *kept;   /* who would read what is kept for somebody else, see watch.h */
  bool (*keeps)(void *keeper, int fd); /* is what comes there for somebody else now?  NULL: no */
  void *keeper;
  void *spare; /* a buffer for whichever stream reads next, or NULL */
  bool has_pipe;
  int pipe[2]; /* for whichever stream's bytes pass to another next, if has_pipe */
  struct ta_listener *listeners;
  struct ta_listener *next_listener; /* who is to be called after the one that is */
  struct ta_loop_slot *slots;
  uint32_t capacity;
  uint32_t free_slot;
  size_t members;
  int waker[2];      /* a pipe, for what waits in the kernel */
  atomic_bool woken; /* a wake came that nobody has looked at: what is true of it */
  bool owed;         /* one that was looked at has ended no wait yet */
};

/* Opens the loop with the poller that suits the system best, if `kind` is NULL.
 * 0, or a negative errno. */
int ta_loop_open(struct ta_loop *loop, const struct ta_poller_kind *kind);

/* Closes the loop.  Members that are left are told of nothing any more, and may still
 * leave; whoever calls ta_loop_wake() has to be done with it. */
void ta_loop_close(struct ta_loop *loop);

/* Gives the member a slot; -ENOMEM. */
int ta_loop_join(struct ta_loop *loop, struct ta_member *member);

/* From now on no event is told to it. */
void ta_loop_leave(struct ta_loop *loop, struct ta_member *member);

/* By what the poller is to know the member. */
uint64_t ta_loop_key(const struct ta_loop *loop, const struct ta_member *member);

/* From now on the listener is called after each wake.  Listeners may come and go while
 * one of them is called. */
void ta_loop_listen(struct ta_loop *loop, struct ta_listener *listener);
void ta_loop_unlisten(struct ta_loop *loop, struct ta_listener *listener);

/* Ends the wait under way, or else the next one, even if ta_loop_poll() comes first.  Also
 * in signal handlers and from other threads. */
void ta_loop_wake(struct ta_loop *loop);

/* Will the next wait end at once, for such a wake? */
bool ta_loop_is_woken(const struct ta_loop *loop);

/* Tells of what is ready, without waiting: of at most 256 descriptors, so that the
 * caller gets on in a storm. */
void ta_loop_poll(struct ta_loop *loop);

/* Waits until something happens, a signal comes, or `seconds` have gone by
 * (HUGE_VAL: for ever); then tells of it.  May return early. */
void ta_loop_wait(struct ta_loop *loop, double seconds);

/* The alarm rings once, in `seconds` from now, instead of when it was set for before.  It
 * lies in what it is for, and is zero before its first use. */
TA_FOR_MODULES void ta_loop_set_alarm(struct ta_loop *loop, struct ta_alarm *alarm, double seconds);

/* The same for who could not have a descriptor, or memory for one: it rings before that when one
 * of a watch was closed, of which ta_watch_close() tells here. */
TA_FOR_MODULES void ta_loop_await_descriptor(struct ta_loop *loop, struct ta_alarm *alarm,
                                             double seconds);
void ta_loop_has_closed_descriptor(struct ta_loop *loop);

/* It rings no more.  Also where it was not set. */
TA_FOR_MODULES void ta_alarm_stop(struct ta_alarm *alarm);

/* In how many seconds the next alarm rings; HUGE_VAL: none is set. */
double ta_loop_due(const struct ta_loop *loop);

/* A descriptor that can be read when ta_loop_poll() has something to tell, for
 * another loop to watch; -1 where the system has none. */
int ta_loop_fd(const struct ta_loop *loop);

#endif
