/* SPDX-License-Identifier: MIT
 *
 * outside_glib.c -- a host on GLib's main loop whose scripts have sockets.
 */
#include <glib-unix.h>
#include <glib.h>

#include "embed/outside.h"

struct loop {
  GMainLoop *main;
  guint timer; /* 0: none */
};

static gboolean on_timer(gpointer data);

static void pass(struct outside_host *host) {
  struct loop *loop = host->loop;
  int milliseconds = outside_pass(host);
  if (loop->timer) g_source_remove(loop->timer);
  loop->timer = g_timeout_add((guint)milliseconds, on_timer, host);
  if (host->done) g_main_loop_quit(loop->main);
}

static gboolean on_timer(gpointer data) {
  struct outside_host *host = data;
  ((struct loop *)host->loop)->timer = 0;
  pass(host);
  return G_SOURCE_REMOVE;
}

static gboolean on_descriptor(gint fd, GIOCondition condition, gpointer data) {
  (void)fd, (void)condition;
  pass(data);
  return G_SOURCE_CONTINUE;
}

static gboolean on_tick(gpointer data) {
  outside_tick(data);
  return G_SOURCE_CONTINUE;
}

int main(int argc, char **argv) {
  struct loop loop = {.main = g_main_loop_new(NULL, FALSE)};
  struct outside_host host = {.loop = &loop};
  outside_open(&host, argc, argv);
  guint descriptor = g_unix_fd_add(ta_outside_fd(host.outside), G_IO_IN, on_descriptor, &host);
  guint ticker = g_timeout_add(TICK, on_tick, &host);
  pass(&host);
  if (!host.done) g_main_loop_run(loop.main);
  g_source_remove(descriptor);
  g_source_remove(ticker);
  if (loop.timer) g_source_remove(loop.timer);
  outside_close(&host);
  g_main_loop_unref(loop.main);
  return EXIT_SUCCESS;
}
