/* SPDX-License-Identifier: MIT
 *
 * poll.c -- a host with no library at all, but poll(2) and a pipe to itself.
 */
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "embed/host.h"

#define ALARMS 8

struct alarm {
  double due;
  struct ta_ticket ticket;
};

struct loop {
  int pipe[2];
  double due; /* when the Runner wants a pass */
  struct alarm alarms[ALARMS];
  int alarm_count;
};

static void call_later(void *data, double delay) {
  struct loop *loop = ((struct host *)data)->loop;
  loop->due = host_now(NULL) + delay;
}

static void wake(void *data) {
  struct loop *loop = ((struct host *)data)->loop;
  if (write(loop->pipe[1], "", 1) < 0) return; /* full: poll() returns anyway */
}

void host_unpark_later(struct host *host, double seconds, struct ta_ticket ticket) {
  struct loop *loop = host->loop;
  if (loop->alarm_count == ALARMS) abort();
  loop->alarms[loop->alarm_count++] = (struct alarm){host_now(NULL) + seconds, ticket};
}

static void sound_alarms(struct host *host, double now) {
  struct loop *loop = host->loop;
  for (int i = loop->alarm_count - 1; i >= 0; i--) {
    if (loop->alarms[i].due > now) continue;
    ta_unpark(host->runner, loop->alarms[i].ticket);
    loop->alarms[i] = loop->alarms[--loop->alarm_count];
  }
}

static double next_due(const struct loop *loop) {
  double due = loop->due;
  for (int i = 0; i < loop->alarm_count; i++) due = fmin(due, loop->alarms[i].due);
  return due;
}

/* Waits until something is due, or a byte comes.  Did one come? */
static bool wait(struct loop *loop) {
  char bytes[64];
  struct pollfd from_pipe = {.fd = loop->pipe[0], .events = POLLIN};
  int timeout = host_milliseconds(next_due(loop) - host_now(NULL));
  return poll(&from_pipe, 1, timeout) > 0 && read(loop->pipe[0], bytes, sizeof bytes) > 0;
}

static void run(struct host *host) {
  struct loop *loop = host->loop;
  while (!host->done) {
    bool woken = wait(loop);
    sound_alarms(host, host_now(NULL));
    if (woken || loop->due <= host_now(NULL)) host_pass(host);
  }
}

int main(int argc, char **argv) {
  struct loop loop = {.due = HUGE_VAL};
  struct host host = {.loop = &loop};
  if (argc != 2 || pipe(loop.pipe) != 0) return EXIT_FAILURE;
  fcntl(loop.pipe[1], F_SETFL, O_NONBLOCK);
  host_open(&host, (struct ta_host){.call_later = call_later, .wake = wake}, argv[1]);
  run(&host);
  host_close(&host);
  close(loop.pipe[0]);
  close(loop.pipe[1]);
  return EXIT_SUCCESS;
}
