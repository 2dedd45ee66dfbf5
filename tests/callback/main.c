/* SPDX-License-Identifier: MIT
 *
 * main.c -- each call of calls.lua, with each action at each point, or some of them.
 *
 *   run [-a] [-f N] [CALL]         some runs of each call, or -a: all; -f: up to N faults
 *   run CALL POINT NTH ACTION      one of them, for a debugger
 *
 * Each call has a process of its own, so that one that crashes can be told of; it goes
 * on after the crash when more faults are wanted.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "callback/subject.h"

#define SOME 25    /* runs of a call without -a */
#define AT_ONCE 2  /* processes */
#define LONGEST 60 /* seconds for a run */
#define TOLD 3     /* the status of a child that has told of a fault */
#define MOST_NAMES 256

static const char *calls[MOST_NAMES], *actions[MOST_NAMES];

/* One run of many. */
struct place {
  enum point point;
  uint64_t nth;
  int action; /* counted from 1, which does nothing */
};

/* What a call's runs come to, in memory that its process shares with us. */
struct progress {
  uint64_t next; /* the run that comes next, or is under way */
  struct place place;
  uint64_t runs;
  uint64_t total;
};

struct child {
  pid_t pid; /* 0: none */
  int call;  /* counted from 1 */
  int faults;
  struct progress *progress;
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
static bool find_place(const uint64_t *seen, uint64_t number, struct place *place) {
  uint64_t each = count_actions() - 1;
  for (int point = 0; point < POINT_COUNT; point++) {
    if (number < seen[point] * each) {
      *place = (struct place){(enum point)point, number / each + 1, (int)(number % each) + 2};
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
  return wanted.all || (x >> 32) % total < SOME;
}

static void print_fault(FILE *out, int call, const struct place *place, const char *text) {
  fprintf(out, "not ok callback, %s: %s (%s %llu %s)\n", calls[call - 1], text,
          point_names[place->point], (unsigned long long)place->nth, actions[place->action - 1]);
}

/* Runs a call from run number `next` on, up to the first fault. */
static bool sweep(int call, struct progress *progress, FILE *out) {
  static struct subject subject;
  subject = (struct subject){.call = call, .action = 1};
  alarm(LONGEST);
  subject_run(&subject);
  if (*subject.fault) print_fault(out, call, &(struct place){.action = 1}, subject.fault);
  if (*subject.fault) return false;
  uint64_t seen[POINT_COUNT];
  memcpy(seen, subject.seen, sizeof seen);
  progress->total = count_runs(seen);
  for (; find_place(seen, progress->next, &progress->place); progress->next++) {
    if (!is_chosen(progress->next, call, progress->total)) continue;
    subject.point = progress->place.point;
    subject.nth = progress->place.nth;
    subject.action = progress->place.action;
    progress->runs++;
    alarm(LONGEST);
    subject_run(&subject);
    if (!*subject.fault) continue;
    print_fault(out, call, &progress->place, subject.fault);
    return false;
  }
  return true;
}

/* What is told on standard error goes nowhere. */
static FILE *hush(void) {
  FILE *out = fdopen(dup(STDOUT_FILENO), "w");
  int nowhere = open("/dev/null", O_RDWR);
  for (int i = 0; i <= 2; i++) dup2(nowhere, i);
  return out;
}

static void start(struct child *child) {
  child->pid = fork();
  if (child->pid > 0) return;
  if (child->pid < 0) {
    perror("cannot run a call");
    exit(EXIT_FAILURE);
  }
  setrlimit(RLIMIT_CORE, &(struct rlimit){0}); /* no litter */
  FILE *out = hush();
  bool good = sweep(child->call, child->progress, out);
  fclose(out);
  _exit(good ? EXIT_SUCCESS : TOLD);
}

/* ---------------------------------------------------------------- processes */

static void tell_crash(const struct child *child, int status) {
  char text[64];
  bool signalled = WIFSIGNALED(status);
  snprintf(text, sizeof text, "%s %d", signalled ? "signal" : "status",
           signalled ? WTERMSIG(status) : WEXITSTATUS(status));
  struct place place = child->progress->place;
  if (place.action == 0) place.action = 1;
  print_fault(stdout, child->call, &place, text);
}

/* The child has ended with a fault: on with the next run, if more are wanted. */
static void go_on(struct child *child, int status) {
  if (!WIFEXITED(status) || WEXITSTATUS(status) != TOLD) tell_crash(child, status);
  child->progress->next++;
  if (++child->faults < wanted.faults && child->progress->total) start(child);
}

/* Waits for one child: whether it found nothing. */
static bool reap(struct child *children) {
  int status;
  pid_t pid = wait(&status);
  for (int i = 0; i < AT_ONCE; i++) {
    struct child *child = &children[i];
    if (child->pid != pid) continue;
    child->pid = 0;
    if (status != 0) go_on(child, status);
    if (status == 0 && child->faults == 0)
      printf("ok callback, %s (%llu of %llu)\n", calls[child->call - 1],
             (unsigned long long)child->progress->runs, (unsigned long long)child->progress->total);
  }
  return status == 0;
}

static struct child *find_free(struct child *children) {
  for (int i = 0; i < AT_ONCE; i++)
    if (children[i].pid == 0) return &children[i];
  return NULL;
}

static bool is_busy(const struct child *children) {
  for (int i = 0; i < AT_ONCE; i++)
    if (children[i].pid) return true;
  return false;
}

static bool run_all(struct child *children, const char *only) {
  bool good = true;
  for (int call = 1; calls[call - 1]; call++) {
    if (only && strcmp(calls[call - 1], only) != 0) continue;
    while (!find_free(children)) good &= reap(children);
    struct child *child = find_free(children);
    child->call = call;
    child->faults = 0;
    memset(child->progress, 0, sizeof *child->progress);
    start(child);
  }
  while (is_busy(children)) good &= reap(children);
  return good;
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
  struct child children[AT_ONCE] = {{0}};
  int option;
  setvbuf(stdout, NULL, _IOLBF, 0);
  subject_names(calls, actions, MOST_NAMES);
  while ((option = getopt(argc, argv, "af:")) != -1) {
    if (option == 'a') wanted.all = true;
    if (option == 'f') wanted.faults = atoi(optarg);
    if (option == '?') return EXIT_FAILURE;
  }
  if (argc - optind == 4) return run_single(argv + optind);
  struct progress *shared = mmap(NULL, AT_ONCE * sizeof *shared, PROT_READ | PROT_WRITE,
                                 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) return EXIT_FAILURE;
  for (int i = 0; i < AT_ONCE; i++) children[i].progress = &shared[i];
  return run_all(children, argv[optind]) ? EXIT_SUCCESS : EXIT_FAILURE;
}
