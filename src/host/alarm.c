/* SPDX-License-Identifier: MIT */
#include "host/alarm.h"

#include <signal.h>

#define LONGEST_WAIT 1e9 /* seconds */

/* False: the alarm was stopped meanwhile. */
static bool wait_once(struct ta_alarm *alarm) {
  uint64_t end = uv_hrtime() + (uint64_t)(alarm->seconds * 1e9);
  uint64_t now;
  uv_mutex_lock(&alarm->mutex);
  while (!alarm->stopping && (now = uv_hrtime()) < end)
    uv_cond_timedwait(&alarm->stop, &alarm->mutex, end - now);
  bool stopped = alarm->stopping;
  uv_mutex_unlock(&alarm->mutex);
  return !stopped;
}

static void run_alarm(void *argument) {
  struct ta_alarm *alarm = argument;
  while (wait_once(alarm) && alarm->function(alarm->data)) continue;
}

/* Starts the thread with all signals blocked. */
static int start_thread(struct ta_alarm *alarm) {
  sigset_t all, old;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &old);
  int error = uv_thread_create(&alarm->thread, run_alarm, alarm);
  pthread_sigmask(SIG_SETMASK, &old, NULL);
  return error;
}

int ta_alarm_start(struct ta_alarm *alarm, double seconds, bool (*function)(void *data),
                   void *data) {
  *alarm = (struct ta_alarm){.seconds = seconds < LONGEST_WAIT ? seconds : LONGEST_WAIT,
                             .function = function,
                             .data = data};
  int error = uv_mutex_init(&alarm->mutex);
  if (error) return error;
  error = uv_cond_init(&alarm->stop);
  if (error) {
    uv_mutex_destroy(&alarm->mutex);
    return error;
  }
  error = start_thread(alarm);
  alarm->started = error == 0;
  if (error) {
    uv_cond_destroy(&alarm->stop);
    uv_mutex_destroy(&alarm->mutex);
  }
  return error;
}

void ta_alarm_stop(struct ta_alarm *alarm) {
  if (!alarm->started) return;
  uv_mutex_lock(&alarm->mutex);
  alarm->stopping = true;
  uv_cond_signal(&alarm->stop);
  uv_mutex_unlock(&alarm->mutex);
  uv_thread_join(&alarm->thread);
  uv_cond_destroy(&alarm->stop);
  uv_mutex_destroy(&alarm->mutex);
  alarm->started = false;
}
