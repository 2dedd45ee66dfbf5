/* SPDX-License-Identifier: MIT */
#include "host/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "host/clock.h"

#define LONGEST_WAIT 60.0    /* seconds: the caller comes back and waits again */
#define LATENESS_COUNTS 0.02 /* seconds: below, a thousandth is next to nothing */
#define CUT_SHORT 0.998
#define EVENTS_AT_ONCE 256
#define LEAST_SLOTS 16

/* The slot 0 is nobody's; the waker has its key. */
#define WAKER_KEY 0

struct ta_loop_slot {
  struct ta_member *member; /* NULL: free */
  uint32_t generation;
  uint32_t next_free;
};

/* ------------------------------------------------------------------- waker */

static int make_pipe(int fds[2]) {
#if defined(__linux__)
  return pipe2(fds, O_CLOEXEC | O_NONBLOCK);
#else
  if (pipe(fds) != 0) return -1;
  for (int i = 0; i < 2; i++) {
    fcntl(fds[i], F_SETFD, FD_CLOEXEC);
    fcntl(fds[i], F_SETFL, O_NONBLOCK);
  }
  return 0;
#endif
}

static int open_waker(struct ta_loop *loop) {
  if (make_pipe(loop->waker) != 0) return -errno;
  return loop->poller.kind->add(&loop->poller, loop->waker[0], WAKER_KEY, TA_TELL_ALWAYS,
                                TA_MAY_READ);
}

static void close_waker(struct ta_loop *loop) {
  for (int i = 0; i < 2; i++)
    if (loop->waker[i] >= 0) close(loop->waker[i]);
}

void ta_loop_wake(struct ta_loop *loop) {
  int saved = errno;
  if (!atomic_exchange(&loop->woken, true)) {
    ssize_t ignored = write(loop->waker[1], "", 1);
    (void)ignored;
  }
  errno = saved;
}

/* A wake that comes in the middle finds the flag set and writes nothing: the wait has ended
 * for it as well.  The other way round its byte would be read, and the flag left set. */
static void drain_waker(struct ta_loop *loop) {
  char bytes[8];
  while (read(loop->waker[0], bytes, sizeof bytes) > 0) continue;
  atomic_exchange(&loop->woken, false);
  loop->owed = true;
}

bool ta_loop_is_woken(const struct ta_loop *loop) {
  return loop->owed || atomic_load(&loop->woken);
}

void ta_loop_listen(struct ta_loop *loop, struct ta_listener *listener) {
  listener->next = loop->listeners;
  loop->listeners = listener;
}

void ta_loop_unlisten(struct ta_loop *loop, struct ta_listener *listener) {
  struct ta_listener **link = &loop->listeners;
  while (*link && *link != listener) link = &(*link)->next;
  if (*link) *link = listener->next;
  if (loop->next_listener == listener) loop->next_listener = listener->next;
}

static void be_woken(struct ta_loop *loop) {
  struct ta_listener *listener;
  drain_waker(loop);
  loop->next_listener = loop->listeners;
  while ((listener = loop->next_listener)) {
    loop->next_listener = listener->next;
    listener->woken(listener);
  }
}

/* ------------------------------------------------------------ open, close */

int ta_loop_open(struct ta_loop *loop, const struct ta_poller_kind *kind) {
  *loop = (struct ta_loop){.poller = {.kind = kind ? kind : ta_poller_best, .fd = -1},
                           .waker = {-1, -1}};
  int error = loop->poller.kind->open(&loop->poller);
  if (error) return error;
  error = open_waker(loop);
  if (error) ta_loop_close(loop);
  return error;
}

void ta_loop_close(struct ta_loop *loop) {
  close_waker(loop);
  loop->poller.kind->close(&loop->poller);
  free(loop->slots);
  free(loop->spare);
  if (loop->has_pipe) close(loop->pipe[0]), close(loop->pipe[1]);
  while (loop->alarms) ta_alarm_stop(loop->alarms);
  *loop = (struct ta_loop){.poller = {.kind = loop->poller.kind, .fd = -1}, .waker = {-1, -1}};
}

int ta_loop_fd(const struct ta_loop *loop) {
  return loop->poller.fd;
}

/* ------------------------------------------------------------------ members */

static int add_slots(struct ta_loop *loop) {
  uint32_t capacity = loop->capacity ? loop->capacity * 2 : LEAST_SLOTS;
  struct ta_loop_slot *slots = realloc(loop->slots, capacity * sizeof *slots);
  if (!slots) return -ENOMEM;
  loop->slots = slots;
  for (uint32_t i = capacity - 1; i >= loop->capacity && i > 0; i--) {
    slots[i] = (struct ta_loop_slot){.generation = 1, .next_free = loop->free_slot};
    loop->free_slot = i;
  }
  loop->capacity = capacity;
  return 0;
}

int ta_loop_join(struct ta_loop *loop, struct ta_member *member) {
  if (!loop->free_slot) {
    int error = add_slots(loop);
    if (error) return error;
  }
  struct ta_loop_slot *slot = &loop->slots[loop->free_slot];
  member->slot = loop->free_slot;
  loop->free_slot = slot->next_free;
  slot->member = member;
  loop->members++;
  return 0;
}

