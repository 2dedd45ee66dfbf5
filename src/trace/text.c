/* SPDX-License-Identifier: MIT */
#include "trace/text.h"

#include <stdio.h>
#include <string.h>

#define DETAIL_SHOWN 200 /* bytes of a message or name */

typedef char clean_text[DETAIL_SHOWN + 4]; /* and three dots */
typedef char line_part[DETAIL_SHOWN + 256];

static const char *const words[] = {
    [TA_EVENT_ADD] = "add",       [TA_EVENT_STEP] = "step",     [TA_EVENT_YIELD] = "yield",
    [TA_EVENT_WAKE] = "wake",     [TA_EVENT_RETURN] = "return", [TA_EVENT_ERROR] = "error",
    [TA_EVENT_CANCEL] = "cancel", [TA_EVENT_PASS] = "pass",     [TA_EVENT_WAIT] = "wait",
};

/* Copies text so that it stays on its line and within reason. */
static void put_clean(clean_text out, const char *text, size_t length) {
  size_t shown = length < DETAIL_SHOWN ? length : DETAIL_SHOWN;
  for (size_t i = 0; i < shown; i++) {
    unsigned char c = (unsigned char)text[i];
    out[i] = c < 32 || c == 127 ? ' ' : text[i];
  }
  strcpy(out + shown, shown < length ? "..." : "");
}

static void describe_yield(char *out, size_t size, const struct ta_event *event) {
  clean_text action;
  put_clean(action, event->action, strlen(event->action));
  if (event->delay > 0 && event->delay < 1e300)
    snprintf(out, size, "%s until %.6f", action, event->until);
  else
    snprintf(out, size, "%s", action);
}

static void describe_wait(char *out, size_t size, const struct ta_event *event) {
  if (event->number)
    snprintf(out, size, "%.6fs for #%llu", event->delay, (unsigned long long)event->number);
  else
    snprintf(out, size, "for the outside");
}

static void describe(char *out, size_t size, const struct ta_event *event) {
  *out = '\0';
  if (event->kind == TA_EVENT_YIELD)
    describe_yield(out, size, event);
  else if (event->kind == TA_EVENT_WAIT)
    describe_wait(out, size, event);
  else if (event->kind == TA_EVENT_PASS)
    snprintf(out, size, "%llu to step", (unsigned long long)event->number);
  else if (event->detail)
    put_clean(out, event->detail, event->detail_length);
}

void ta_trace_text(void *file, const struct ta_event *event) {
  line_part who = "runner", word, detail;
  clean_text name;
  if (event->task) {
    const char *full = event->name ? event->name : "?";
    put_clean(name, full, strlen(full));
    snprintf(who, sizeof who, "#%llu %s", (unsigned long long)event->task, name);
  }
  snprintf(word, sizeof word, "%s", words[event->kind]);
  if (event->kind == TA_EVENT_STEP)
    snprintf(word, sizeof word, "step %llu", (unsigned long long)event->number);
  describe(detail, sizeof detail, event);
  if (event->where)
    fprintf(file, "%10.6f  %-12s  %-6s  %-33s  %s\n", event->time, who, word, detail, event->where);
  else if (*detail)
    fprintf(file, "%10.6f  %-12s  %-6s  %s\n", event->time, who, word, detail);
  else
    fprintf(file, "%10.6f  %-12s  %s\n", event->time, who, word);
}
