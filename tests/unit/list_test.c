/* SPDX-License-Identifier: MIT
 *
 * Lists of links.
 */
#include "list.h"

#include "unit/test.h"

struct item {
  int number;
  struct ta_link link;
};

static int number_of(const struct ta_link *link) {
  return link ? TA_HOLDER(link, const struct item, link)->number : 0;
}

/* The items' numbers as the digits of one. */
static int digits(const struct ta_list *list) {
  int result = 0;
  const struct ta_link *link = ta_list_first(list);
  for (; link; link = ta_list_after(list, link)) result = 10 * result + number_of(link);
  return result;
}

static void what_is_appended_comes_out_in_that_order(void) {
  struct item items[4] = {{.number = 1}, {.number = 2}, {.number = 3}, {.number = 4}};
  struct ta_list list;
  ta_list_init(&list);
  CHECK(ta_list_empty(&list) && ta_list_count(&list) == 0 && !ta_list_first(&list));
  for (int i = 0; i < 4; i++) ta_list_append(&list, &items[i].link);
  CHECK(!ta_list_empty(&list) && ta_list_count(&list) == 4);
  CHECK(digits(&list) == 1234);
}

static void a_link_leaves_from_any_place(void) {
  struct item items[5] = {
      {.number = 1}, {.number = 2}, {.number = 3}, {.number = 4}, {.number = 5}};
  struct ta_list list;
  ta_list_init(&list);
  for (int i = 0; i < 5; i++) ta_list_append(&list, &items[i].link);
  ta_list_leave(&items[2].link);
  CHECK(digits(&list) == 1245);
  ta_list_leave(&items[0].link);
  CHECK(digits(&list) == 245);
  ta_list_leave(&items[4].link);
  CHECK(digits(&list) == 24);
  ta_list_leave(&items[1].link);
  ta_list_leave(&items[3].link);
  CHECK(ta_list_empty(&list) && !ta_list_first(&list));
}

static void leaving_twice_or_without_having_joined_does_nothing(void) {
  struct item one = {.number = 1}, two = {.number = 2};
  struct ta_list list;
  ta_list_init(&list);
  CHECK(!ta_in_list(&one.link));
  ta_list_leave(&one.link);
  ta_list_append(&list, &one.link);
  ta_list_append(&list, &two.link);
  CHECK(ta_in_list(&one.link));
  ta_list_leave(&one.link);
  ta_list_leave(&one.link);
  CHECK(!ta_in_list(&one.link) && ta_in_list(&two.link));
  CHECK(digits(&list) == 2);
}

static void a_link_that_left_may_join_another_list(void) {
  struct item one = {.number = 1}, two = {.number = 2};
  struct ta_list first, second;
  ta_list_init(&first);
  ta_list_init(&second);
  ta_list_append(&first, &one.link);
  ta_list_append(&first, &two.link);
  ta_list_leave(&one.link);
  ta_list_append(&second, &one.link);
  ta_list_leave(&two.link);
  ta_list_append(&second, &two.link);
  CHECK(ta_list_empty(&first) && digits(&second) == 12);
}

const struct test list_tests[] = {
    TEST(what_is_appended_comes_out_in_that_order),
    TEST(a_link_leaves_from_any_place),
    TEST(leaving_twice_or_without_having_joined_does_nothing),
    TEST(a_link_that_left_may_join_another_list),
    TESTS_END,
};
