/* SPDX-License-Identifier: MIT
 *
 * libuv.c -- a host on libuv's loop.
 */
#include <uv.h>

#include "embed/host.h"

struct loop {
  uv_loop_t uv;
  uv_timer_t timer;
  uv_async_t waker;
};

static void pass(struct host *host) {
  struct loop *loop = host->loop;
  host_pass(host);
  if (host->done) uv_stop(&loop->uv);
}

static void on_timer(uv_timer_t *timer) {
  pass(timer->data);
}

static void on_wake(uv_async_t *waker) {
  pass(waker->data);
}

static void call_later(void *data, double delay) {
  struct loop *loop = ((struct host *)data)->loop;
  if (delay == HUGE_VAL) {
    uv_timer_stop(&loop->timer);
    return;
  }
  uv_update_time(&loop->uv); /* the pass took time, and delays count from now */
  uv_timer_start(&loop->timer, on_timer, (uint64_t)host_milliseconds(delay), 0);
}

static void wake(void *data) {
  struct loop *loop = ((struct host *)data)->loop;
  uv_async_send(&loop->waker);
}

struct alarm {
  uv_timer_t timer;
  struct ta_runner *runner;
  struct ta_ticket ticket;
};

static void free_alarm(uv_handle_t *handle) {
  free(handle->data);
}

static void on_alarm(uv_timer_t *timer) {
  struct alarm *alarm = timer->data;
  ta_unpark(alarm->runner, alarm->ticket);
  uv_close((uv_handle_t *)timer, free_alarm);
}

void host_unpark_later(struct host *host, double seconds, struct ta_ticket ticket) {
  struct loop *loop = host->loop;
  struct alarm *alarm = malloc(sizeof *alarm);
  if (!alarm) abort();
  *alarm = (struct alarm){.runner = host->runner, .ticket = ticket};
  uv_timer_init(&loop->uv, &alarm->timer);
  alarm->timer.data = alarm;
  uv_update_time(&loop->uv);
  uv_timer_start(&alarm->timer, on_alarm, (uint64_t)host_milliseconds(seconds), 0);
}

static void close_loop(struct loop *loop) {
  uv_close((uv_handle_t *)&loop->timer, NULL);
  uv_close((uv_handle_t *)&loop->waker, NULL);
  uv_run(&loop->uv, UV_RUN_DEFAULT);
  uv_loop_close(&loop->uv);
}

int main(int argc, char **argv) {
  struct loop loop;
  struct host host = {.loop = &loop};
  if (argc != 2 || uv_loop_init(&loop.uv) != 0) return EXIT_FAILURE;
  uv_timer_init(&loop.uv, &loop.timer);
  if (uv_async_init(&loop.uv, &loop.waker, on_wake) != 0) return EXIT_FAILURE;
  loop.timer.data = loop.waker.data = &host;
  host_open(&host, (struct ta_host){.call_later = call_later, .wake = wake}, argv[1]);
  uv_run(&loop.uv, UV_RUN_DEFAULT);
  host_close(&host);
  close_loop(&loop);
  return EXIT_SUCCESS;
}
