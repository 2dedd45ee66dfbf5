/* SPDX-License-Identifier: MIT
 *
 * main.c -- the same scripts again and again, each time with another fault.
 *
 * Each sweep runs in a process of its own, and says where it was when it crashes.
 *
 * With arguments CHAPTER MODE N it does a single thing, for a debugger.  MODES 1
 * to 3 are the refusals of scenario.h, at request N, 4 to 7 its endings after step
 * N, 8 to 11 those without memory.  With CHAPTER only it shows what that logs.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fault/scenario.h"
#include "kit/apart.h"
#include "kit/part.h"

#define AT_ONCE 2 /* children */

/* A chapter, and words of its log that show that it got far. */
static const struct chapter {
  const char *name;
  const char *words[3];
} chapters[] = {
    {"loading", {"nested", "planned: end"}},
    {"awaiting", {"answer", "clean", "shield left"}},
    {"scopes", {"unwound", "planned: inner", "planned: end"}},
    {"sharing", {"sum 42", "inherited", "ended while it held lock"}},
    {"stuck", {"stuck", "clean", "unheard"}},
};

#define CHAPTERS (sizeof chapters / sizeof *chapters)

/* How many numbers a sweep goes on at once: 1 but for TA_TEST_QUICK and TA_TEST_PART. */
static uint64_t stride(void) {
  return (getenv("TA_TEST_QUICK") ? 29 : 1) * part_of_this_run().each;
}

/* What a sweep works with. */
struct sweep {
  const struct chapter *chapter;
  uint64_t *at;              /* which number it is at, shared with the parent */
  struct scenario reference; /* the run that nothing disturbs */
  struct scenario scenario;
};

static void begin(struct sweep *sweep, enum ending ending, uint64_t at) {
  memset(&sweep->scenario, 0, sizeof sweep->scenario);
  sweep->scenario.chapter = sweep->chapter->name;
  sweep->scenario.ending = ending;
  *sweep->at = at;
}

static void run_reference(struct sweep *sweep) {
  struct scenario *reference = &sweep->reference;
  begin(sweep, END_BY_CANCELLING, 0);
  if (scenario_run(&sweep->scenario) != ENDED) scenario_fault(&sweep->scenario, "it did not end");
  scenario_end(&sweep->scenario);
  *reference = sweep->scenario;
  if (scenario_unclosed(reference)) scenario_fault(reference, "a guard was not closed once");
  for (int i = 0; i < 3 && sweep->chapter->words[i]; i++)
    if (!strstr(reference->log, sweep->chapter->words[i]))
      scenario_fault(reference, "the script did not get far: %.900s", reference->log);
}

/* -------------------------------------------------------- allocation sweep */

/* A single refusal is made good by a collection, unless it met an allocation of
 * our own: then that task says so. */
static void check_one(struct scenario *scenario, const struct scenario *reference) {
  if (strcmp(scenario->log, reference->log) != 0 && !strstr(scenario->log, "not enough memory"))
    scenario_fault(scenario, "another log: %.900s", scenario->log);
  if (scenario_unclosed(scenario)) scenario_fault(scenario, "a guard was not closed once");
}

static void attempt(struct sweep *sweep, enum refusal refusal, uint64_t nth) {
  struct scenario *scenario = &sweep->scenario;
  begin(sweep, END_BY_CANCELLING, nth);
  scenario->refusal = refusal;
  scenario->nth = nth;
  enum outcome outcome = scenario_run(scenario);
  scenario_end(scenario);
  if (scenario_overclosed(scenario)) scenario_fault(scenario, "a guard was closed twice");
  if (refusal == REFUSE_ONE && outcome == ENDED) check_one(scenario, &sweep->reference);
  if (refusal == REFUSE_TWO && outcome == ENDED && sweep->chapter != chapters &&
      scenario_unclosed(scenario))
    scenario_fault(scenario, "a guard was not closed once: %.900s", scenario->log);
  if (!scenario->refused && strcmp(scenario->log, sweep->reference.log) != 0)
    scenario_fault(scenario, "another log: %.900s", scenario->log);
}

/* All begin alike: only the first chapter is disturbed before its script runs. */
static void refuse(struct sweep *sweep, enum refusal refusal) {
  uint64_t nth = sweep->chapter == chapters ? 1 : sweep->reference.begun_at;
  nth += part_of_this_run().first;
  for (;; nth += stride()) {
    attempt(sweep, refusal, nth);
    if (sweep->scenario.fault || !sweep->scenario.refused) break;
  }
}

static void one_refused_request_changes_nothing(struct sweep *sweep) {
  refuse(sweep, REFUSE_ONE);
}

static void a_moment_without_memory_is_survived(struct sweep *sweep) {
  refuse(sweep, REFUSE_TWO);
}

static void memory_that_is_out_for_good_is_survived(struct sweep *sweep) {
  refuse(sweep, REFUSE_REST);
}

/* -------------------------------------------------------------- step sweep */

/* Stops after a step and ends everything.  False when the script ended before. */
static bool stop_at(struct sweep *sweep, uint64_t step, enum ending ending, bool without_memory) {
  struct scenario *scenario = &sweep->scenario;
  begin(sweep, ending, step);
  scenario->stop_at = step;
  bool stopped = scenario_run(scenario) != ENDED;
  if (without_memory) {
    scenario->refusal = REFUSE_REST;
    scenario->nth = 0;
  }
  scenario_end(scenario);
  return stopped;
}

