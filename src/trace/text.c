/* SPDX-License-Identifier: MIT */
#include "trace/text.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "utf8.h"

#define DETAIL_SHOWN 200 /* bytes of a message or name */

typedef char clean_text[DETAIL_SHOWN + 8]; /* and a character's rest, three dots */
typedef char line_part[2 * DETAIL_SHOWN + 256];

static const char *const words[] = {
    [TA_EVENT_ADD] = "add",       [TA_EVENT_STEP] = "step",     [TA_EVENT_YIELD] = "yield",
    [TA_EVENT_WAKE] = "wake",     [TA_EVENT_RETURN] = "return", [TA_EVENT_ERROR] = "error",
    [TA_EVENT_CANCEL] = "cancel", [TA_EVENT_PASS] = "pass",     [TA_EVENT_WAIT] = "wait",
    [TA_EVENT_START] = "start",   [TA_EVENT_END] = "end",
};

/* ------------------------------------------------------------------- widths */

enum { WHO_WIDTH = 12, WHO_MOST = 36, DETAIL_WIDTH = 33, DETAIL_MOST = 57, GROWTH = 8 };

struct range {
  uint32_t first, last;
};

/* Characters that take no column, and those that take two. */
static const struct range joining[] = {{0x300, 0x36F}, {0x200B, 0x200F}, {0xFE00, 0xFE0F}};
static const struct range wide[] = {
    {0x1100, 0x115F}, {0x2E80, 0xA4CF}, {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},
    {0xFF00, 0xFF60}, {0xFFE0, 0xFFE6}, {0x1F300, 0x1F64F}, {0x1F900, 0x1F9FF}, {0x20000, 0x3FFFD}};

static bool is_in(uint32_t c, const struct range *ranges, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (c >= ranges[i].first && c <= ranges[i].last) return true;
  return false;
}

/* How many bytes the character at `text` has, and how many columns it takes. */
static size_t read_character(const char *text, size_t *columns) {
  unsigned char first = (unsigned char)*text;
  size_t length = ta_utf8_length(text, SIZE_MAX);
  uint32_t c = length == 1 ? first : first & (0x7Fu >> length);
  *columns = 1;
  for (size_t i = 1; i < length; i++) c = c << 6 | ((unsigned char)text[i] & 0x3F);
  if (is_in(c, joining, sizeof joining / sizeof *joining)) *columns = 0;
  if (is_in(c, wide, sizeof wide / sizeof *wide)) *columns = 2;
  return length;
}

static size_t width_of(const char *text) {
  size_t width = 0, columns;
  for (; *text; width += columns) text += read_character(text, &columns);
  return width;
}

/* Cuts what is wider than `most`: it ends in three dots then. */
static void cut(char *text, size_t most) {
  size_t width = 0, columns;
  if (width_of(text) <= most) return;
  for (size_t length;; text += length, width += columns) {
    length = read_character(text, &columns);
    if (width + columns > most - 3) break;
  }
  strcpy(text, "...");
}

/* Makes the column wider, in steps lest it does so often. */
static void grow(size_t *column, size_t width, size_t most) {
  while (*column < width && *column < most) *column += GROWTH;
}

static int padding(size_t column, size_t width) {
  return width < column ? (int)(column - width) : 0;
}

/* ------------------------------------------------------------------- details */

/* Copies text so that it stays on its line and within reason. */
static void put_clean(clean_text out, const char *text, size_t length) {
  size_t made = 0, i = 0;
  for (size_t bytes; i < length && made < DETAIL_SHOWN; i += bytes) {
    bytes = ta_utf8_length(text + i, SIZE_MAX);
    if (ta_utf8_is_control(text + i, bytes)) {
      out[made++] = ' ';
    } else {
      memcpy(out + made, text + i, bytes);
      made += bytes;
    }
  }
  strcpy(out + made, i < length ? "..." : "");
}

/* "recv on channel 'jobs'" */
static void describe_yield(char *out, size_t size, const struct ta_trace_event *event) {
  clean_text wait;
  line_part whole;
  snprintf(whole, sizeof whole, "%.60s%s%s", event->action, event->subject ? " " : "",
           event->subject ? event->subject : "");
  put_clean(wait, whole, strlen(whole));
  if (event->delay > 0 && event->delay < 1e300)
    snprintf(out, size, "%s until %.6f", wait, event->until);
  else
    snprintf(out, size, "%s", wait);
}

