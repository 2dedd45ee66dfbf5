/* SPDX-License-Identifier: MIT */
#include "core/timers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "unit/test.h"

#define NODES 300

/* The heap under test, and beside it the same timers in a sorted list. */
struct pair {
  struct ta_timers heap;
  struct ta_timer nodes[NODES];
  struct ta_timer *sorted[NODES];
  size_t count;
  uint64_t random;
  uint64_t last_seq;
};

static void *allocate(void *data, void *block, size_t old, size_t size) {
  size_t *bytes = data;
  *bytes += size - (block ? old : 0);
  if (size > 0) return realloc(block, size);
  free(block);
  return NULL;
}

static void *refuse(void *data, void *block, size_t old, size_t size) {
  (void)data, (void)block, (void)old, (void)size;
  return NULL;
}

static size_t pick(struct pair *pair, size_t below) {
  pair->random ^= pair->random << 13;
  pair->random ^= pair->random >> 7;
  pair->random ^= pair->random << 17;
  return (size_t)(pair->random % below);
}

static int compare(const struct ta_timer *a, const struct ta_timer *b) {
  if (a->at != b->at) return a->at < b->at ? -1 : 1;
  return a->seq < b->seq ? -1 : 1;
}

static void add(struct pair *pair, struct ta_timer *timer) {
  size_t at = 0;
  timer->at = (double)pick(pair, 20); /* few times: many ties */
  timer->seq = ++pair->last_seq;
  ta_timers_add(&pair->heap, timer);
  while (at < pair->count && compare(pair->sorted[at], timer) < 0) at++;
  memmove(pair->sorted + at + 1, pair->sorted + at, (pair->count++ - at) * sizeof *pair->sorted);
  pair->sorted[at] = timer;
}

static void drop(struct pair *pair, struct ta_timer *timer) {
  size_t at = 0;
  ta_timers_remove(&pair->heap, timer);
  while (pair->sorted[at] != timer) at++;
  memmove(pair->sorted + at, pair->sorted + at + 1, (--pair->count - at) * sizeof *pair->sorted);
}

/* One random operation, after which both must agree on who is first. */
static void step(struct pair *pair) {
  struct ta_timer *timer = &pair->nodes[pick(pair, NODES)];
  if (pick(pair, 4) == 0 && pair->count) timer = pair->sorted[0];
  if (ta_timer_armed(timer))
    drop(pair, timer);
  else
    add(pair, timer);
  CHECK(pair->heap.count == pair->count);
  CHECK(ta_timers_first(&pair->heap) == (pair->count ? pair->sorted[0] : NULL));
}

static void the_heap_agrees_with_a_sorted_list(void) {
  static struct pair pair;
  size_t bytes = 0;
  pair = (struct pair){.random = 88172645463325252u};
  CHECK(ta_timers_reserve(&pair.heap, NODES, allocate, &bytes) == 0);
  for (int left = test_quick() ? 20000 : 500000; left > 0; left--) step(&pair);
  while (pair.count) {
    CHECK(ta_timers_first(&pair.heap) == pair.sorted[0]);
    drop(&pair, pair.sorted[0]);
  }
  CHECK(ta_timers_first(&pair.heap) == NULL);
  ta_timers_close(&pair.heap, allocate, &bytes);
  CHECK(bytes == 0);
}

static void equal_deadlines_come_out_by_seq(void) {
  struct ta_timers heap = {0};
  struct ta_timer nodes[50] = {{0}};
  size_t bytes = 0;
  CHECK(ta_timers_reserve(&heap, 50, allocate, &bytes) == 0);
  for (size_t i = 0; i < 50; i++) {
    nodes[i] = (struct ta_timer){.at = 1.0, .seq = i * 7 % 50};
    ta_timers_add(&heap, &nodes[i]);
  }
  for (uint64_t seq = 0; seq < 50; seq++) {
    CHECK(ta_timers_first(&heap)->seq == seq);
    ta_timers_remove(&heap, ta_timers_first(&heap));
  }
  ta_timers_close(&heap, allocate, &bytes);
}

static void removing_a_timer_that_is_not_armed_does_nothing(void) {
  struct ta_timers heap = {0};
  struct ta_timer armed = {.at = 1}, idle = {.at = 0};
  size_t bytes = 0;
  CHECK(ta_timers_reserve(&heap, 1, allocate, &bytes) == 0);
  ta_timers_add(&heap, &armed);
  ta_timers_remove(&heap, &idle);
  CHECK(ta_timers_first(&heap) == &armed && heap.count == 1);
  ta_timers_remove(&heap, &armed);
  ta_timers_remove(&heap, &armed);
  CHECK(heap.count == 0 && !ta_timer_armed(&armed));
  ta_timers_close(&heap, allocate, &bytes);
}

static void a_refused_reservation_is_told_and_harms_nothing(void) {
  struct ta_timers heap = {0};
  struct ta_timer timer = {.at = 1};
  size_t bytes = 0;
  CHECK(ta_timers_reserve(&heap, 1, refuse, NULL) == -ENOMEM);
  CHECK(ta_timers_reserve(&heap, 1, allocate, &bytes) == 0);
  ta_timers_add(&heap, &timer);
  CHECK(ta_timers_reserve(&heap, 10000, refuse, NULL) == -ENOMEM);
  CHECK(ta_timers_first(&heap) == &timer);
  ta_timers_close(&heap, allocate, &bytes);
  CHECK(bytes == 0);
}

static void what_is_reserved_is_not_asked_for_again(void) {
  struct ta_timers heap = {0};
  size_t bytes = 0;
  CHECK(ta_timers_reserve(&heap, 100, allocate, &bytes) == 0);
  for (size_t count = 0; count <= 100; count++)
    CHECK(ta_timers_reserve(&heap, count, refuse, NULL) == 0);
  ta_timers_close(&heap, allocate, &bytes);
}

const struct test timers_tests[] = {
    TEST(the_heap_agrees_with_a_sorted_list),
    TEST(equal_deadlines_come_out_by_seq),
    TEST(removing_a_timer_that_is_not_armed_does_nothing),
    TEST(a_refused_reservation_is_told_and_harms_nothing),
    TEST(what_is_reserved_is_not_asked_for_again),
    TESTS_END,
};
