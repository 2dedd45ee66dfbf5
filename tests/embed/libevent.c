/* SPDX-License-Identifier: MIT
 *
 * libevent.c -- a host on libevent's loop.
 */
#include <event2/event.h>
#include <unistd.h>

#include "embed/host.h"

struct loop {
  struct event_base *base;
  struct event *timer;
  struct event *waker; /* a byte came through the pipe */
  int pipe[2];
};

static struct timeval to_timeval(double seconds) {
  seconds = fmin(fmax(seconds, 0), 86400);
  time_t whole = (time_t)seconds;
  return (struct timeval){whole, (suseconds_t)ceil((seconds - (double)whole) * 1e6) % 1000000};
}

static void pass(struct host *host) {
  struct loop *loop = host->loop;
  host_pass(host);
  if (host->done) event_base_loopbreak(loop->base);
}

static void on_timer(evutil_socket_t fd, short what, void *data) {
  (void)fd, (void)what;
  pass(data);
}

static void on_wake(evutil_socket_t fd, short what, void *data) {
  char bytes[64];
  (void)what;
  if (read(fd, bytes, sizeof bytes) > 0) pass(data);
}

static void call_later(void *data, double delay) {
  struct loop *loop = ((struct host *)data)->loop;
  struct timeval after = to_timeval(delay);
  if (delay == HUGE_VAL)
    event_del(loop->timer);
  else
    event_add(loop->timer, &after);
}

static void wake(void *data) {
  struct loop *loop = ((struct host *)data)->loop;
  if (write(loop->pipe[1], "", 1) < 0) return; /* full: it is about to wake anyway */
}

struct alarm {
  struct ta_runner *runner;
  struct ta_ticket ticket;
};

static void on_alarm(evutil_socket_t fd, short what, void *data) {
  struct alarm *alarm = data;
  (void)fd, (void)what;
  ta_unpark(alarm->runner, alarm->ticket);
  free(alarm);
}

void host_unpark_later(struct host *host, double seconds, struct ta_ticket ticket) {
  struct loop *loop = host->loop;
  struct timeval after = to_timeval(seconds);
  struct alarm *alarm = malloc(sizeof *alarm);
  if (!alarm) abort();
  *alarm = (struct alarm){host->runner, ticket};
  event_base_once(loop->base, -1, EV_TIMEOUT, on_alarm, alarm, &after);
}

static bool open_loop(struct loop *loop, struct host *host) {
  loop->base = event_base_new();
  if (!loop->base || pipe(loop->pipe) != 0) return false;
  evutil_make_socket_nonblocking(loop->pipe[0]);
  evutil_make_socket_nonblocking(loop->pipe[1]);
  loop->timer = event_new(loop->base, -1, 0, on_timer, host);
  loop->waker = event_new(loop->base, loop->pipe[0], EV_READ | EV_PERSIST, on_wake, host);
  return loop->timer && loop->waker && event_add(loop->waker, NULL) == 0;
}

static void close_loop(struct loop *loop) {
  event_free(loop->timer);
  event_free(loop->waker);
  event_base_free(loop->base);
  close(loop->pipe[0]);
  close(loop->pipe[1]);
}

int main(int argc, char **argv) {
  struct loop loop;
  struct host host = {.loop = &loop};
  if (argc != 2 || !open_loop(&loop, &host)) return EXIT_FAILURE;
  host_open(&host, (struct ta_host){.call_later = call_later, .wake = wake}, argv[1]);
  event_base_dispatch(loop.base);
  host_close(&host);
  close_loop(&loop);
  return EXIT_SUCCESS;
}
