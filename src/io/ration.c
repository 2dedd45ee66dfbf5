/* SPDX-License-Identifier: MIT */
#include "io/ration.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "host/clock.h"

#define LEAST_ROOM(limit) ((limit) / 32) /* after a collection, for it to have helped */
#define FULL(limit) ((limit) / 4)        /* with less room it is the tasks that need the memory */
#define MOST_WASTED 1.0                  /* seconds */
#define PAID 0.25                        /* of a second of wasted time, by a second of work */
#define RESERVE(limit) ((limit) / 4 + ((size_t)1 << 20))

struct ta_budget {
  atomic_size_t used;
  atomic_uint shares;
};

struct ta_budget *ta_budget_new(void) {
  struct ta_budget *budget = calloc(1, sizeof *budget);
  if (budget) atomic_init(&budget->shares, 1);
  return budget;
}

struct ta_budget *ta_budget_share(struct ta_budget *budget) {
  if (budget) atomic_fetch_add_explicit(&budget->shares, 1, memory_order_relaxed);
  return budget;
}

void ta_budget_leave(struct ta_budget *budget) {
  if (budget && atomic_fetch_sub_explicit(&budget->shares, 1, memory_order_acq_rel) == 1)
    free(budget);
}

size_t ta_budget_used(struct ta_budget *budget) {
  return atomic_load_explicit(&budget->used, memory_order_relaxed);
}

void ta_ration_open(struct ta_ration *ration, size_t limit, lua_Alloc alloc, void *data) {
  *ration =
      (struct ta_ration){.alloc = alloc, .data = data, .limit = limit, .reserve = RESERVE(limit)};
}

void ta_ration_relax(struct ta_ration *ration) {
  ration->limit += ration->reserve;
  ration->reserve = 0;
}

static size_t room_of(const struct ta_ration *ration) {
  size_t used = ration->budget ? ta_budget_used(ration->budget) : ration->used;
  return used < ration->limit ? ration->limit - used : 0;
}

static void give_back(struct ta_ration *ration, size_t size) {
  ration->used -= size;
  if (ration->budget) atomic_fetch_sub_explicit(&ration->budget->used, size, memory_order_relaxed);
}

/* False: another thread was faster. */
static bool take(struct ta_ration *ration, size_t size) {
  size_t before = 0;
  if (ration->budget)
    before = atomic_fetch_add_explicit(&ration->budget->used, size, memory_order_relaxed);
  ration->used += size;
  if (!ration->budget || (before <= ration->limit && size <= ration->limit - before)) return true;
  give_back(ration, size);
  return false;
}

/* Lua collects, and asks for the same once more. */
static void begin_collection(struct ta_ration *ration, const void *block, size_t wanted) {
  ration->collects = true;
  ration->block = block;
  ration->wanted = wanted;
  ration->began = ta_monotonic();
}

/* A collection has found nothing.  One request too large is nobody's need. */
static void note_waste(struct ta_ration *ration) {
  if (room_of(ration) >= FULL(ration->limit)) return;
  double now = ta_monotonic(), paid = (ration->began - ration->ended) * PAID;
  ration->wasted = paid < ration->wasted ? ration->wasted - paid : 0;
  ration->wasted += now - ration->began;
  ration->ended = now;
  if (ration->wasted < MOST_WASTED || ration->is_starved) return;
  ration->is_starved = true;
  if (ration->starved) ration->starved(ration->starved_data);
}

/* May so many bytes more be used? */
static bool may_grow(struct ta_ration *ration, const void *block, size_t wanted, size_t more) {
  bool again = ration->collects && ration->block == block && ration->wanted == wanted;
  size_t room = room_of(ration);
  ration->collects = false;
  if (!again && more <= room) return true;
  if (!again) {
    begin_collection(ration, block, wanted);
    return false;
  }
  size_t least = LEAST_ROOM(ration->limit);
  if (more <= room && room - more >= least) return true;
  note_waste(ration);
  return false;
}

void *ta_ration_alloc(void *data, void *block, size_t old_size, size_t new_size) {
  struct ta_ration *ration = data;
  size_t had = block ? old_size : 0; /* of a new one it says what it is for */
  size_t more = new_size > had ? new_size - had : 0;
  if (more > 0 && (!may_grow(ration, block, new_size, more) || !take(ration, more))) return NULL;
  void *moved = ration->alloc(ration->data, block, old_size, new_size);
  if (!moved && new_size > 0)
    give_back(ration, more);
  else if (new_size < had)
    give_back(ration, had - new_size);
  return moved;
}
