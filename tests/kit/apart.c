/* SPDX-License-Identifier: MIT */
#include "kit/apart.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define TOLD 3 /* the status of a child that has told of a fault */

struct hands {
  const struct crew *crew;
  char *jobs;
  pid_t children[CREW_MOST]; /* 0: none */
  int busy;
};

static _Noreturn void give_up(const char *why) {
  perror(why);
  exit(EXIT_FAILURE);
}

static pid_t fork_off(void) {
  fflush(stdout); /* or both would print it */
  pid_t child = fork();
  if (child < 0) give_up("cannot fork");
  if (child == 0) setrlimit(RLIMIT_CORE, &(struct rlimit){0}); /* no litter */
  return child;
}

static _Noreturn void end_child(bool good) {
  exit(good ? EXIT_SUCCESS : TOLD);
}

/* What a child that ended so has told nobody; NULL when there is nothing to tell. */
static const char *crash_of(int status) {
  static char words[128];
  int number = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
  if (number == 0 || (WIFEXITED(status) && number == TOLD)) return NULL;
  if (WIFEXITED(status))
    snprintf(words, sizeof words, "ended with status %d", number);
  else if (number == SIGALRM || number == SIGXCPU)
    return "it does not end";
  else
    snprintf(words, sizeof words, "ended by signal %d, %s", number, strsignal(number));
  return words;
}

bool run_apart(const char *test, bool (*work)(void *job), void *job) {
  int status;
  pid_t child = fork_off();
  if (child == 0) end_child(work(job));
  if (waitpid(child, &status, 0) != child) give_up("cannot wait for a test");
  const char *crash = crash_of(status);
  if (crash) printf("not ok %s: %s\n", test, crash);
  return status == 0;
}

/* ------------------------------------------------------------------------ crew */

static void *share(size_t size) {
  void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) give_up("cannot share memory");
  return memory;
}

static void *job_of(const struct hands *hands, int hand) {
  return hands->jobs + (size_t)hand * hands->crew->size;
}

/* Which hand has that child, or with 0 none: -1 when there is no such hand. */
static int find(const struct hands *hands, pid_t child) {
  for (int hand = 0; hand < hands->crew->at_once; hand++)
    if (hands->children[hand] == child) return hand;
  return -1;
}

static void start(struct hands *hands, int hand) {
  const struct crew *crew = hands->crew;
  pid_t child = fork_off();
  if (child == 0) end_child(crew->work(crew->data, job_of(hands, hand)));
  hands->children[hand] = child;
  hands->busy++;
}

/* Gives a free hand the next job: false when there is none. */
static bool start_next(struct hands *hands, int hand) {
  void *job = job_of(hands, hand);
  memset(job, 0, hands->crew->size);
  bool found = hands->crew->next(hands->crew->data, job);
  if (found) start(hands, hand);
  return found;
}

/* Waits for one child: whether it ended well. */
static bool reap(struct hands *hands) {
  int status;
  int hand = find(hands, wait(&status));
  if (hand < 0) give_up("cannot wait for a child");
  hands->children[hand] = 0;
  hands->busy--;
  const struct crew *crew = hands->crew;
  if (crew->ended(crew->data, job_of(hands, hand), status == 0, crash_of(status)))
    start(hands, hand);
  return status == 0;
}

bool crew_do_all(const struct crew *crew) {
  size_t size = (size_t)crew->at_once * crew->size;
  struct hands hands = {.crew = crew, .jobs = share(size)};
  bool good = true, more = true;
  while (more || hands.busy > 0) {
    int hand = find(&hands, 0);
    if (more && hand >= 0)
      more = start_next(&hands, hand);
    else
      good &= reap(&hands);
  }
  munmap(hands.jobs, size);
  return good;
}

FILE *hush(void) {
  FILE *out = fdopen(dup(STDOUT_FILENO), "w");
  int nowhere = open("/dev/null", O_RDWR);
  for (int i = 0; i <= 2; i++) dup2(nowhere, i);
  close(nowhere);
  return out;
}
