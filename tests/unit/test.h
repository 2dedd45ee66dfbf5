/* SPDX-License-Identifier: MIT
 *
 * test.h -- what a unit test needs.
 *
 * A test is a function whose name is the promise it keeps.  Each room has a
 * file of them with a table at its end, and main.c a list of the tables.  The
 * first check that fails ends the test: what it holds is lost, and the program
 * goes on with the next one.
 */
#ifndef TEST_H
#define TEST_H

#include <stdbool.h>
#include <stddef.h>

struct test {
  const char *name;
  void (*run)(void);
};

/* The end of a table is an entry without a name. */
struct room {
  const char *name;
  const struct test *tests;
};

#define TEST(function)                                                                             \
  { .name = #function, .run = function }
#define TESTS_END                                                                                  \
  { .name = NULL }

extern const struct test timers_tests[], runner_tests[], task_tests[], trace_tests[], wait_tests[],
    coroutine_tests[], require_tests[], embed_tests[], host_tests[], text_tests[], preempt_tests[],
    list_tests[], cancel_tests[], report_tests[], loop_tests[], pool_tests[], slab_tests[],
    act_tests[], meddle_tests[], watch_tests[], workers_tests[], lib_tests[], session_tests[],
    object_tests[], attachment_tests[], lost_tests[], chunk_tests[], pipe_tests[], freed_tests[],
    several_tests[], stream_tests[], children_tests[], relay_tests[], output_tests[], bar_tests[],
    process_tests[], standard_tests[], signal_tests[], limit_tests[], tree_tests[], files_tests[],
    flat_tests[], kit_tests[], thread_tests[], asking_tests[], stopped_tests[], tls_tests[],
    connect_tests[], net_tests[], resolver_tests[], hosted_tests[], gate_tests[];

/* Ends the test: `what` was not so. */
_Noreturn void test_failed(const char *file, int line, const char *what);

/* Ends the test: the texts differ. */
_Noreturn void test_texts_differ(const char *file, int line, const char *got, const char *want);

bool test_same_text(const char *a, const char *b);

/* TA_TEST_QUICK is set: under valgrind a tenth of the work must do. */
bool test_quick(void);

#define CHECK(condition)                                                                           \
  do {                                                                                             \
    if (!(condition)) test_failed(__FILE__, __LINE__, #condition);                                 \
  } while (0)

/* Both texts are shown when they differ. */
#define CHECK_TEXT(got, want)                                                                      \
  do {                                                                                             \
    const char *got_ = (got);                                                                      \
    const char *want_ = (want);                                                                    \
    if (!test_same_text(got_, want_)) test_texts_differ(__FILE__, __LINE__, got_, want_);          \
  } while (0)

#endif
