/* SPDX-License-Identifier: MIT */
#include "core/timers.h"

#include <errno.h>
#include <math.h>

#define ARITY 4

/* Seconds; what is shorter is no time at all. */
#define SHORTEST 1e-9

/* This part of a delay may be lost to rounding. */
#define PRECISION 1e-9

double ta_time_after(double start, double delay) {
  if (!(delay >= SHORTEST)) return start;
  double at = start + delay;
  return at - start < delay * (1 - PRECISION) ? nextafter(at, HUGE_VAL) : at;
}

static bool before(const struct ta_timer_entry *a, const struct ta_timer_entry *b) {
  return a->at < b->at || (a->at == b->at && a->timer->seq < b->timer->seq);
}

static void put(struct ta_timers *timers, size_t index, struct ta_timer_entry entry) {
  timers->heap[index] = entry;
  entry.timer->index = (uint32_t)index + 1;
}

static void sift_up(struct ta_timers *timers, size_t index, struct ta_timer_entry entry) {
  while (index > 0) {
    size_t parent = (index - 1) / ARITY;
    if (!before(&entry, &timers->heap[parent])) break;
    put(timers, index, timers->heap[parent]);
    index = parent;
  }
  put(timers, index, entry);
}

/* The earliest child of `index`, or `count` when it has none. */
static size_t first_child(const struct ta_timers *timers, size_t index) {
  size_t child = index * ARITY + 1;
  if (child >= timers->count) return timers->count;
  size_t end = child + ARITY < timers->count ? child + ARITY : timers->count;
  size_t best = child;
  while (++child < end)
    if (before(&timers->heap[child], &timers->heap[best])) best = child;
  return best;
}

static void sift_down(struct ta_timers *timers, size_t index, struct ta_timer_entry entry) {
  for (;;) {
    size_t child = first_child(timers, index);
    if (child == timers->count || !before(&timers->heap[child], &entry)) break;
    put(timers, index, timers->heap[child]);
    index = child;
  }
  put(timers, index, entry);
}

int ta_timers_reserve(struct ta_timers *timers, size_t count, lua_Alloc alloc, void *alloc_data) {
  if (count <= timers->capacity) return 0;
  if (count > UINT32_MAX) return -ENOMEM; /* places are numbered in 32 bits */
  size_t capacity = timers->capacity < 16 ? 16 : timers->capacity + timers->capacity / 2;
  if (capacity < count) capacity = count;
  size_t size = sizeof *timers->heap;
  void *heap = alloc(alloc_data, timers->heap, timers->capacity * size, capacity * size);
  if (!heap) return -ENOMEM;
  timers->heap = heap;
  timers->capacity = capacity;
  return 0;
}

void ta_timers_close(struct ta_timers *timers, lua_Alloc alloc, void *alloc_data) {
  if (timers->heap) alloc(alloc_data, timers->heap, timers->capacity * sizeof *timers->heap, 0);
  *timers = (struct ta_timers){0};
}

void ta_timers_add(struct ta_timers *timers, struct ta_timer *timer) {
  sift_up(timers, timers->count++, (struct ta_timer_entry){.at = timer->at, .timer = timer});
}

void ta_timers_remove(struct ta_timers *timers, struct ta_timer *timer) {
  if (!ta_timer_armed(timer)) return;
  size_t index = timer->index - 1;
  struct ta_timer_entry last = timers->heap[--timers->count];
  timer->index = 0;
  if (last.timer == timer) return;
  if (index > 0 && before(&last, &timers->heap[(index - 1) / ARITY]))
    sift_up(timers, index, last);
  else
    sift_down(timers, index, last);
}

double ta_timers_after(const struct ta_timers *timers, double time) {
  double earliest = HUGE_VAL;
  for (size_t i = 0; i < timers->count; i++)
    if (timers->heap[i].at > time) earliest = fmin(earliest, timers->heap[i].at);
  return earliest;
}
