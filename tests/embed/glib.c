/* SPDX-License-Identifier: MIT
 *
 * glib.c -- a host on GLib's main loop.
 */
#include <glib.h>

#include "embed/host.h"

struct loop {
  GMainLoop *main;
  guint timer; /* 0: none */
};

/* A source of a pass, be it asked for by a timer or by another thread. */
static gboolean pass(gpointer data) {
  struct host *host = data;
  struct loop *loop = host->loop;
  host_pass(host);
  if (host->done) g_main_loop_quit(loop->main);
  return G_SOURCE_REMOVE;
}

static gboolean on_timer(gpointer data) {
  struct loop *loop = ((struct host *)data)->loop;
  loop->timer = 0;
  return pass(data);
}

static void call_later(void *data, double delay) {
  struct loop *loop = ((struct host *)data)->loop;
  if (loop->timer) g_source_remove(loop->timer);
  loop->timer = 0;
  if (delay == HUGE_VAL) return;
  if (delay <= 0)
    loop->timer = g_idle_add(on_timer, data);
  else
    loop->timer = g_timeout_add((guint)host_milliseconds(delay), on_timer, data);
}

/* GLib lets any thread add a source. */
static void wake(void *data) {
  g_idle_add(pass, data);
}

struct alarm {
  struct ta_runner *runner;
  struct ta_ticket ticket;
};

static gboolean on_alarm(gpointer data) {
  struct alarm *alarm = data;
  ta_unpark(alarm->runner, alarm->ticket);
  return G_SOURCE_REMOVE;
}

void host_unpark_later(struct host *host, double seconds, struct ta_ticket ticket) {
  struct alarm *alarm = g_new(struct alarm, 1);
  *alarm = (struct alarm){host->runner, ticket};
  g_timeout_add_full(G_PRIORITY_DEFAULT, (guint)host_milliseconds(seconds), on_alarm, alarm,
                     g_free);
}

int main(int argc, char **argv) {
  struct loop loop = {.main = g_main_loop_new(NULL, FALSE)};
  struct host host = {.loop = &loop};
  if (argc != 2) return EXIT_FAILURE;
  host_open(&host, (struct ta_host){.call_later = call_later, .wake = wake}, argv[1]);
  g_main_loop_run(loop.main);
  host_close(&host);
  if (loop.timer) g_source_remove(loop.timer);
  g_main_loop_unref(loop.main);
  return EXIT_SUCCESS;
}
