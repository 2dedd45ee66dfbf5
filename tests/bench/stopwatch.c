/* SPDX-License-Identifier: MIT
 *
 * stopwatch.c -- how long a command took, and how much CPU.
 *
 * `stopwatch COMMAND [arguments]` runs it and prints a line of key=value after
 * its output: took, total (CPU of all its threads and of those it has waited for), both in
 * seconds.  A shell can do the same but its fork costs as much as a small program's start-up.
 * Without a command it prints the time, in seconds of some clock.
 */
#include <spawn.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

extern char **environ;

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static double seconds(struct timeval time) {
  return (double)time.tv_sec + (double)time.tv_usec * 1e-6;
}

int main(int argc, char **argv) {
  pid_t child;
  int status;
  struct rusage usage;
  double began = now();
  if (argc < 2) return printf("%.9f\n", began) < 0;
  if (posix_spawnp(&child, argv[1], NULL, NULL, argv + 1, environ) != 0) return 127;
  if (wait4(child, &status, 0, &usage) < 0) return 127;
  printf("took=%.6f total=%.6f\n", now() - began,
         seconds(usage.ru_utime) + seconds(usage.ru_stime));
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
