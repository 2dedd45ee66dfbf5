/* SPDX-License-Identifier: MIT
 *
 * main.c -- each call of calls.lua, with each action at each point, or some of them.
 *
 *   run [-a] [-f N] [CALL]         some runs of each call, or -a: all; -f: up to N faults
 *   run CALL POINT NTH ACTION      one of them, for a debugger
 *
 * Each call has a process of its own; it goes on in another one after a fault when more
 * are wanted.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "callback/subject.h"
#include "kit/apart.h"
#include "kit/part.h"

#define SOME 25    /* runs of a call without -a, or with TA_TEST_PART some of these */
#define AT_ONCE 2  /* processes */
#define LONGEST 60 /* seconds for a run */
#define MOST_NAMES 256

static const char *calls[MOST_NAMES], *actions[MOST_NAMES];

/* One run of many. */
struct moment {
  enum point point;
  uint64_t nth;
  int action; /* counted from 1, which does nothing */
};

/* A call, and what its runs come to. */
struct job {
  int call; /* counted from 1 */
  int faults;
  uint64_t next; /* the run that comes next, or is under way */
  struct moment moment;
  uint64_t runs;
  uint64_t total;
};

static struct {
  bool all;
  int faults;
} wanted = {.faults = 1};

static uint64_t count_actions(void) {
  uint64_t count = 0;
  while (actions[count]) count++;
  return count;
}

/* --------------------------------------------------------------- in a child */

/* Which run has that number: false when there are not so many. */
static bool find_moment(const uint64_t *seen, uint64_t number, struct moment *moment) {
  uint64_t each = count_actions() - 1;
  for (int point = 0; point < POINT_COUNT; point++) {
    if (number < seen[point] * each) {
      *moment = (struct moment){(enum point)point, number / each + 1, (int)(number % each) + 2};
      return true;
    }
    number -= seen[point] * each;
  }
  return false;
}

static uint64_t count_runs(const uint64_t *seen) {
  uint64_t points = 0;
  for (int point = 0; point < POINT_COUNT; point++) points += seen[point];
  return points * (count_actions() - 1);
}

/* Some of all runs: the same ones each time. */
static bool is_chosen(uint64_t number, int call, uint64_t total) {
  uint64_t x = (number + 1) * 0x9E3779B97F4A7C15u ^ (uint64_t)call * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 29)) * 0x94D049BB133111EBu;
  uint64_t place = (x >> 32) % total;
  return wanted.all || (place < SOME && part_has(place));
}

static void print_fault(FILE *out, int call, const struct moment *moment, const char *text) {
  fprintf(out, "not ok callback, %s: %s (%s %llu %s)\n", calls[call - 1], text,
          point_names[moment->point], (unsigned long long)moment->nth, actions[moment->action - 1]);
}

/* Runs a call from run number `next` on, up to the first fault. */
static bool sweep(struct job *job, FILE *out) {
  static struct subject subject;
  int call = job->call;
  subject = (struct subject){.call = call, .action = 1};
  alarm(LONGEST);
  subject_run(&subject);
  if (*subject.fault) print_fault(out, call, &(struct moment){.action = 1}, subject.fault);
  if (*subject.fault) return false;
  uint64_t seen[POINT_COUNT];
  memcpy(seen, subject.seen, sizeof seen);
  job->total = count_runs(seen);
  for (; find_moment(seen, job->next, &job->moment); job->next++) {
    if (!is_chosen(job->next, call, job->total)) continue;
    subject.point = job->moment.point;
    subject.nth = job->moment.nth;
    subject.action = job->moment.action;
    job->runs++;
    alarm(LONGEST);
    subject_run(&subject);
    if (!*subject.fault) continue;
    print_fault(out, call, &job->moment, subject.fault);
    return false;
  }
  return true;
}

/* ---------------------------------------------------------------- processes */

/* The calls that are still to come. */
struct calls {
  const char *only; /* of this name; NULL: all */
  int next;         /* counted from 1 */
};

static bool next_call(void *data, void *memory) {
  struct calls *left = data;
  struct job *job = memory;
  while (calls[left->next - 1]) {
    job->call = left->next++;
    if (!left->only || strcmp(calls[job->call - 1], left->only) == 0) return true;
  }
  return false;
}

/* What the library tells on standard error goes nowhere. */
static bool test_call(void *data, void *memory) {
  (void)data;
  FILE *out = hush();
  bool good = sweep(memory, out);
  fclose(out);
  return good;
}

static void tell_crash(const struct job *job, const char *crash) {
  struct moment moment = job->moment;
  if (moment.action == 0) moment.action = 1;
  print_fault(stdout, job->call, &moment, crash);
}

/* After a fault it goes on with the next run, if more are wanted. */
static bool ended(void *data, void *memory, bool well, const char *crash) {
  struct job *job = memory;
  (void)data;
  if (crash) tell_crash(job, crash);
  if (well && job->faults == 0)
    printf("ok callback, %s (%llu of %llu)\n", calls[job->call - 1], (unsigned long long)job->runs,
           (unsigned long long)job->total);
  if (well) return false;
  job->next++;
  return ++job->faults < wanted.faults && job->total > 0;
}

/* ------------------------------------------------------------------- by hand */

static int index_of(const char *const *names, const char *name) {
  for (int i = 0; names[i]; i++)
    if (strcmp(names[i], name) == 0) return i + 1;
  fprintf(stderr, "there is no %s\n", name);
  exit(EXIT_FAILURE);
}

static int run_single(char **words) {
  static struct subject subject;
  subject = (struct subject){.call = index_of(calls, words[0]),
                             .nth = strtoull(words[2], NULL, 10),
                             .action = index_of(actions, words[3])};
  for (int point = 0; point < POINT_COUNT; point++)
    if (strcmp(words[1], point_names[point]) == 0) subject.point = (enum point)point;
  subject_run(&subject);
  printf("%s\n", *subject.fault ? subject.fault : "well");
  for (int point = 0; point < POINT_COUNT; point++)
    printf("%s: %llu points\n", point_names[point], (unsigned long long)subject.seen[point]);
  return *subject.fault ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv) {
  int option;
  setvbuf(stdout, NULL, _IOLBF, 0);
  subject_names(calls, actions, MOST_NAMES);
  while ((option = getopt(argc, argv, "af:")) != -1) {
    if (option == 'a') wanted.all = true;
    if (option == 'f') wanted.faults = atoi(optarg);
    if (option == '?') return EXIT_FAILURE;
  }
  if (argc - optind == 4) return run_single(argv + optind);
  struct calls left = {argv[optind], 1};
  struct crew crew = {AT_ONCE, sizeof(struct job), &left, next_call, test_call, ended};
  return crew_do_all(&crew) ? EXIT_SUCCESS : EXIT_FAILURE;
}
