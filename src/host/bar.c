/* SPDX-License-Identifier: MIT */
#include "host/bar.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "utf8.h"

#define WINDOW 15.0    /* seconds, at least, and twice that at most: what the rate is taken from */
#define LEAST_BAR 8    /* columns */
#define MOST_BAR 40    /* columns */
#define LEAST_LABEL 12 /* columns: rather than less of it other things are left out */
#define NAME_SHOWN 512 /* bytes of a label in a line, at most */
#define FAR 8640000.0  /* seconds: what is left is not said beyond */

/* --------------------------------------------------------------------- names */

static void make_harmless(char *text, size_t size) {
  for (size_t step; size > 0; text += step, size -= step) {
    step = ta_utf8_length(text, size);
    if (ta_utf8_is_control(text, step)) memset(text, ' ', step);
  }
}

int ta_bar_name(char **place, const char *text, size_t size) {
  char *copy = NULL;
  if (size > NAME_SHOWN) size = ta_utf8_cut(text, NAME_SHOWN);
  if (text && !(copy = malloc(size + 1))) return -ENOMEM;
  if (copy) {
    memcpy(copy, text, size);
    copy[size] = '\0';
    make_harmless(copy, size);
  }
  free(*place);
  *place = copy;
  return 0;
}

void ta_bar_end(struct ta_bar *bar) {
  free(bar->label);
  free(bar->unit);
  bar->label = bar->unit = NULL;
}

/* ---------------------------------------------------------------------- rate */

void ta_bar_begin(struct ta_bar *bar, double now) {
  bar->started = now;
  bar->begun = bar->done;
  bar->older = bar->newer = (struct ta_bar_mark){.time = now, .done = bar->done};
}

/* What happens now counts, and not what was an hour ago. */
static double rate_of(struct ta_bar *bar, double now) {
  if (now - bar->newer.time >= WINDOW) {
    bar->older = bar->newer;
    bar->newer = (struct ta_bar_mark){.time = now, .done = bar->done};
  }
  double seconds = now - bar->older.time, done = bar->done - bar->older.done;
  return seconds > 0 && done > 0 ? done / seconds : 0;
}

double ta_bar_share(const struct ta_bar *bar) {
  if (bar->total < 0) return 0;
  if (bar->done >= bar->total) return 1;
  return bar->done > 0 ? bar->done / bar->total : 0;
}

/* --------------------------------------------------------------------- words */

/* A text that grows up to its room; what does not fit is left out. */
struct text {
  char *bytes;
  size_t size;
};

#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
static void
put(struct text *text, const char *format, ...) {
  va_list arguments;
  size_t room = TA_BAR_TEXT - text->size;
  va_start(arguments, format);
  int length = vsnprintf(text->bytes + text->size, room, format, arguments);
  va_end(arguments);
  if (length > 0 && (size_t)length < room) text->size += (size_t)length;
  text->bytes[text->size] = '\0';
}

/* As wget and curl have them, by thousands. */
static void put_bytes(struct text *text, double bytes) {
  static const char *const units[] = {"B", "KB", "MB", "GB", "TB", "PB", "EB"};
  size_t unit = 0;
  while (bytes >= 999.95 && unit + 1 < sizeof units / sizeof *units) {
    bytes /= 1000;
    unit++;
  }
  put(text, unit == 0 ? "%.0f %s" : "%.1f %s", bytes, units[unit]);
}

static void put_number(struct text *text, const struct ta_bar *bar, double number) {
  if (bar->in_bytes)
    put_bytes(text, number);
  else if (number == floor(number) && fabs(number) < 1e15)
    put(text, "%.0f", number);
  else
    put(text, fabs(number) < 1e15 ? "%.1f" : "%g", number);
}

static void put_count(struct text *text, const struct ta_bar *bar) {
  put_number(text, bar, bar->done);
  if (bar->total >= 0) put(text, "/");
  if (bar->total >= 0) put_number(text, bar, bar->total);
  if (bar->unit) put(text, " %s", bar->unit);
}

static void put_rate(struct text *text, const struct ta_bar *bar, double rate) {
  if (bar->in_bytes)
    put_bytes(text, rate);
  else
    put(text, rate >= 10 ? "%.0f" : rate >= 1 ? "%.1f" : "%.2g", rate);
  put(text, "/s");
}

static void put_time(struct text *text, double seconds) {
  double whole = floor(seconds + 0.5);
  if (whole < 60)
    put(text, "%.0f s", whole);
  else if (whole < 3600)
    put(text, "%.0f min %.0f s", floor(whole / 60), fmod(whole, 60));
  else
    put(text, "%.0f h %.0f min", floor(whole / 3600), floor(fmod(whole, 3600) / 60));
}

