/* SPDX-License-Identifier: MIT */
#include "host/poller.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#define LEAST_ROOM 16

struct ta_polled {
  int fd;
  enum ta_telling telling;
  uint64_t key;
};

static int open_poll(struct ta_poller *poller) {
  poller->fd = -1;
  return 0;
}

static void close_poll(struct ta_poller *poller) {
  free(poller->polled);
  free(poller->asked);
  *poller = (struct ta_poller){.kind = poller->kind, .fd = -1};
}

/* The place of a descriptor, or `count`. */
static size_t find(const struct ta_poller *poller, int fd) {
  size_t i = 0;
  while (i < poller->count && poller->polled[i].fd != fd) i++;
  return i;
}

/* epoll refuses what never has to wait: so do we. */
static int check_sort(int fd) {
  struct stat about;
  if (fstat(fd, &about) != 0) return -errno;
  return S_ISREG(about.st_mode) || S_ISDIR(about.st_mode) ? -EPERM : 0;
}

static int make_room(struct ta_poller *poller) {
  if (poller->count < poller->room) return 0;
  size_t room = poller->room ? poller->room * 2 : LEAST_ROOM;
  struct ta_polled *polled = realloc(poller->polled, room * sizeof *polled);
  if (!polled) return -ENOMEM;
  poller->polled = polled;
  struct pollfd *asked = realloc(poller->asked, room * sizeof *asked);
  if (!asked) return -ENOMEM;
  poller->asked = asked;
  poller->room = room;
  return 0;
}

/* One that wants nothing is left out: hang-ups are told unasked. */
static void ask(struct ta_poller *poller, size_t i, unsigned wanted) {
  struct pollfd *asked = &poller->asked[i];
  *asked = (struct pollfd){.fd = wanted ? poller->polled[i].fd : -1};
  if (wanted & TA_MAY_READ) asked->events |= POLLIN;
  if (wanted & TA_MAY_WRITE) asked->events |= POLLOUT;
}

static int add_to_poll(struct ta_poller *poller, int fd, uint64_t key, enum ta_telling telling,
                       unsigned wanted) {
  int error = find(poller, fd) < poller->count ? -EEXIST : check_sort(fd);
  if (!error) error = make_room(poller);
  if (error) return error;
  size_t i = poller->count++;
  poller->polled[i] = (struct ta_polled){.fd = fd, .telling = telling, .key = key};
  ask(poller, i, wanted);
  return 0;
}

static int change_in_poll(struct ta_poller *poller, int fd, uint64_t key, enum ta_telling telling,
                          unsigned wanted) {
  size_t i = find(poller, fd);
  if (i == poller->count) return -ENOENT;
  poller->polled[i].key = key;
  poller->polled[i].telling = telling;
  ask(poller, i, wanted);
  return 0;
}

static void remove_from_poll(struct ta_poller *poller, int fd) {
  size_t i = find(poller, fd);
  if (i == poller->count) return;
  size_t last = --poller->count;
  poller->polled[i] = poller->polled[last];
  poller->asked[i] = poller->asked[last];
}

static int wait_once(struct ta_poller *poller, double seconds) {
#if defined(__APPLE__)
  return poll(poller->asked, (nfds_t)poller->count, (int)ceil(seconds * 1e3));
#else
  struct timespec time = {.tv_sec = (time_t)seconds};
  time.tv_nsec = (long)((seconds - (double)time.tv_sec) * 1e9);
  return ppoll(poller->asked, (nfds_t)poller->count, &time, NULL);
#endif
}

static unsigned directions_of(short flags) {
  unsigned directions = 0;
  if (flags & (POLLERR | POLLHUP | POLLNVAL)) return TA_MAY_BOTH | TA_HUNG_UP;
  if (flags & POLLIN) directions |= TA_MAY_READ;
  if (flags & POLLOUT) directions |= TA_MAY_WRITE;
  return directions;
}

static int wait_by_poll(struct ta_poller *poller, double seconds, struct ta_poll_event *events,
                        int room) {
  int ready = wait_once(poller, seconds);
  int count = 0;
  if (ready < 0) return -errno;
  for (size_t k = 0; k < poller->count && count < ready && count < room; k++) {
    size_t i = (poller->first + k) % poller->count;
    short flags = poller->asked[i].revents;
    if (!flags) continue;
    events[count++] = (struct ta_poll_event){poller->polled[i].key, directions_of(flags)};
    if (poller->polled[i].telling == TA_TELL_ONCE) ask(poller, i, 0);
    if (count == room) poller->first = i + 1;
  }
  return count;
}

const struct ta_poller_kind ta_poller_poll = {.name = "poll",
                                              .open = open_poll,
                                              .close = close_poll,
                                              .add = add_to_poll,
                                              .change = change_in_poll,
                                              .remove = remove_from_poll,
                                              .wait = wait_by_poll};

#if defined(__linux__)
const struct ta_poller_kind *const ta_poller_best = &ta_poller_epoll;
#else
const struct ta_poller_kind *const ta_poller_best = &ta_poller_poll;
#endif
