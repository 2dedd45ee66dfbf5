/* SPDX-License-Identifier: MIT
 *
 * text.h -- the trace as text, one aligned line an event.
 *
 * A column that is too narrow for what comes grows, to a limit: then names are
 * cut, and of details only that line is longer.  Widths are columns of a terminal,
 * not bytes.  It knows events and a stream, nothing of the Runner.
 */
#ifndef TA_TRACE_TEXT_H
#define TA_TRACE_TEXT_H

#include <stddef.h>
#include <stdio.h>

#include "tinyasync.h"

struct ta_text_trace {
  FILE *file;
  size_t who_width;
  size_t detail_width;
};

/* Lines will go to `file`, which stays the caller's. */
void ta_text_trace_open(struct ta_text_trace *trace, FILE *file);

/* Writes an event's line, `trace` being a struct ta_text_trace: a ta_trace_fn. */
void ta_trace_text(void *trace, const struct ta_trace_event *event);

#endif
