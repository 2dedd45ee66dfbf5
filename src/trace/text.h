/* SPDX-License-Identifier: MIT
 *
 * text.h -- the trace as text, one aligned line an event.
 *
 * It knows events and a stream, nothing of the Runner.
 */
#ifndef TA_TRACE_TEXT_H
#define TA_TRACE_TEXT_H

#include "tinyasync.h"

/* Writes an event's line to the FILE that is `file`: a ta_trace_fn. */
void ta_trace_text(void *file, const struct ta_event *event);

#endif
