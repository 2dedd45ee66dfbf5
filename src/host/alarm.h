/* SPDX-License-Identifier: MIT
 *
 * alarm.h -- calls a function at times, whatever the main thread does.
 *
 * A thread of its own waits; it takes no signals.  The function runs in that
 * thread and may do only what is safe there.
 */
#ifndef TA_HOST_ALARM_H
#define TA_HOST_ALARM_H

#include <stdbool.h>
#include <uv.h>

struct ta_alarm {
  uv_thread_t thread;
  uv_mutex_t mutex;
  uv_cond_t stop;
  bool started;
  bool stopping;
  double seconds;
  bool (*function)(void *data);
  void *data;
};

/* Has `function` called `seconds` from now, and every `seconds` again while it
 * answers true.  0, or a negative errno. */
int ta_alarm_start(struct ta_alarm *alarm, double seconds, bool (*function)(void *data),
                   void *data);

/* Ends the thread.  One that was never started is left alone. */
void ta_alarm_stop(struct ta_alarm *alarm);

#endif
