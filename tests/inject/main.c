/* SPDX-License-Identifier: MIT
 *
 * main.c -- runs each script again and again, and cancels after another step each
 * time: once everything, once only the task whose turn comes next.
 *
 *   run [-a] SCRIPT...        at up to POINTS steps of each script, or with TA_TEST_PART some
 *                             of these; -a: at all
 *   run -k N SCRIPT           once after step N, for a debugger; -t N: the task
 *
 * Each script has a process of its own.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>

#include "inject/subject.h"
#include "kit/apart.h"
#include "kit/fault.h"
#include "kit/part.h"

#define POINTS 20          /* at which a script is cancelled, in two variants */
#define STEPS 60000        /* that all runs of a script may take about */
#define FULL_STEPS 2000000 /* with -a, where only this bounds the points */
#define ROOM 100000        /* steps whose takers are remembered */
#define AT_ONCE 2          /* processes */
#define WATCH 200000       /* microseconds between looks at long steps */
#define LONGEST 280        /* seconds for a script */

enum variant { CANCEL_ALL, CANCEL_TASK };

static uint64_t takers[ROOM];
static struct subject subject;

static void on_tick(int number) {
  (void)number;
  subject_look_after(&subject);
}

static void watch(void) {
  struct sigaction action = {.sa_handler = on_tick, .sa_flags = SA_RESTART};
  const struct itimerval timer = {{.tv_usec = WATCH}, {.tv_usec = WATCH}};
  sigaction(SIGALRM, &action, NULL);
  setitimer(ITIMER_REAL, &timer, NULL);
}

/* What an undisturbed run is like. */
struct reference {
  uint64_t steps;
  bool balanced; /* each guard that was counted was closed */
  unsigned odd;
};

static struct reference look_at(const char *path) {
  subject = (struct subject){.path = path, .takers = takers, .room = ROOM};
  subject_run(&subject);
  subject_end(&subject);
  return (struct reference){
      .steps = subject.steps, .balanced = subject.entered == subject.closed, .odd = subject.odd};
}

static void disturb(const char *path, uint64_t step, enum variant variant,
                    const struct reference *reference) {
  subject = (struct subject){.path = path, .stop_after = step};
  enum reached reached = subject_run(&subject);
  if (reached == SUBJECT_STOPPED && variant == CANCEL_TASK && step < ROOM) {
    subject_cancel(&subject, takers[step]);
    subject_go_on(&subject);
  }
  subject_end(&subject);
  if (reference->balanced && subject.entered != subject.closed)
    FAULT(&subject, "%d guards were entered and %d closed", (int)subject.entered,
          (int)subject.closed);
  if (subject.odd > reference->odd) FAULT(&subject, "a strange error was reported");
}

static uint64_t number_of_points(uint64_t steps, bool all) {
  uint64_t most = (all ? FULL_STEPS : STEPS) / (steps + 1) + 1;
  if (!all && most > POINTS) most = POINTS;
  return steps < most ? steps : most;
}

/* One script at points that are spread over its steps. */
static bool test(const char *path, bool all, FILE *out, uint64_t *at) {
  struct reference reference = look_at(path);
  uint64_t points = number_of_points(reference.steps, all);
  if (*subject.fault) {
    fprintf(out, "not ok injected, %s: %s (undisturbed)\n", path, subject.fault);
    return false;
  }
  uint64_t taken = 0;
  for (uint64_t i = 0; i < points; i++) {
    if (!all && !part_has(i)) continue;
    taken++;
    uint64_t step = 1 + i * reference.steps / points;
    for (int variant = CANCEL_ALL; variant <= CANCEL_TASK; variant++) {
      *at = 2 * step + (uint64_t)variant;
      disturb(path, step, (enum variant)variant, &reference);
      if (!*subject.fault) continue;
      fprintf(out, "not ok injected, %s: %s (-%c %llu)\n", path, subject.fault,
              variant == CANCEL_ALL ? 'k' : 't', (unsigned long long)step);
      return false;
    }
  }
  fprintf(out, "ok injected, %s (%llu of %llu)\n", path, (unsigned long long)taken,
          (unsigned long long)reference.steps);
  return true;
}

/* ---------------------------------------------------------------- processes */

/* A script, and where it is disturbed just now. */
struct job {
  const char *path;
  uint64_t at; /* twice the step, and the variant */
};

struct scripts {
  char **paths; /* that are still to come, up to a NULL */
  bool all;
};

static bool next_script(void *data, void *memory) {
  struct scripts *scripts = data;
  struct job *job = memory;
  if (*scripts->paths) job->path = *scripts->paths++;
  return job->path;
}

static bool test_script(void *data, void *memory) {
  const struct scripts *scripts = data;
  struct job *job = memory;
  setrlimit(RLIMIT_CPU, &(struct rlimit){LONGEST, LONGEST});
  FILE *out = hush();
  watch();
  bool good = test(job->path, scripts->all, out, &job->at);
  fclose(out);
  return good;
}

static bool ended(void *data, void *memory, bool well, const char *crash) {
  const struct job *job = memory;
  (void)data, (void)well;
  if (crash)
    printf("not ok injected, %s: %s (-%c %llu)\n", job->path, crash, job->at % 2 ? 't' : 'k',
           (unsigned long long)(job->at / 2));
  return false;
}

static int run_single(const char *path, uint64_t step, enum variant variant) {
  struct reference reference = look_at(path);
  watch();
  printf("---- %llu steps, guards %s %s\n", (unsigned long long)reference.steps,
         reference.balanced ? "balanced" : "not balanced", subject.fault);
  disturb(path, step, variant, &reference);
  printf("---- %llu guards entered, %llu closed, %s\n", (unsigned long long)subject.entered,
         (unsigned long long)subject.closed, *subject.fault ? subject.fault : "well");
  return *subject.fault ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  if (argc == 4 && (strcmp(argv[1], "-k") == 0 || strcmp(argv[1], "-t") == 0))
    return run_single(argv[3], strtoull(argv[2], NULL, 10),
                      argv[1][1] == 'k' ? CANCEL_ALL : CANCEL_TASK);
  bool all = argc > 1 && strcmp(argv[1], "-a") == 0;
  struct scripts scripts = {argv + 1 + all, all};
  struct crew crew = {AT_ONCE, sizeof(struct job), &scripts, next_script, test_script, ended};
  return crew_do_all(&crew) ? EXIT_SUCCESS : EXIT_FAILURE;
}
