/* SPDX-License-Identifier: MIT
 *
 * The trace as text.
 */
#include "trace/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit/test.h"

static void expect_line(const struct ta_trace_event *event, const char *want, const char *file,
                        int line) {
  char got[1024] = "";
  FILE *stream = fmemopen(got, sizeof got, "w");
  CHECK(stream);
  struct ta_text_trace trace;
  ta_text_trace_open(&trace, stream);
  ta_trace_text(&trace, event);
  fclose(stream);
  if (!test_same_text(got, want)) test_texts_differ(file, line, got, want);
}

#define LINE(want, ...) expect_line(&(struct ta_trace_event){__VA_ARGS__}, want, __FILE__, __LINE__)

static void an_event_is_one_aligned_line(void) {
  LINE("  0.000000  #1 demo.lua   add     scripts/demo.lua\n", .kind = TA_EVENT_ADD, .task = 1,
       .name = "demo.lua", .origin = "scripts/demo.lua");
  LINE("  0.000000  #2 b          add     by #1 a                            demo.lua:3\n",
       .kind = TA_EVENT_ADD, .task = 2, .name = "b", .by = 1, .by_name = "a",
       .where = "demo.lua:3");
  LINE("  0.000031  #1 demo.lua   step 1\n", .kind = TA_EVENT_STEP, .time = 0.000031, .task = 1,
       .name = "demo.lua", .number = 1);
  LINE("  4.000300  #4 fail       error   Meh                                "
       "scripts/demo.lua:22\n",
       .kind = TA_EVENT_ERROR, .time = 4.0003, .task = 4, .name = "fail", .message = "Meh",
       .message_length = 3, .where = "scripts/demo.lua:22");
}

static void a_yield_says_what_it_waits_for(void) {
  LINE("  0.000000  #1 a          yield   sleep 1s until 1.000052            demo.lua:4\n",
       .kind = TA_EVENT_YIELD, .task = 1, .name = "a", .action = "sleep", .subject = "1s",
       .delay = 1, .until = 1.000052, .where = "demo.lua:4");
  LINE("  0.000000  #1 a          yield   sleep 0s\n", .kind = TA_EVENT_YIELD, .task = 1,
       .name = "a", .action = "sleep", .subject = "0s", .delay = 0);
  LINE("  0.000000  #1 a          yield   sleep for ever\n", .kind = TA_EVENT_YIELD, .task = 1,
       .name = "a", .action = "sleep", .subject = "for ever", .delay = 1e308 * 10);
  LINE("  0.000000  #1 a          yield   recv on channel 'jobs' (0 of 4)\n",
       .kind = TA_EVENT_YIELD, .task = 1, .name = "a", .action = "recv",
       .subject = "on channel 'jobs' (0 of 4)", .delay = -1);
  LINE("  0.000000  #1 a          yield   checkpoint\n", .kind = TA_EVENT_YIELD, .task = 1,
       .name = "a", .action = "checkpoint", .delay = -1);
}

static void the_runner_speaks_for_itself(void) {
  LINE("  0.000060  runner        wait    0.999992s for #1\n", .kind = TA_EVENT_WAIT,
       .time = 0.00006, .delay = 0.999992, .number = 1);
  LINE("  0.000000  runner        wait    for the outside\n", .kind = TA_EVENT_WAIT);
  LINE("  0.000000  runner        pass    3 to step\n", .kind = TA_EVENT_PASS, .number = 3);
}

static void what_is_outside_begins_and_ends(void) {
  LINE("  0.000000  #1 a          start   process 41 'make -j4'              demo.lua:4\n",
       .kind = TA_EVENT_START, .task = 1, .name = "a", .action = "process", .number = 41,
       .subject = "make -j4", .where = "demo.lua:4");
  LINE("  0.000000  runner        end     process 41 'make -j4': status 2\n", .kind = TA_EVENT_END,
       .action = "process", .number = 41, .subject = "make -j4", .message = "status 2",
       .message_length = 8);
}

/* Whatever a message holds, grep still finds one line an event. */
static void a_message_stays_on_its_line(void) {
  LINE("  0.000000  #1 ?          error   a b c d\n", .kind = TA_EVENT_ERROR, .task = 1,
       .message = "a\nb\0c\033d", .message_length = 7);
  LINE("  0.000000  #1 a b        return\n", .kind = TA_EVENT_RETURN, .task = 1, .name = "a\nb");
}

static void what_is_shown_whole_has_no_dots(void) {
  char message[202], want[256];
  for (size_t i = 0; i < sizeof message; i += 2) memcpy(message + i, "\xC2\x85", 2);
  snprintf(want, sizeof want, "  0.000000  #1 ?          error   %101s\n", "");
  LINE(want, .kind = TA_EVENT_ERROR, .task = 1, .message = message,
       .message_length = sizeof message);
}

