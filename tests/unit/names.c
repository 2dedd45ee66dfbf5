/* SPDX-License-Identifier: MIT */
#include "unit/names.h"

#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "unit/test.h"

#define LONG_ENOUGH 60 /* seconds */

static struct {
  pthread_mutex_t lock;
  pthread_cond_t changed;
  bool is_open, gate;
  unsigned asked, busy;
} names = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

void names_open(void) {
  CHECK(names.busy == 0);
  names.is_open = true;
  names.gate = false;
  names.asked = 0;
}

void names_open_gate(void) {
  pthread_mutex_lock(&names.lock);
  names.gate = true;
  pthread_cond_broadcast(&names.changed);
  pthread_mutex_unlock(&names.lock);
}

static unsigned look(const unsigned *counter) {
  pthread_mutex_lock(&names.lock);
  unsigned count = *counter;
  pthread_mutex_unlock(&names.lock);
  return count;
}

unsigned names_asked(void) {
  return look(&names.asked);
}

unsigned names_busy(void) {
  return look(&names.busy);
}

static void wait_for(const unsigned *counter, unsigned count) {
  struct timespec end;
  clock_gettime(CLOCK_REALTIME, &end);
  end.tv_sec += LONG_ENOUGH;
  int error = 0;
  pthread_mutex_lock(&names.lock);
  while (*counter != count && error == 0)
    error = pthread_cond_timedwait(&names.changed, &names.lock, &end);
  pthread_mutex_unlock(&names.lock);
  CHECK(error == 0);
}

void names_wait_asked(unsigned count) {
  wait_for(&names.asked, count);
}

void names_wait_busy(unsigned count) {
  wait_for(&names.busy, count);
}

/* -------------------------------------------------------------------- the system */

static void begin(bool waits) {
  pthread_mutex_lock(&names.lock);
  names.asked++;
  names.busy++;
  pthread_cond_broadcast(&names.changed);
  while (waits && !names.gate) pthread_cond_wait(&names.changed, &names.lock);
  pthread_mutex_unlock(&names.lock);
}

static int end(int error) {
  pthread_mutex_lock(&names.lock);
  names.busy--;
  pthread_cond_broadcast(&names.changed);
  pthread_mutex_unlock(&names.lock);
  if (error == EAI_SYSTEM) errno = EIO;
  return error;
}

int __real_getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                       struct addrinfo **list);
int __real_getnameinfo(const struct sockaddr *address, socklen_t size, char *name, socklen_t room,
                       char *service, socklen_t more, int flags);

static bool begins_with(const char *text, const char *beginning) {
  return strncmp(text, beginning, strlen(beginning)) == 0;
}

/* The list, to which what is a number is appended if it is of the family. */
static void append(struct addrinfo **list, const char *number, const struct addrinfo *hints) {
  struct addrinfo numeric = *hints;
  numeric.ai_flags = AI_NUMERICHOST;
  while (*list) list = &(*list)->ai_next;
  if (__real_getaddrinfo(number, NULL, &numeric, list) != 0) *list = NULL;
}

static int answer(const char *name, const struct addrinfo *hints, struct addrinfo **list) {
  if (strcmp(name, "again") == 0) return EAI_AGAIN;
  if (strcmp(name, "broken") == 0) return EAI_SYSTEM;
  if (strcmp(name, "full") == 0) return EAI_MEMORY;
  if (!begins_with(name, "good") && !begins_with(name, "dead")) return EAI_NONAME;
  *list = NULL;
  append(list, "192.0.2.1", hints);
  append(list, "2001:db8::1", hints);
  append(list, "192.0.2.1", hints);
  return 0;
}

int __wrap_getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                       struct addrinfo **list);
int __wrap_getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                       struct addrinfo **list) {
  if (!names.is_open || (hints && hints->ai_flags & AI_NUMERICHOST))
    return __real_getaddrinfo(name, service, hints, list);
  begin(begins_with(name, "dead"));
  return end(answer(name, hints, list));
}

int __wrap_getnameinfo(const struct sockaddr *address, socklen_t size, char *name, socklen_t room,
                       char *service, socklen_t more, int flags);
int __wrap_getnameinfo(const struct sockaddr *address, socklen_t size, char *name, socklen_t room,
                       char *service, socklen_t more, int flags) {
  int error = __real_getnameinfo(address, size, name, room, service, more, NI_NUMERICHOST);
  if (!names.is_open || flags & NI_NUMERICHOST || error)
    return __real_getnameinfo(address, size, name, room, service, more, flags);
  begin(strcmp(name, "192.0.2.66") == 0);
  if (strcmp(name, "192.0.2.1") != 0) return end(EAI_NONAME);
  strcpy(name, "good.example");
  return end(0);
}
