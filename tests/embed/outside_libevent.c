/* SPDX-License-Identifier: MIT
 *
 * outside_libevent.c -- a host on libevent's loop whose scripts have sockets.
 */
#include <event2/event.h>

#include "embed/outside.h"

struct loop {
  struct event_base *base;
  struct event *timer, *descriptor, *ticker;
};

static struct timeval to_timeval(int milliseconds) {
  return (struct timeval){milliseconds / 1000, milliseconds % 1000 * 1000};
}

static void pass(evutil_socket_t fd, short what, void *data) {
  struct outside_host *host = data;
  struct loop *loop = host->loop;
  (void)fd, (void)what;
  struct timeval delay = to_timeval(outside_pass(host));
  event_add(loop->timer, &delay);
  if (host->done) event_base_loopbreak(loop->base);
}

static void on_tick(evutil_socket_t fd, short what, void *data) {
  (void)fd, (void)what;
  outside_tick(data);
}

int main(int argc, char **argv) {
  struct loop loop = {.base = event_base_new()};
  struct outside_host host = {.loop = &loop};
  struct timeval tick = to_timeval(TICK);
  if (!loop.base) return EXIT_FAILURE;
  outside_open(&host, argc, argv);
  loop.timer = event_new(loop.base, -1, 0, pass, &host);
  loop.ticker = event_new(loop.base, -1, EV_PERSIST, on_tick, &host);
  loop.descriptor =
      event_new(loop.base, ta_outside_fd(host.outside), EV_READ | EV_PERSIST, pass, &host);
  event_add(loop.ticker, &tick);
  event_add(loop.descriptor, NULL);
  pass(-1, 0, &host);
  if (!host.done) event_base_dispatch(loop.base);
  event_free(loop.timer);
  event_free(loop.ticker);
  event_free(loop.descriptor);
  outside_close(&host);
  event_base_free(loop.base);
  return EXIT_SUCCESS;
}
