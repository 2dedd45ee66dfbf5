/* SPDX-License-Identifier: MIT
 *
 * Bars of progress: their words, the rows that they are, and what is refused to them.
 */
#include "host/bar.h"

#include <errno.h>
#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

#include "host/footer.h"
#include "kit/kit.h"
#include "kit/part.h"
#include "unit/outside.h"
#include "unit/system.h"
#include "unit/test.h"
#include "utf8.h"

#define MOST 2000 /* requests for memory */

static size_t columns_of(const char *text) {
  size_t columns = 0;
  for (const char *at = text; *at; at += ta_utf8_length(at, strlen(at)))
    columns += ta_utf8_width(ta_utf8_length(at, strlen(at)));
  return columns;
}

static void open_bar(struct ta_bar *bar, const char *label, double total) {
  *bar = (struct ta_bar){.total = total};
  CHECK(ta_bar_name(&bar->label, label, strlen(label)) == 0);
  ta_bar_begin(bar, 0);
}

static void a_bar_says_less_where_there_is_less_room(void) {
  char text[TA_BAR_TEXT];
  struct ta_bar bar;
  open_bar(&bar, "copying", 200);
  bar.done = 50;
  ta_bar_draw(&bar, 5, 60, text);
  CHECK_TEXT(text, "copying [====>                ]  25% 50/200, 10/s, 15 s left");
  ta_bar_draw(&bar, 5, 40, text);
  CHECK_TEXT(text, "copying  25% 50/200, 10/s, 15 s left");
  ta_bar_draw(&bar, 5, 30, text);
  CHECK_TEXT(text, "copying  25% 50/200, 10/s");
  ta_bar_draw(&bar, 5, 12, text);
  CHECK_TEXT(text, "copying  25%");
  ta_bar_draw(&bar, 5, 4, text);
  CHECK_TEXT(text, " 25%");
  ta_bar_end(&bar);
}

static void no_bar_is_wider_than_it_may_be(void) {
  static const char *const labels[] = {"", "a", "ein ziemlich langes Wort", "漢字漢字漢字漢字漢字",
                                       "\xff\xfe broken \xe6"};
  char text[TA_BAR_TEXT];
  struct ta_bar bar;
  for (size_t i = 0; i < sizeof labels / sizeof *labels; i++) {
    for (double total = -1; total < 1e15; total = total * 10 + 11) {
      open_bar(&bar, labels[i], total);
      bar.done = total < 0 ? 123456 : total / 3;
      for (size_t columns = 1; columns < 120; columns++) {
        size_t size = ta_bar_draw(&bar, 7, columns, text);
        CHECK(size == strlen(text) && columns_of(text) <= columns);
      }
      ta_bar_end(&bar);
    }
  }
}

static void a_label_steers_no_terminal(void) {
  struct ta_bar bar;
  open_bar(&bar,
           "a\033[2Jb\nc\xc2\x9b"
           "d",
           1);
  CHECK_TEXT(bar.label, "a [2Jb c  d");
  ta_bar_end(&bar);
}

static const char *draw(struct ta_footer *footer) {
  static char text[400];
  size_t size = 0;
  const char *drawing = ta_footer_draw(footer, &size);
  snprintf(text, sizeof text, "%.*s", (int)size, drawing);
  return text;
}

static void a_footer_is_drawn_over_itself_and_taken_back(void) {
  struct ta_footer footer = {0};
  char erasure[TA_FOOTER_ERASURE + 1] = "";
  CHECK(ta_footer_erase(&footer, erasure) == 0);
  CHECK(ta_footer_set(&footer, "a\nb", 3) == 0);
  CHECK_TEXT(draw(&footer), "\ra\033[K\r\nb\033[K\r");
  CHECK_TEXT(draw(&footer), "\r\033[1Aa\033[K\r\nb\033[K\r");
  CHECK(ta_footer_set(&footer, "c", 1) == 0);
  CHECK_TEXT(draw(&footer), "\r\033[1Ac\033[K\033[J\r");
  size_t size = ta_footer_erase(&footer, erasure);
  erasure[size] = '\0';
  CHECK_TEXT(erasure, "\r\033[J");
  CHECK(ta_footer_erase(&footer, erasure) == 0);
  ta_footer_close(&footer);
}

/* False: it does not ask for memory so often. */
static bool refuse_at(unsigned nth) {
  struct outside place;
  outside_open(&place, NULL);
  lua_getglobal(place.world.L, "async");
  ta_offer_kit(place.world.runner, place.world.L);
  lua_settop(place.world.L, 0);
  world_add(&place.world,
            "local bar <close> = async.progress{total = 3, label = 'a', unit = 'b', leave = false} "
            "bar:add() bar:label('longer') for x in bar:each{1, 2} do bar:set(2, 4) end "
            "pcall(async.color.red, 'x') async.log.debug('x', {y = 1}) "
            "async.move_on_after(0, async.prompt, 'never')");
  system_fail(SYSTEM_ALLOCATE, nth, ENOMEM);
  outside_run(&place);
  bool reached = system_go_well() >= nth;
  outside_close(&place);
  return reached;
}

static void memory_that_is_refused_to_bars_leaves_nothing(void) {
  unsigned nth = 1, step = test_quick() ? 20 : 3;
  part_take(&nth, &step);
  while (nth < MOST && refuse_at(nth)) nth += step;
  CHECK(nth > 30 && nth < MOST);
}

const struct test bar_tests[] = {
    TEST(a_bar_says_less_where_there_is_less_room),
    TEST(no_bar_is_wider_than_it_may_be),
    TEST(a_label_steers_no_terminal),
    TEST(a_footer_is_drawn_over_itself_and_taken_back),
    TEST(memory_that_is_refused_to_bars_leaves_nothing),
    TESTS_END,
};