/* How long it will take yet, if that can be said. */
static bool put_left(struct text *text, const struct ta_bar *bar, double rate, const char *before) {
  double left = bar->total - bar->done;
  if (bar->total < 0 || left <= 0 || rate <= 0 || left / rate > FAR) return false;
  put(text, "%s", before);
  put_time(text, ceil(left / rate));
  put(text, " left");
  return true;
}

static int percent_of(const struct ta_bar *bar) {
  return (int)(ta_bar_share(bar) * 100);
}

size_t ta_bar_tell(struct ta_bar *bar, double now, bool ends, char bytes[TA_BAR_TEXT]) {
  struct text text = {.bytes = bytes};
  double seconds = now - bar->started, done = bar->done - bar->begun;
  double rate = !ends ? rate_of(bar, now) : seconds > 0 && done > 0 ? done / seconds : 0;
  if (bar->label) put(&text, "%s: ", bar->label);
  put_count(&text, bar);
  if (bar->total >= 0) put(&text, " (%d%%)", percent_of(bar));
  if (ends && seconds < 9.95) put(&text, " in %.2g s", seconds);
  if (ends && seconds >= 9.95) put(&text, " in ");
  if (ends && seconds >= 9.95) put_time(&text, seconds);
  if (rate > 0) put(&text, ", ");
  if (rate > 0) put_rate(&text, bar, rate);
  if (!ends) put_left(&text, bar, rate, ", ");
  return text.size;
}

/* -------------------------------------------------------------- on a terminal */

/* How much of the text fits into the columns; *used: how many that takes. */
static size_t fit(const char *text, size_t columns, size_t *used) {
  size_t at = 0, size = strlen(text);
  *used = 0;
  while (at < size) {
    size_t bytes = ta_utf8_length(text + at, size - at), width = ta_utf8_width(bytes);
    if (*used + width > columns) break;
    *used += width;
    at += bytes;
  }
  return at;
}

/* What stands behind the bar: the less columns, the less of it. */
static size_t make_tail(const struct ta_bar *bar, double rate, size_t columns, char *bytes) {
  for (int details = 3; details >= 0; details--) {
    struct text text = {.bytes = bytes};
    if (bar->total >= 0) put(&text, "%3d%%", percent_of(bar));
    if (details >= 1 || bar->total < 0) put(&text, bar->total >= 0 ? " " : "");
    if (details >= 1 || bar->total < 0) put_count(&text, bar);
    if (details >= 2 && rate > 0) put(&text, ", ");
    if (details >= 2 && rate > 0) put_rate(&text, bar, rate);
    if (details >= 3) put_left(&text, bar, rate, ", ");
    size_t used, fitting = fit(bytes, columns, &used);
    if (fitting == text.size || details == 0) return fitting;
  }
  return 0;
}

/* "[=====>    ] ", or of what nobody knows the end of nothing. */
static void put_bar(struct text *text, const struct ta_bar *bar, size_t columns) {
  if (bar->total < 0 || columns < LEAST_BAR + 3) return;
  size_t width = columns - 3 < MOST_BAR ? columns - 3 : MOST_BAR;
  size_t full = (size_t)(ta_bar_share(bar) * (double)width);
  char line[MOST_BAR + 1];
  memset(line, ' ', width);
  memset(line, '=', full);
  if (full > 0 && full < width) line[full - 1] = '>';
  line[width] = '\0';
  put(text, "[%s] ", line);
}

size_t ta_bar_draw(struct ta_bar *bar, double now, size_t columns, char bytes[TA_BAR_TEXT]) {
  struct text text = {.bytes = bytes};
  char tail[TA_BAR_TEXT];
  const char *label = bar->label ? bar->label : "";
  size_t used = 0, label_columns, tail_columns;
  fit(label, columns, &label_columns);
  size_t kept = label_columns < LEAST_LABEL ? label_columns : LEAST_LABEL;
  size_t tail_room = columns > kept + 1 && kept > 0 ? columns - kept - 1 : columns;
  tail[make_tail(bar, rate_of(bar, now), tail_room, tail)] = '\0';
  fit(tail, columns, &tail_columns);
  if (*label && columns > tail_columns + 1) {
    size_t shown = fit(label, columns - tail_columns - 1, &used);
    put(&text, "%.*s ", (int)shown, label);
    used++;
  }
  put_bar(&text, bar, columns - tail_columns - used);
  put(&text, "%s", tail);
  return text.size;
}