void ta_loop_leave(struct ta_loop *loop, struct ta_member *member) {
  if (!loop->slots) return; /* it was closed before */
  struct ta_loop_slot *slot = &loop->slots[member->slot];
  slot->member = NULL;
  slot->generation++;
  slot->next_free = loop->free_slot;
  loop->free_slot = member->slot;
  loop->members--;
}

uint64_t ta_loop_key(const struct ta_loop *loop, const struct ta_member *member) {
  return (uint64_t)loop->slots[member->slot].generation << 32 | member->slot;
}

/* Whoever is told may make others join and leave. */
static void tell(struct ta_loop *loop, const struct ta_poll_event *event) {
  if (event->key == WAKER_KEY) {
    be_woken(loop);
    return;
  }
  const struct ta_loop_slot *slot = &loop->slots[(uint32_t)event->key];
  struct ta_member *member = slot->member;
  if (member && slot->generation == event->key >> 32) member->tell(member, event->directions);
}

/* ------------------------------------------------------------------- alarms */

void ta_alarm_stop(struct ta_alarm *alarm) {
  if (!alarm->link) return;
  *alarm->link = alarm->next;
  if (alarm->next) alarm->next->link = alarm->link;
  alarm->link = NULL;
}

/* Those of one time ring in the order in which they were set. */
static void set_alarm(struct ta_loop *loop, struct ta_alarm *alarm, double seconds) {
  ta_alarm_stop(alarm);
  alarm->at = ta_monotonic() + seconds;
  struct ta_alarm **link = &loop->alarms;
  while (*link && (*link)->at <= alarm->at) link = &(*link)->next;
  alarm->next = *link;
  alarm->link = link;
  if (alarm->next) alarm->next->link = &alarm->next;
  *link = alarm;
}

void ta_loop_set_alarm(struct ta_loop *loop, struct ta_alarm *alarm, double seconds) {
  alarm->at_descriptor = false;
  set_alarm(loop, alarm, seconds);
}

void ta_loop_await_descriptor(struct ta_loop *loop, struct ta_alarm *alarm, double seconds) {
  alarm->at_descriptor = loop->is_short = true;
  set_alarm(loop, alarm, seconds);
}

/* Each that is set again comes before where it was. */
void ta_loop_has_closed_descriptor(struct ta_loop *loop) {
  struct ta_alarm *next;
  if (!loop->is_short) return;
  loop->is_short = false;
  for (struct ta_alarm *alarm = loop->alarms; alarm; alarm = next) {
    next = alarm->next;
    if (alarm->at_descriptor) ta_loop_set_alarm(loop, alarm, 0);
  }
}

double ta_loop_due(const struct ta_loop *loop) {
  return loop->alarms ? fmax(0, loop->alarms->at - ta_monotonic()) : HUGE_VAL;
}

/* Those that are set meanwhile are for the next time. */
static void ring_alarms(struct ta_loop *loop) {
  if (!loop->alarms) return;
  double now = ta_monotonic();
  struct ta_alarm *alarm;
  while ((alarm = loop->alarms) && alarm->at <= now) {
    ta_alarm_stop(alarm);
    alarm->ring(alarm);
  }
}

/* ------------------------------------------------------------------ waiting */

/* Gives how many events there were; 0: the time is over; negative: a signal came. */
static int wait_once(struct ta_loop *loop, double seconds) {
  struct ta_poll_event events[EVENTS_AT_ONCE];
  int count = loop->poller.kind->wait(&loop->poller, seconds, events, EVENTS_AT_ONCE);
  for (int i = 0; i < count; i++) tell(loop, &events[i]);
  return count;
}

/* The byte of a wake may not have been seen yet, or a process that was forked off have read
 * it: the flag knows. */
static void look_at_flag(struct ta_loop *loop) {
  if (atomic_load(&loop->woken)) be_woken(loop);
}

void ta_loop_poll(struct ta_loop *loop) {
  wait_once(loop, 0);
  look_at_flag(loop);
  ring_alarms(loop);
}

/* The kernel allows itself to be late by a thousandth of a wait.  A long one is
 * therefore cut short, and the rest waited for on its own. */
static void wait_precisely(struct ta_loop *loop, double seconds) {
  double limit = fmin(fmax(seconds, 0), LONGEST_WAIT);
  if (limit <= LATENESS_COUNTS) {
    wait_once(loop, limit);
    return;
  }
  double began = ta_monotonic();
  if (wait_once(loop, limit * CUT_SHORT) == 0)
    wait_once(loop, fmax(0, limit - (ta_monotonic() - began)));
}

void ta_loop_wait(struct ta_loop *loop, double seconds) {
  if (ta_loop_is_woken(loop))
    ta_loop_poll(loop);
  else
    wait_precisely(loop, fmin(seconds, ta_loop_due(loop)));
  look_at_flag(loop);
  ring_alarms(loop);
  loop->owed = false;
}
