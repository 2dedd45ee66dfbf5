/* SPDX-License-Identifier: MIT
 *
 * names.c -- names without a network, for tests: a library that is loaded before libc.
 *
 *   preload names <names.c; LD_PRELOAD=./names.so COMMAND
 *
 * Nobody answers for what ends in ".dead", for five minutes, or $NAMES_SECONDS; that it was asked
 * for is shown by a file of that name in $NAMES, a directory.  What begins with "slow" takes a
 * tenth of a second, and is 127.0.0.1 as what begins with "good" or "db"; what begins with "far" is
 * that only after 192.0.2.1.  "localhost" and numbers are the system's, and nothing else is known.
 */
#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "preload.h"

#define DEAD "300" /* seconds */

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

/* Another address, and this one behind it. */
static int ask_for_two(const char *service, const struct addrinfo *hints, struct addrinfo **list) {
  int error = REAL(getaddrinfo)("192.0.2.1", service, hints, list);
  if (error) return error;
  struct addrinfo *last = *list;
  while (last->ai_next) last = last->ai_next;
  return REAL(getaddrinfo)("127.0.0.1", service, hints, &last->ai_next);
}

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                struct addrinfo **list) {
  bool is_ours = name && strcmp(name, "localhost") != 0 &&
                 !(hints && hints->ai_flags & AI_NUMERICHOST) && name[strspn(name, "0123456789.")];
  if (!is_ours) return REAL(getaddrinfo)(name, service, hints, list);
  show(name);
  if (ends(name, ".dead")) {
    const char *seconds = getenv("NAMES_SECONDS");
    pass(atol(seconds ? seconds : DEAD), 0);
    return EAI_AGAIN;
  }
  if (begins(name, "far")) return ask_for_two(service, hints, list);
  if (begins(name, "slow"))
    pass(0, 100000000);
  else if (!begins(name, "good") && !begins(name, "db"))
    return EAI_NONAME;
  return REAL(getaddrinfo)("127.0.0.1", service, hints, list);
}
