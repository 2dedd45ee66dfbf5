/* SPDX-License-Identifier: MIT
 *
 * names.c -- names without a network, for tests: a library that is loaded before libc.
 *
 *   cc -shared -fPIC -o names.so names.c && LD_PRELOAD=./names.so COMMAND
 *
 * Nobody answers for what ends in ".dead", for five minutes, or $NAMES_SECONDS; that it was asked
 * for is shown by a file of that name in $NAMES, a directory.  What begins with "slow" takes a
 * tenth of a second, and is 127.0.0.1 as what begins with "good" or "db".  "localhost" and numbers
 * are the system's, and nothing else is known.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define DEAD "300" /* seconds */

typedef int ask_fn(const char *name, const char *service, const struct addrinfo *hints,
                   struct addrinfo **list);

static bool begins(const char *text, const char *with) {
  return strncmp(text, with, strlen(with)) == 0;
}

static bool ends(const char *text, const char *with) {
  size_t length = strlen(text), tail = strlen(with);
  return length >= tail && strcmp(text + length - tail, with) == 0;
}

static void show(const char *name) {
  char path[1000];
  const char *directory = getenv("NAMES");
  if (!directory) return;
  snprintf(path, sizeof path, "%s/%s", directory, name);
  int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0666);
  if (fd >= 0) close(fd);
}

static void pass(time_t seconds, long nanoseconds) {
  struct timespec rest = {seconds, nanoseconds};
  while (nanosleep(&rest, &rest) != 0) continue;
}

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                struct addrinfo **list) {
  static ask_fn *ask;
  if (!ask) ask = (ask_fn *)dlsym(RTLD_NEXT, "getaddrinfo");
  bool is_ours = name && strcmp(name, "localhost") != 0 &&
                 !(hints && hints->ai_flags & AI_NUMERICHOST) && name[strspn(name, "0123456789.")];
  if (!is_ours) return ask(name, service, hints, list);
  show(name);
  if (ends(name, ".dead")) {
    const char *seconds = getenv("NAMES_SECONDS");
    pass(atol(seconds ? seconds : DEAD), 0);
    return EAI_AGAIN;
  }
  if (begins(name, "slow"))
    pass(0, 100000000);
  else if (!begins(name, "good") && !begins(name, "db"))
    return EAI_NONAME;
  return ask("127.0.0.1", service, hints, list);
}