static void a_long_message_is_cut(void) {
  char message[5000], got[1024] = "";
  memset(message, 'x', sizeof message);
  FILE *stream = fmemopen(got, sizeof got, "w");
  CHECK(stream);
  struct ta_text_trace trace;
  ta_text_trace_open(&trace, stream);
  ta_trace_text(&trace, &(struct ta_trace_event){.kind = TA_EVENT_ERROR,
                                                 .task = 1,
                                                 .name = "a",
                                                 .delay = -1,
                                                 .message = message,
                                                 .message_length = sizeof message});
  fclose(stream);
  CHECK(strlen(got) < 300);
  CHECK(strstr(got, "xxx...\n"));
}

/* The column in which the events' words begin, of the last line that tasks of
 * these names have. */
static size_t word_column(const char *const *names) {
  char got[1024] = "";
  FILE *stream = fmemopen(got, sizeof got, "w");
  CHECK(stream);
  struct ta_text_trace trace;
  ta_text_trace_open(&trace, stream);
  for (; *names; names++) {
    rewind(stream);
    ta_trace_text(&trace,
                  &(struct ta_trace_event){.kind = TA_EVENT_RETURN, .task = 1, .name = *names});
  }
  fclose(stream);
  const char *word = strstr(got, "return");
  CHECK(word);
  return (size_t)(word - got);
}

static void a_column_grows_with_wide_names_and_stays(void) {
  CHECK(word_column((const char *[]){"a", NULL}) == 26);
  CHECK(word_column((const char *[]){"worker.lua:12", NULL}) == 34);
  CHECK(word_column((const char *[]){"worker.lua:12", "a", NULL}) == 34);
  CHECK(word_column((const char *[]){"worker.lua:12", "a_longer_name_than_that", NULL}) == 42);
  CHECK(word_column((const char *[]){"a_name_that_is_much_longer_than_any_column_may_be", "a",
                                     NULL}) == 50);
}

static void a_name_too_wide_for_any_column_is_cut(void) {
  LINE("  0.000000  #1 a_name_that_is_much_longer_tha...  return\n", .kind = TA_EVENT_RETURN,
       .task = 1, .name = "a_name_that_is_much_longer_than_any_column_may_be");
  LINE("  0.000000  #1 \u6f22\u5b57\u6f22\u5b57\u6f22\u5b57\u6f22\u5b57\u6f22\u5b57"
       "\u6f22\u5b57\u6f22\u5b57\u6f22...  return\n",
       .kind = TA_EVENT_RETURN, .task = 1,
       .name =
           "\u6f22\u5b57\u6f22\u5b57\u6f22\u5b57\u6f22\u5b57\u6f22\u5b57\u6f22\u5b57\u6f22\u5b57"
           "\u6f22\u5b57\u6f22\u5b57");
}

/* Bytes are not columns, and some characters take none or two. */
static void names_are_measured_in_columns(void) {
  LINE("  0.000000  #1 k\u00fcche      return\n", .kind = TA_EVENT_RETURN, .task = 1,
       .name = "k\u00fcche");
  LINE("  0.000000  #1 \u6f22\u5b57       return\n", .kind = TA_EVENT_RETURN, .task = 1,
       .name = "\u6f22\u5b57");
  LINE("  0.000000  #1 e\u0301a         return\n", .kind = TA_EVENT_RETURN, .task = 1,
       .name = "e\u0301a");
}

static void a_place_is_clean_too(void) {
  LINE("  0.000000  #1 a          error   x                                  a b:1\n",
       .kind = TA_EVENT_ERROR, .task = 1, .name = "a", .message = "x", .message_length = 1,
       .where = "a\033b:1");
  LINE("  0.000000  #1 a          error    31m\n", .kind = TA_EVENT_ERROR, .task = 1, .name = "a",
       .message = "\302\23331m", .message_length = 5);
}

const struct test text_tests[] = {
    TEST(an_event_is_one_aligned_line),
    TEST(a_yield_says_what_it_waits_for),
    TEST(the_runner_speaks_for_itself),
    TEST(what_is_outside_begins_and_ends),
    TEST(a_message_stays_on_its_line),
    TEST(what_is_shown_whole_has_no_dots),
    TEST(a_long_message_is_cut),
    TEST(a_column_grows_with_wide_names_and_stays),
    TEST(a_name_too_wide_for_any_column_is_cut),
    TEST(names_are_measured_in_columns),
    TEST(a_place_is_clean_too),
    TESTS_END,
};