static void end_early(struct sweep *sweep, enum ending ending, bool without_memory) {
  struct scenario *scenario = &sweep->scenario;
  bool all = !without_memory && ending <= END_BY_CLOSING;
  uint64_t step = 1 + part_of_this_run().first;
  for (; stop_at(sweep, step, ending, without_memory) && !scenario->fault; step += stride()) {
    if (all && scenario_unclosed(scenario))
      scenario_fault(scenario, "%d guards were not closed exactly once",
                     scenario_unclosed(scenario));
    if (scenario_overclosed(scenario)) scenario_fault(scenario, "a guard was closed twice");
    if (scenario->fault) break;
  }
}

static void cancelling_after_any_step_closes_each_guard_once(struct sweep *sweep) {
  end_early(sweep, END_BY_CANCELLING, false);
}

static void closing_after_any_step_closes_each_guard_once(struct sweep *sweep) {
  end_early(sweep, END_BY_CLOSING, false);
}

static void cancelling_needs_no_memory(struct sweep *sweep) {
  end_early(sweep, END_BY_CANCELLING, true);
}

static void closing_needs_no_memory(struct sweep *sweep) {
  end_early(sweep, END_BY_CLOSING, true);
}

static void a_runner_may_be_freed_after_any_step(struct sweep *sweep) {
  end_early(sweep, END_BY_FREEING, false);
}

static void a_state_may_be_closed_after_any_step(struct sweep *sweep) {
  end_early(sweep, END_WITH_STATE, false);
}

static void nothing_is_lost_when_nothing_is_refused(struct sweep *sweep) {
  sweep->scenario = sweep->reference;
}

static const struct {
  const char *name;
  void (*run)(struct sweep *sweep);
} sweeps[] = {
    {"nothing_is_lost_when_nothing_is_refused", nothing_is_lost_when_nothing_is_refused},
    {"one_refused_request_changes_nothing", one_refused_request_changes_nothing},
    {"a_moment_without_memory_is_survived", a_moment_without_memory_is_survived},
    {"memory_that_is_out_for_good_is_survived", memory_that_is_out_for_good_is_survived},
    {"cancelling_after_any_step_closes_each_guard_once",
     cancelling_after_any_step_closes_each_guard_once},
    {"closing_after_any_step_closes_each_guard_once",
     closing_after_any_step_closes_each_guard_once},
    {"cancelling_needs_no_memory", cancelling_needs_no_memory},
    {"closing_needs_no_memory", closing_needs_no_memory},
    {"a_runner_may_be_freed_after_any_step", a_runner_may_be_freed_after_any_step},
    {"a_state_may_be_closed_after_any_step", a_state_may_be_closed_after_any_step},
};

#define SWEEPS (sizeof sweeps / sizeof *sweeps)

/* ---------------------------------------------------------------- processes */

struct job {
  size_t sweep;
  const struct chapter *chapter;
  uint64_t at;
};

static bool run_sweep(void *data, void *memory) {
  static struct sweep sweep;
  struct job *job = memory;
  (void)data;
  sweep.chapter = job->chapter;
  sweep.at = &job->at;
  run_reference(&sweep);
  if (sweep.reference.fault)
    sweep.scenario = sweep.reference;
  else
    sweeps[job->sweep].run(&sweep);
  const char *fault = sweep.scenario.fault;
  printf("%s %s, %s%s%s (%llu)\n", fault ? "not ok" : "ok", sweeps[job->sweep].name,
         job->chapter->name, fault ? ": " : "", fault ? sweep.scenario.words : "",
         (unsigned long long)job->at);
  return !fault;
}

/* `data` counts those that were begun. */
static bool next_sweep(void *data, void *memory) {
  size_t *begun = data;
  struct job *job = memory;
  if (*begun == SWEEPS * CHAPTERS) return false;
  job->sweep = *begun / CHAPTERS;
  job->chapter = &chapters[*begun % CHAPTERS];
  ++*begun;
  return true;
}

static bool ended(void *data, void *memory, bool well, const char *crash) {
  const struct job *job = memory;
  (void)data, (void)well;
  if (crash)
    printf("not ok %s, %s: %s (at %llu)\n", sweeps[job->sweep].name, job->chapter->name, crash,
           (unsigned long long)job->at);
  return false;
}

static bool run_all(void) {
  size_t begun = 0;
  struct crew crew = {AT_ONCE, sizeof(struct job), &begun, next_sweep, run_sweep, ended};
  return crew_do_all(&crew);
}

/* ------------------------------------------------------------------- by hand */

static int run_single(int argc, char **argv) {
  static struct sweep sweep;
  uint64_t at;
  sweep.at = &at;
  for (size_t i = 0; i < CHAPTERS; i++)
    if (strcmp(chapters[i].name, argv[1]) == 0) sweep.chapter = &chapters[i];
  if (!sweep.chapter) return EXIT_FAILURE;
  run_reference(&sweep);
  int mode = argc > 3 ? atoi(argv[2]) : 0;
  uint64_t number = argc > 3 ? strtoull(argv[3], NULL, 10) : 0;
  if (mode >= 4)
    stop_at(&sweep, number, (enum ending)(mode % 4), mode >= 8);
  else if (mode > 0)
    attempt(&sweep, (enum refusal)mode, number);
  printf("%s\n%s\n%llu requests, %llu steps\n", sweep.scenario.log,
         sweep.scenario.fault ? sweep.scenario.words : "well",
         (unsigned long long)sweep.scenario.requests, (unsigned long long)sweep.scenario.steps);
  return EXIT_SUCCESS;
}

int main(int argc, char **argv) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  if (argc > 1) return run_single(argc, argv);
  return run_all() ? EXIT_SUCCESS : EXIT_FAILURE;
}