/* Who has added the task: "by #1 main", or what it comes from. */
static void describe_add(char *out, size_t size, const struct ta_trace_event *event) {
  clean_text name;
  const char *by = event->by_name ? event->by_name : "?";
  if (event->by) {
    put_clean(name, by, strlen(by));
    snprintf(out, size, "by #%llu %s", (unsigned long long)event->by, name);
  } else if (event->origin) {
    put_clean(name, event->origin, strlen(event->origin));
    snprintf(out, size, "%s", name);
  }
}

static void describe_wait(char *out, size_t size, const struct ta_trace_event *event) {
  if (event->number)
    snprintf(out, size, "%.6fs for #%llu", event->delay, (unsigned long long)event->number);
  else
    snprintf(out, size, "for the outside");
}

/* "process 4121 'make -j4': status 2" */
static void describe_outside(char *out, size_t size, const struct ta_trace_event *event) {
  clean_text subject, message = "";
  put_clean(subject, event->subject, strlen(event->subject));
  if (event->message) put_clean(message, event->message, event->message_length);
  snprintf(out, size, "%.60s %llu '%s'%s%s", event->action, (unsigned long long)event->number,
           subject, event->message ? ": " : "", message);
}

static void describe(char *out, size_t size, const struct ta_trace_event *event) {
  *out = '\0';
  if (event->kind == TA_EVENT_ADD)
    describe_add(out, size, event);
  else if (event->kind == TA_EVENT_YIELD)
    describe_yield(out, size, event);
  else if (event->kind == TA_EVENT_WAIT)
    describe_wait(out, size, event);
  else if (event->kind == TA_EVENT_START || event->kind == TA_EVENT_END)
    describe_outside(out, size, event);
  else if (event->kind == TA_EVENT_PASS)
    snprintf(out, size, "%llu to step", (unsigned long long)event->number);
  else if (event->message)
    put_clean(out, event->message, event->message_length);
}

static void put_who(struct ta_text_trace *trace, const struct ta_trace_event *event) {
  line_part who = "runner";
  clean_text name;
  if (event->task) {
    const char *full = event->name ? event->name : "?";
    put_clean(name, full, strlen(full));
    snprintf(who, sizeof who, "#%llu %s", (unsigned long long)event->task, name);
    cut(who, WHO_MOST);
  }
  size_t width = width_of(who);
  grow(&trace->who_width, width, WHO_MOST);
  fprintf(trace->file, "%10.6f  %s%*s", event->time, who, padding(trace->who_width, width), "");
}

static void put_detail(struct ta_text_trace *trace, const char *detail, const char *where) {
  clean_text shown;
  if (!where) {
    if (*detail) fprintf(trace->file, "  %s", detail);
    return;
  }
  size_t width = width_of(detail);
  if (width <= DETAIL_MOST) grow(&trace->detail_width, width, DETAIL_MOST);
  put_clean(shown, where, strlen(where));
  fprintf(trace->file, "  %s%*s  %s", detail, padding(trace->detail_width, width), "", shown);
}

void ta_text_trace_open(struct ta_text_trace *trace, FILE *file) {
  *trace =
      (struct ta_text_trace){.file = file, .who_width = WHO_WIDTH, .detail_width = DETAIL_WIDTH};
}

void ta_trace_text(void *data, const struct ta_trace_event *event) {
  struct ta_text_trace *trace = data;
  line_part detail;
  char word[32];
  snprintf(word, sizeof word, "%s", words[event->kind]);
  if (event->kind == TA_EVENT_STEP)
    snprintf(word, sizeof word, "step %llu", (unsigned long long)event->number);
  describe(detail, sizeof detail, event);
  put_who(trace, event);
  bool more = event->where || *detail;
  fprintf(trace->file, "  %-*s", more ? 6 : 0, word);
  put_detail(trace, detail, event->where);
  fputc('\n', trace->file);
}
