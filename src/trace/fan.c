/* SPDX-License-Identifier: MIT */
#include "trace/fan.h"

#include <errno.h>
#include <string.h>

int ta_fan_add(struct ta_fan *fan, ta_trace_fn *function, void *data) {
  if (fan->count == TA_FAN_RECEIVERS) return -ENOSPC;
  fan->receivers[fan->count].function = function;
  fan->receivers[fan->count].data = data;
  fan->count++;
  return 0;
}

void ta_fan_remove(struct ta_fan *fan, ta_trace_fn *function, const void *data) {
  size_t i = 0;
  while (i < fan->count &&
         (fan->receivers[i].function != function || fan->receivers[i].data != data))
    i++;
  if (i == fan->count) return;
  fan->count--;
  memmove(&fan->receivers[i], &fan->receivers[i + 1], (fan->count - i) * sizeof fan->receivers[0]);
}

void ta_fan_tell(void *data, const struct ta_trace_event *event) {
  struct ta_fan *fan = data;
  for (size_t i = 0; i < fan->count; i++) fan->receivers[i].function(fan->receivers[i].data, event);
}
