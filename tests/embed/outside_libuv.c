/* SPDX-License-Identifier: MIT
 *
 * outside_libuv.c -- a host on libuv's loop whose scripts have sockets.
 */
#include <uv.h>

#include "embed/outside.h"

struct loop {
  uv_loop_t uv;
  uv_timer_t timer, ticker;
  uv_poll_t descriptor;
};

static void on_timer(uv_timer_t *timer);

static void pass(struct outside_host *host) {
  struct loop *loop = host->loop;
  int milliseconds = outside_pass(host);
  uv_update_time(&loop->uv); /* the pass took time, and delays count from now */
  uv_timer_start(&loop->timer, on_timer, (uint64_t)milliseconds, 0);
  if (host->done) uv_stop(&loop->uv);
}

static void on_timer(uv_timer_t *timer) {
  pass(timer->data);
}

static void on_descriptor(uv_poll_t *descriptor, int status, int events) {
  (void)status, (void)events;
  pass(descriptor->data);
}

static void on_tick(uv_timer_t *timer) {
  outside_tick(timer->data);
}

static void close_loop(struct loop *loop) {
  uv_close((uv_handle_t *)&loop->timer, NULL);
  uv_close((uv_handle_t *)&loop->ticker, NULL);
  uv_close((uv_handle_t *)&loop->descriptor, NULL);
  uv_run(&loop->uv, UV_RUN_DEFAULT);
  uv_loop_close(&loop->uv);
}

int main(int argc, char **argv) {
  struct loop loop;
  struct outside_host host = {.loop = &loop};
  if (uv_loop_init(&loop.uv) != 0) return EXIT_FAILURE;
  outside_open(&host, argc, argv);
  uv_timer_init(&loop.uv, &loop.timer);
  uv_timer_init(&loop.uv, &loop.ticker);
  if (uv_poll_init(&loop.uv, &loop.descriptor, ta_outside_fd(host.outside)) != 0)
    return EXIT_FAILURE;
  loop.timer.data = loop.ticker.data = loop.descriptor.data = &host;
  uv_timer_start(&loop.ticker, on_tick, TICK, TICK);
  uv_poll_start(&loop.descriptor, UV_READABLE, on_descriptor);
  pass(&host);
  if (!host.done) uv_run(&loop.uv, UV_RUN_DEFAULT);
  close_loop(&loop);
  outside_close(&host);
  return EXIT_SUCCESS;
}
