/* SPDX-License-Identifier: MIT
 *
 * limit_test.c -- how long a step may go on, and how much memory there is.
 */
#include <math.h>
#include <stdlib.h>

#include "cli/patience.h"
#include "io/ration.h"
#include "test.h"

/* --------------------------------------------------------------------- patience */

static void a_step_is_slow_again_when_it_has_doubled(void) {
  struct ta_patience patience;
  ta_patience_open(&patience, 1, 0);
  CHECK(ta_patience_is_on(&patience));
  CHECK(ta_patience_begin(&patience, 100) > 0 && ta_patience_begin(&patience, 100) == 0);
  int named = 0;
  for (int tick = 1; tick <= 100; tick++) {
    ta_patience_tick(&patience, 100 + tick * 0.1, true);
    named += patience.is_slow;
    patience.is_slow = 0;
  }
  CHECK(named == 4); /* after 1, 2, 4 and 8 seconds, or a tick later */
  CHECK(!patience.is_over);
}

static void another_step_begins_anew(void) {
  struct ta_patience patience;
  ta_patience_open(&patience, 0, 1);
  ta_patience_begin(&patience, 0);
  for (int tick = 1; tick <= 100; tick++) {
    ta_patience_tick(&patience, tick * 0.1, tick % 9 != 0);
    CHECK(!patience.is_over && !patience.is_slow);
  }
}

static void time_in_which_the_process_was_stopped_does_not_count(void) {
  struct ta_patience patience;
  ta_patience_open(&patience, 0, 1);
  ta_patience_begin(&patience, 0);
  ta_patience_tick(&patience, 0.1, true);
  ta_patience_tick(&patience, 3600, true);
  CHECK(!patience.is_over && patience.seconds < 1);
}

static void short_spans_have_short_ticks(void) {
  struct ta_patience patience;
  ta_patience_open(&patience, 0, 0.01);
  CHECK(ta_patience_begin(&patience, 0) <= 0.011);
  ta_patience_tick(&patience, 0.005, true);
  CHECK(ta_patience_tick(&patience, 0.0101, true) <= 0.1);
  CHECK(patience.is_over);
}

static void who_catches_the_error_gets_a_few_more(void) {
  struct ta_patience patience;
  ta_patience_open(&patience, 0, 60);
  ta_patience_begin(&patience, 0);
  double now = 0;
  for (int error = 1; error <= 4; error++) {
    while (!patience.is_over) ta_patience_tick(&patience, now += 0.1, true);
    CHECK(ta_patience_raise(&patience) == (error <= 3));
    CHECK(!patience.is_over);
  }
  CHECK(now < 64);
}

static void without_a_limit_nothing_is_due(void) {
  struct ta_patience patience;
  ta_patience_open(&patience, 0, 0);
  CHECK(!ta_patience_is_on(&patience));
  for (int tick = 1; tick <= 1000; tick++) ta_patience_tick(&patience, tick * 0.4, true);
  CHECK(!patience.is_slow && !patience.is_over && patience.seconds > 300);
}

/* ----------------------------------------------------------------------- ration */

#define LIMIT ((size_t)1 << 20)

static void *alloc(void *data, void *block, size_t old_size, size_t new_size) {
  (void)data, (void)old_size;
  if (new_size) return realloc(block, new_size);
  free(block);
  return NULL;
}

static void *ask(struct ta_ration *ration, size_t size) {
  return ta_ration_alloc(ration, NULL, LUA_TTABLE, size);
}

static void what_is_in_use_is_counted(void) {
  struct ta_ration ration;
  ta_ration_open(&ration, LIMIT, alloc, NULL);
  void *block = ask(&ration, 1000);
  CHECK(block && ration.used == 1000);
  block = ta_ration_alloc(&ration, block, 1000, 5000);
  CHECK(block && ration.used == 5000);
  block = ta_ration_alloc(&ration, block, 5000, 10);
  CHECK(block && ration.used == 10);
  CHECK(ta_ration_alloc(&ration, block, 10, 0) == NULL && ration.used == 0);
  CHECK(ta_ration_alloc(&ration, NULL, 0, 0) == NULL && ration.used == 0);
}

