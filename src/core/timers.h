/* SPDX-License-Identifier: MIT
 *
 * timers.h -- deadlines in order.
 *
 * A 4-ary heap of nodes that live inside their owners: adding one allocates
 * nothing but room for its pointer, and not even that after a reservation.
 * Equal deadlines come out in the order of `seq`.  It knows no clock: time is
 * whatever the caller says it is.
 */
#ifndef TA_CORE_TIMERS_H
#define TA_CORE_TIMERS_H

#include <lua.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A deadline.  Zeroed it is not armed. */
struct ta_timer {
  double at;       /* when it is due */
  uint64_t seq;    /* breaks ties */
  uint32_t index;  /* in the heap from 1 on; 0: not armed */
  uint32_t number; /* whatever its owner has to note */
};

/* A place in the heap.  The time lies beside the pointer: comparing two of a
 * million timers would else fetch them from memory. */
struct ta_timer_entry {
  double at;
  struct ta_timer *timer;
};

struct ta_timers {
  struct ta_timer_entry *heap;
  size_t count;
  size_t capacity;
};

/* The time `delay` seconds after `start`, and never much before: far from 0 their sum
 * may be.  Of less than a nanosecond it is `start`, since a virtual clock would creep. */
double ta_time_after(double start, double delay);

/* Makes room for `count` timers from the given allocator.  0 or -ENOMEM. */
int ta_timers_reserve(struct ta_timers *timers, size_t count, lua_Alloc alloc, void *alloc_data);

/* Gives the memory back.  Nodes that are still armed are left as they are. */
void ta_timers_close(struct ta_timers *timers, lua_Alloc alloc, void *alloc_data);

/* Arms a timer that is not armed.  Room must have been reserved.  While it is armed
 * its time must not be changed. */
void ta_timers_add(struct ta_timers *timers, struct ta_timer *timer);

/* Disarms a timer; one that is not armed is left alone. */
void ta_timers_remove(struct ta_timers *timers, struct ta_timer *timer);

/* The earliest one, or NULL. */
static inline struct ta_timer *ta_timers_first(const struct ta_timers *timers) {
  return timers->count ? timers->heap[0].timer : NULL;
}

/* The time of the earliest one after `time`, or HUGE_VAL.  Looks at all of them. */
double ta_timers_after(const struct ta_timers *timers, double time);

static inline bool ta_timer_armed(const struct ta_timer *timer) {
  return timer->index != 0;
}

#endif
