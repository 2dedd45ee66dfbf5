/* SPDX-License-Identifier: MIT
 *
 * outside_poll.c -- a host with no library at all, but poll(2), whose scripts have sockets.
 */
#include <poll.h>
#include <time.h>

#include "embed/outside.h"

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1e3 + (double)time.tv_nsec * 1e-6;
}

int main(int argc, char **argv) {
  struct outside_host host = {.loop = NULL};
  outside_open(&host, argc, argv);
  double due = now(), tick = due + TICK;
  struct pollfd descriptor = {.fd = ta_outside_fd(host.outside), .events = POLLIN};
  while (!host.done) {
    int ready = poll(&descriptor, 1, (int)ceil(fmax(0, fmin(due, tick) - now())));
    if (ready > 0 || now() >= due) due = now() + outside_pass(&host);
    for (; now() >= tick; tick += TICK) outside_tick(&host);
  }
  outside_close(&host);
  return EXIT_SUCCESS;
}
