/* SPDX-License-Identifier: MIT
 *
 * main.c -- the same script again and again, each time with another fault.
 *
 * Each sweep runs in a process of its own, so that one that crashes can say
 * where it was.
 *
 * With arguments MODE N it runs a single one of the allocation sweep, for a
 * debugger: `run 3 1234`.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fault/scenario.h"

static bool failed;

/* The status of a child that has told why it failed. */
#define TOLD 3

/* Which number the sweep is at, in memory shared with the parent. */
static uint64_t *at;

/* How many numbers a sweep goes on at once: 1 but for TA_TEST_QUICK. */
static uint64_t stride(void) {
  return getenv("TA_TEST_QUICK") ? 13 : 1;
}

static void tell(const char *name, const char *fault, uint64_t number) {
  if (fault) {
    printf("not ok %s: %s (at %llu)\n", name, fault, (unsigned long long)number);
    failed = true;
  } else {
    printf("ok %s (%llu)\n", name, (unsigned long long)number);
  }
}

/* The run that nothing disturbs. */
static struct scenario reference;

static void nothing_is_lost_when_nothing_is_refused(void) {
  if (scenario_run(&reference) != ENDED) scenario_fault(&reference, "it did not end");
  scenario_end(&reference);
  if (scenario_unclosed(&reference)) scenario_fault(&reference, "a scope was not closed once");
  if (!strstr(reference.log, "nested") || !strstr(reference.log, "planned: end"))
    scenario_fault(&reference, "the script did not get far: %s", reference.log);
  tell(__func__, reference.fault, reference.requests);
}

/* -------------------------------------------------------- allocation sweep */

/* A single refusal is made good by a collection, unless it met an allocation of
 * our own: then that task says so. */
static void check_one(struct scenario *scenario) {
  if (strcmp(scenario->log, reference.log) != 0 && !strstr(scenario->log, "not enough memory"))
    scenario_fault(scenario, "another log: %s", scenario->log);
  if (scenario_unclosed(scenario)) scenario_fault(scenario, "a scope was not closed once");
}

static void attempt(struct scenario *scenario, enum refusal refusal, uint64_t nth) {
  memset(scenario, 0, sizeof *scenario);
  *at = nth;
  scenario->refusal = refusal;
  scenario->nth = nth;
  enum outcome outcome = scenario_run(scenario);
  scenario_end(scenario);
  for (int i = 0; i < GUARDS; i++)
    if (scenario->closed[i] > (i < scenario->entered))
      scenario_fault(scenario, "a scope was closed twice");
  if (refusal == REFUSE_ONE && outcome == ENDED) check_one(scenario);
  if (!scenario->refused && strcmp(scenario->log, reference.log) != 0)
    scenario_fault(scenario, "another log: %s", scenario->log);
}

static void sweep(const char *name, enum refusal refusal) {
  static struct scenario scenario;
  uint64_t nth = 1;
  for (;; nth += stride()) {
    attempt(&scenario, refusal, nth);
    if (scenario.fault || !scenario.refused) break;
  }
  tell(name, scenario.fault, nth);
}

static void one_refused_request_changes_nothing(void) {
  sweep(__func__, REFUSE_ONE);
}

static void a_moment_without_memory_is_survived(void) {
  sweep(__func__, REFUSE_TWO);
}

static void memory_that_is_out_for_good_is_survived(void) {
  sweep(__func__, REFUSE_REST);
}

/* ------------------------------------------------------------- cancel sweep */

static const char *cancel_at(struct scenario *scenario, uint64_t step, bool without_memory,
                             bool *ended) {
  memset(scenario, 0, sizeof *scenario);
  *at = step;
  scenario->stop_at = step;
  *ended = scenario_run(scenario) == ENDED;
  if (without_memory) {
    scenario->refusal = REFUSE_REST;
    scenario->nth = 0;
  }
  scenario_end(scenario);
  if (!without_memory && scenario_unclosed(scenario))
    scenario_fault(scenario, "%d scopes were not closed exactly once", scenario_unclosed(scenario));
  return scenario->fault;
}

static void cancel_sweep(const char *name, bool without_memory) {
  static struct scenario scenario;
  const char *fault = NULL;
  bool ended = false;
  uint64_t step = 0;
  while (!fault && !ended) fault = cancel_at(&scenario, ++step, without_memory, &ended);
  tell(name, fault, step);
}

static void cancelling_after_any_step_closes_each_scope_once(void) {
  cancel_sweep(__func__, false);
}

static void cancelling_needs_no_memory(void) {
  cancel_sweep(__func__, true);
}

static const struct {
  const char *name;
  void (*run)(void);
} sweeps[] = {
    {"one_refused_request_changes_nothing", one_refused_request_changes_nothing},
    {"a_moment_without_memory_is_survived", a_moment_without_memory_is_survived},
    {"memory_that_is_out_for_good_is_survived", memory_that_is_out_for_good_is_survived},
    {"cancelling_after_any_step_closes_each_scope_once",
     cancelling_after_any_step_closes_each_scope_once},
    {"cancelling_needs_no_memory", cancelling_needs_no_memory},
};

static void run_apart(size_t index) {
  int status;
  pid_t child = fork();
  if (child == 0) {
    setrlimit(RLIMIT_CORE, &(struct rlimit){0}); /* no litter */
    sweeps[index].run();
    exit(failed ? TOLD : EXIT_SUCCESS);
  }
  if (child < 0 || waitpid(child, &status, 0) != child) {
    perror("cannot run a sweep");
    exit(EXIT_FAILURE);
  }
  if (status == 0) return;
  failed = true;
  if (WIFSIGNALED(status) || WEXITSTATUS(status) != TOLD)
    printf("not ok %s: crashed (at %llu)\n", sweeps[index].name, (unsigned long long)*at);
}

static void run_single(enum refusal refusal, uint64_t nth) {
  static struct scenario scenario;
  attempt(&scenario, refusal, nth);
  tell("attempt", scenario.fault, nth);
  printf("%s\n", scenario.log);
}

int main(int argc, char **argv) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  at = mmap(NULL, sizeof *at, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (at == MAP_FAILED) return EXIT_FAILURE;
  nothing_is_lost_when_nothing_is_refused();
  if (argc == 3)
    run_single((enum refusal)atoi(argv[1]), strtoull(argv[2], NULL, 10));
  else
    for (size_t i = 0; i < sizeof sweeps / sizeof *sweeps; i++) run_apart(i);
  return failed;
}
