/* SPDX-License-Identifier: MIT
 *
 * main.c -- runs the unit tests: all of them, or those that an argument names
 * by their room or a part of their name.
 *
 * Each runs in a process of its own, so that one that crashes is told of like
 * any other, and a few at a time, since some wait.  With arguments, for a debugger, and with
 * TA_TEST_QUICK, where a process costs much, they all run in this one.
 */
#include "unit/test.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/guardian.h"
#include "kit/apart.h"

#define LONGEST_TEST 120 /* seconds: one that hangs is told of too */
#define AT_ONCE 3

static const struct room rooms[] = {
    {"timers", timers_tests},
    {"runner", runner_tests},
    {"task", task_tests},
    {"trace", trace_tests},
    {"wait", wait_tests},
    {"coroutine", coroutine_tests},
    {"require", require_tests},
    {"embed", embed_tests},
    {"host", host_tests},
    {"text", text_tests},
    {"preempt", preempt_tests},
    {"list", list_tests},
    {"cancel", cancel_tests},
    {"report", report_tests},
    {"loop", loop_tests},
    {"pool", pool_tests},
    {"slab", slab_tests},
    {"act", act_tests},
    {"meddle", meddle_tests},
    {"watch", watch_tests},
    {"workers", workers_tests},
    {"connect", connect_tests},
    {"net", net_tests},
    {"resolver", resolver_tests},
    {"hosted", hosted_tests},
    {"lib", lib_tests},
    {"session", session_tests},
    {"object", object_tests},
    {"attachment", attachment_tests},
    {"lost", lost_tests},
    {"chunk", chunk_tests},
    {"pipe", pipe_tests},
    {"freed", freed_tests},
    {"several", several_tests},
    {"stream", stream_tests},
    {"children", children_tests},
    {"process", process_tests},
    {"files", files_tests},
    {"output", output_tests},
    {"bar", bar_tests},
    {"kit", kit_tests},
    {"asking", asking_tests},
    {"stopped", stopped_tests},
    {"relay", relay_tests},
    {"standard", standard_tests},
    {"signal", signal_tests},
    {"limit", limit_tests},
    {"tree", tree_tests},
    {"gate", gate_tests},
    {"flat", flat_tests},
    {"thread", thread_tests},
    {"tls", tls_tests},
};

static jmp_buf out_of_test;
static const char *running;

void test_failed(const char *file, int line, const char *what) {
  printf("not ok %s: %s:%d: %s\n", running, file, line, what);
  longjmp(out_of_test, 1);
}

void test_texts_differ(const char *file, int line, const char *got, const char *want) {
  printf("not ok %s: %s:%d: \"%s\" is not \"%s\"\n", running, file, line, got ? got : "(null)",
         want ? want : "(null)");
  longjmp(out_of_test, 1);
}

bool test_same_text(const char *a, const char *b) {
  return a == b || (a && b && strcmp(a, b) == 0);
}

bool test_quick(void) {
  return getenv("TA_TEST_QUICK") != NULL;
}

static bool run_test(const struct test *test) {
  running = test->name;
  if (setjmp(out_of_test)) return false;
  test->run();
  printf("ok %s\n", test->name);
  return true;
}

/* ------------------------------------------------------------ a few at a time */

/* The test to come. */
struct place {
  size_t room;
  size_t test;
};

static bool next_test(void *data, void *job) {
  struct place *place = data;
  const struct test **test = job;
  while (place->room < sizeof rooms / sizeof *rooms) {
    *test = &rooms[place->room].tests[place->test++];
    if ((*test)->name) return true;
    *place = (struct place){.room = place->room + 1};
  }
  return false;
}

static bool run_for_so_long(void *data, void *job) {
  const struct test **test = job;
  (void)data;
  alarm(LONGEST_TEST);
  return run_test(*test);
}

static bool tell_of_crash(void *data, void *job, bool well, const char *crash) {
  const struct test **test = job;
  (void)data, (void)well;
  if (crash) printf("not ok %s: %s\n", (*test)->name, crash);
  return false;
}

/* A child's status also holds what a leak checker found. */
static bool run_all(void) {
  struct place place = {0};
  const struct crew crew = {AT_ONCE,   sizeof(struct test *), &place,
                            next_test, run_for_so_long,       tell_of_crash};
  return crew_do_all(&crew);
}

/* ------------------------------------------------------------- in this process */

static bool is_wanted(const struct room *room, const struct test *test, int argc, char **argv) {
  bool wanted = argc < 2;
  for (int i = 1; i < argc; i++)
    wanted |= strcmp(argv[i], room->name) == 0 || strstr(test->name, argv[i]);
  return wanted;
}

static bool run_wanted(int argc, char **argv) {
  bool good = true;
  for (size_t i = 0; i < sizeof rooms / sizeof *rooms; i++)
    for (const struct test *test = rooms[i].tests; test->name; test++)
      if (is_wanted(&rooms[i], test, argc, argv)) good &= run_test(test);
  return good;
}

/* Sessions start this program as their guardian. */
int main(int argc, char **argv) {
  if (ta_guardian_is_meant(argc, argv)) return ta_guardian_be();
  setvbuf(stdout, NULL, _IOLBF, 0); /* a crash shows which test it was in */
  bool good = argc > 1 || test_quick() ? run_wanted(argc, argv) : run_all();
  return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
