/* SPDX-License-Identifier: MIT */
#include "host/poller.h"

#if defined(__linux__)

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define EVENTS_AT_ONCE 256

static int open_epoll(struct ta_poller *poller) {
  poller->fd = epoll_create1(EPOLL_CLOEXEC);
  return poller->fd < 0 ? -errno : 0;
}

static void close_epoll(struct ta_poller *poller) {
  close(poller->fd);
  poller->fd = -1;
}

static uint32_t flags_of(enum ta_telling telling, unsigned wanted) {
  uint32_t flags = 0;
  if (telling == TA_TELL_CHANGES) return EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  if (wanted & TA_MAY_READ) flags |= EPOLLIN | EPOLLRDHUP;
  if (wanted & TA_MAY_WRITE) flags |= EPOLLOUT;
  return telling == TA_TELL_ONCE ? flags | EPOLLONESHOT : flags;
}

static int control(struct ta_poller *poller, int operation, int fd, uint64_t key, uint32_t flags) {
  struct epoll_event event = {.events = flags, .data.u64 = key};
  return epoll_ctl(poller->fd, operation, fd, &event) == 0 ? 0 : -errno;
}

/* The kernel tells of hang-ups unasked, so one that wants nothing is left out. */
static bool is_left_out(enum ta_telling telling, unsigned wanted) {
  return telling != TA_TELL_CHANGES && !wanted;
}

/* Would the kernel take it? */
static int try_descriptor(struct ta_poller *poller, int fd) {
  int error = control(poller, EPOLL_CTL_ADD, fd, 0, 0);
  if (!error) control(poller, EPOLL_CTL_DEL, fd, 0, 0);
  return error;
}

static int add_to_epoll(struct ta_poller *poller, int fd, uint64_t key, enum ta_telling telling,
                        unsigned wanted) {
  if (is_left_out(telling, wanted)) return try_descriptor(poller, fd);
  return control(poller, EPOLL_CTL_ADD, fd, key, flags_of(telling, wanted));
}

static void remove_from_epoll(struct ta_poller *poller, int fd) {
  control(poller, EPOLL_CTL_DEL, fd, 0, 0);
}

static int change_in_epoll(struct ta_poller *poller, int fd, uint64_t key, enum ta_telling telling,
                           unsigned wanted) {
  if (telling == TA_TELL_CHANGES) return 0;
  if (is_left_out(telling, wanted)) {
    remove_from_epoll(poller, fd);
    return 0;
  }
  int error = control(poller, EPOLL_CTL_MOD, fd, key, flags_of(telling, wanted));
  return error == -ENOENT ? add_to_epoll(poller, fd, key, telling, wanted) : error;
}

/* Before Linux 5.11 epoll itself counted in thousandths. */
static int wait_by_ppoll(struct ta_poller *poller, double seconds, struct epoll_event *events,
                         int room) {
  struct pollfd fd = {.fd = poller->fd, .events = POLLIN};
  struct timespec time = {.tv_sec = (time_t)seconds};
  time.tv_nsec = (long)((seconds - (double)time.tv_sec) * 1e9);
  int ready = ppoll(&fd, 1, &time, NULL);
  return ready > 0 ? epoll_wait(poller->fd, events, room, 0) : ready;
}

/* Containers may refuse a call that they do not know in other words than a kernel's. */
static int wait_by_pwait2(struct ta_poller *poller, double seconds, struct epoll_event *events,
                          int room) {
#if defined(SYS_epoll_pwait2)
  struct {
    long long seconds, nanoseconds; /* on machines of 32 bits too */
  } time = {.seconds = (long long)seconds};
  time.nanoseconds = (long long)((seconds - (double)time.seconds) * 1e9);
  int count = (int)syscall(SYS_epoll_pwait2, poller->fd, events, room, &time, NULL, 0);
  if (count >= 0 || errno == EINTR) return count;
#endif
  poller->lacks_pwait2 = true;
  return wait_by_ppoll(poller, seconds, events, room);
}

static int wait_for_events(struct ta_poller *poller, double seconds, struct epoll_event *events,
                           int room) {
  if (seconds <= 0) return epoll_wait(poller->fd, events, room, 0);
  if (poller->lacks_pwait2) return wait_by_ppoll(poller, seconds, events, room);
  return wait_by_pwait2(poller, seconds, events, room);
}

static unsigned directions_of(uint32_t flags) {
  unsigned directions = 0;
  if (flags & (EPOLLERR | EPOLLHUP)) return TA_MAY_BOTH | TA_HUNG_UP;
  if (flags & EPOLLIN) directions |= TA_MAY_READ;
  if (flags & EPOLLRDHUP) directions |= TA_MAY_READ | TA_HUNG_UP;
  if (flags & EPOLLOUT) directions |= TA_MAY_WRITE;
  return directions;
}

static int wait_by_epoll(struct ta_poller *poller, double seconds, struct ta_poll_event *events,
                         int room) {
  struct epoll_event got[EVENTS_AT_ONCE];
  int count = wait_for_events(poller, seconds, got, room < EVENTS_AT_ONCE ? room : EVENTS_AT_ONCE);
  for (int i = 0; i < count; i++)
    events[i] = (struct ta_poll_event){got[i].data.u64, directions_of(got[i].events)};
  return count < 0 ? -errno : count;
}

const struct ta_poller_kind ta_poller_epoll = {.name = "epoll",
                                               .tells_changes = true,
                                               .open = open_epoll,
                                               .close = close_epoll,
                                               .add = add_to_epoll,
                                               .change = change_in_epoll,
                                               .remove = remove_from_epoll,
                                               .wait = wait_by_epoll};

#endif
