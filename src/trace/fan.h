/* SPDX-License-Identifier: MIT
 *
 * fan.h -- several receivers of one trace.
 *
 * It does not know what they make of the events.
 */
#ifndef TA_TRACE_FAN_H
#define TA_TRACE_FAN_H

#include "tinyasync.h"

#define TA_FAN_RECEIVERS 8

struct ta_fan {
  struct {
    ta_trace_fn *function;
    void *data;
  } receivers[TA_FAN_RECEIVERS];
  size_t count;
};

/* From now on `function` is told every event, after those added before.  0, or -ENOSPC. */
int ta_fan_add(struct ta_fan *fan, ta_trace_fn *function, void *data);

/* It is told nothing any more. */
void ta_fan_remove(struct ta_fan *fan, ta_trace_fn *function, const void *data);

/* Tells all of them, `fan` being a struct ta_fan: a ta_trace_fn. */
void ta_fan_tell(void *fan, const struct ta_trace_event *event);

#endif
