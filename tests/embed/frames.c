/* SPDX-License-Identifier: MIT
 *
 * frames.c -- a host that draws 60 frames a second, as programs with SDL do.
 *
 * Between two frames it has no say: what is due runs at the next one.
 */
#include <stdatomic.h>
#include <time.h>

#include "embed/host.h"

#define FRAME (1.0 / 60) /* seconds */
#define ALARMS 8

struct alarm {
  double due;
  struct ta_ticket ticket;
};

struct loop {
  double due; /* when the Runner wants a pass */
  atomic_bool woken;
  struct alarm alarms[ALARMS];
  int alarm_count;
};

static void call_later(void *data, double delay) {
  struct loop *loop = ((struct host *)data)->loop;
  loop->due = host_now(NULL) + delay;
}

/* With SDL it would push an event. */
static void wake(void *data) {
  struct loop *loop = ((struct host *)data)->loop;
  atomic_store(&loop->woken, true);
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

static void sleep_until(double time) {
  double rest = fmin(fmax(time - host_now(NULL), 0), FRAME);
  nanosleep(&(struct timespec){.tv_nsec = (long)(rest * 1e9)}, NULL);
}

static void draw_frame(struct host *host) {
  struct loop *loop = host->loop;
  sound_alarms(host, host_now(NULL));
  if (atomic_exchange(&loop->woken, false) || loop->due <= host_now(NULL)) host_pass(host);
}

int main(int argc, char **argv) {
  struct loop loop = {.due = HUGE_VAL};
  struct host host = {.loop = &loop};
  if (argc != 2) return EXIT_FAILURE;
  host_open(&host, (struct ta_host){.call_later = call_later, .wake = wake}, argv[1]);
  for (double frame = host_now(NULL); !host.done; frame += FRAME) {
    draw_frame(&host);
    sleep_until(frame + FRAME);
  }
  host_close(&host);
  return EXIT_SUCCESS;
}