static void more_than_the_limit_is_refused_and_less_is_not(void) {
  struct ta_ration ration;
  ta_ration_open(&ration, LIMIT, alloc, NULL);
  void *block = ask(&ration, LIMIT);
  CHECK(block != NULL);
  CHECK(!ask(&ration, 1) && !ask(&ration, 1));
  CHECK(!ta_ration_alloc(&ration, block, LIMIT, LIMIT + 1) && ration.used == LIMIT);
  ta_ration_relax(&ration);
  void *more = ask(&ration, LIMIT / 4);
  CHECK(more != NULL);
  CHECK(!ask(&ration, (size_t)-1 / 2));
  ta_ration_alloc(&ration, block, LIMIT, 0);
  ta_ration_alloc(&ration, more, LIMIT / 4, 0);
  CHECK(ration.used == 0);
}

/* A collection that frees next to nothing has not helped. */
static void after_a_collection_there_must_be_room(void) {
  struct ta_ration ration;
  ta_ration_open(&ration, LIMIT, alloc, NULL);
  void *most = ask(&ration, LIMIT - 2000), *rest = ask(&ration, 2000);
  CHECK(most && rest);
  CHECK(!ask(&ration, 100));
  ta_ration_alloc(&ration, rest, 2000, 0);
  CHECK(!ask(&ration, 100)); /* the same request, once more */
  rest = ask(&ration, 100);  /* another one */
  CHECK(rest != NULL);
  CHECK(!ask(&ration, 3000));
  ta_ration_alloc(&ration, most, LIMIT - 2000, 0);
  most = ask(&ration, 3000);
  CHECK(most != NULL);
  ta_ration_alloc(&ration, most, 3000, 0);
  ta_ration_alloc(&ration, rest, 100, 0);
}

static void count_starved(void *data) {
  ++*(int *)data;
}

static void who_asks_in_vain_for_long_is_told_of_once(void) {
  struct ta_ration ration;
  int told = 0;
  ta_ration_open(&ration, LIMIT, alloc, NULL);
  ration.starved = count_starved;
  ration.starved_data = &told;
  for (int i = 0; i < 100; i++) {
    CHECK(!ask(&ration, 2 * LIMIT));
    ration.began -= 60; /* so long did it take */
    CHECK(!ask(&ration, 2 * LIMIT));
  }
  CHECK(told == 0); /* there is room: it was too much to ask */
  void *block = ask(&ration, LIMIT);
  for (int i = 0; i < 3; i++) {
    CHECK(!ask(&ration, 16));
    ration.began -= 60;
    CHECK(!ask(&ration, 16));
  }
  CHECK(told == 1);
  ta_ration_alloc(&ration, block, LIMIT, 0);
}

static void a_budget_is_for_all_that_have_it(void) {
  struct ta_ration mine, theirs;
  struct ta_budget *budget = ta_budget_new();
  CHECK(budget != NULL);
  ta_ration_open(&mine, LIMIT, alloc, NULL);
  ta_ration_open(&theirs, LIMIT, alloc, NULL);
  mine.budget = budget;
  theirs.budget = ta_budget_share(budget);
  void *block = ask(&mine, LIMIT / 4 * 3), *other = ask(&theirs, LIMIT / 8);
  CHECK(block && other && ta_budget_used(budget) == LIMIT / 8 * 7);
  CHECK(!ask(&theirs, LIMIT / 2) && !ask(&theirs, LIMIT / 2) && theirs.used == LIMIT / 8);
  CHECK(ta_ration_alloc(&mine, block, LIMIT / 4 * 3, 0) == NULL);
  ta_budget_leave(budget);
  block = ask(&theirs, LIMIT / 2);
  CHECK(block != NULL);
  ta_ration_alloc(&theirs, block, LIMIT / 2, 0);
  ta_ration_alloc(&theirs, other, LIMIT / 8, 0);
  CHECK(ta_budget_used(budget) == 0);
  ta_budget_leave(theirs.budget);
}

const struct test limit_tests[] = {
    TEST(a_step_is_slow_again_when_it_has_doubled),
    TEST(another_step_begins_anew),
    TEST(time_in_which_the_process_was_stopped_does_not_count),
    TEST(short_spans_have_short_ticks),
    TEST(who_catches_the_error_gets_a_few_more),
    TEST(without_a_limit_nothing_is_due),
    TEST(what_is_in_use_is_counted),
    TEST(more_than_the_limit_is_refused_and_less_is_not),
    TEST(after_a_collection_there_must_be_room),
    TEST(who_asks_in_vain_for_long_is_told_of_once),
    TEST(a_budget_is_for_all_that_have_it),
    TESTS_END,
};
