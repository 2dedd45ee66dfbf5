/* SPDX-License-Identifier: MIT */
#include "cli/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --------------------------------------------------------- on a terminal */

#define ESCAPE_SIZE 4 /* of "\x1b" */

/* How many bytes the character at `text` has that a terminal must not be sent, or
 * 0: a control character, also one of the second set, as UTF-8 or by itself. */
static size_t length_of_control(const unsigned char *text, size_t left) {
  if (*text == '\n' || *text == '\t') return 0;
  if (*text < 32 || *text == 127) return 1;
  if (*text == 0xC2 && left > 1 && text[1] >= 0x80 && text[1] < 0xA0) return 2;
  return *text >= 0x80 && *text < 0xA0;
}

/* How many bytes the character of UTF-8 at `text` has; 1 if it is none. */
static size_t length_of_character(const unsigned char *text, size_t left) {
  size_t length = *text < 0xC2 ? 1 : *text < 0xE0 ? 2 : *text < 0xF0 ? 3 : *text < 0xF5 ? 4 : 1;
  if (length > left) return 1;
  for (size_t i = 1; i < length; i++)
    if ((text[i] & 0xC0) != 0x80) return 1;
  return length;
}

static void write_escape(char *out, unsigned char byte) {
  static const char digits[] = "0123456789abcdef";
  memcpy(out, "\\x", 2);
  out[2] = digits[byte >> 4];
  out[3] = digits[byte & 15];
}

/* Writes what a terminal may be sent of `text` to `out`, which has room for
 * ESCAPE_SIZE bytes each.  Returns its length. */
static size_t make_harmless(char *out, const char *text, size_t length) {
  const unsigned char *bytes = (const unsigned char *)text;
  size_t made = 0;
  for (size_t i = 0, step; i < length; i += step) {
    size_t control = length_of_control(bytes + i, length - i);
    step = control ? control : length_of_character(bytes + i, length - i);
    for (size_t k = 0; k < control; k++, made += ESCAPE_SIZE)
      write_escape(out + made, bytes[i + k]);
    if (control) continue;
    memcpy(out + made, text + i, step);
    made += step;
  }
  return made;
}

#define PIECE 256 /* bytes that are made harmless at a time */

/* Where to cut `text` so that no character is broken in two. */
static size_t piece_of(const char *text, size_t length) {
  if (length <= PIECE) return length;
  size_t end = PIECE;
  while (end > PIECE - 4 && ((unsigned char)text[end] & 0xC0) == 0x80) end--;
  return end;
}

/* ---------------------------------------------------------------- writing */

static void put(const char *text, size_t length) {
  char harmless[PIECE * ESCAPE_SIZE];
  if (!isatty(STDERR_FILENO)) {
    fwrite(text, 1, length, stderr);
    return;
  }
  while (length > 0) {
    size_t piece = piece_of(text, length);
    fwrite(harmless, 1, make_harmless(harmless, text, piece), stderr);
    text += piece;
    length -= piece;
  }
}

static void put_string(const char *text) {
  put(text, strlen(text));
}

/* The text, to be freed, or NULL. */
#if defined(__GNUC__)
__attribute__((format(printf, 1, 0)))
#endif
static char *
make_text(const char *format, va_list arguments) {
  va_list again;
  va_copy(again, arguments);
  int length = vsnprintf(NULL, 0, format, again);
  va_end(again);
  char *text = length < 0 ? NULL : malloc((size_t)length + 1);
  if (text) vsnprintf(text, (size_t)length + 1, format, arguments);
  return text;
}

void ta_report_with(const char *before, const char *format, va_list arguments, const char *after) {
  char *text = make_text(format, arguments);
  fflush(stdout);
  fputs(before, stderr);
  put_string(text ? text : "not enough memory");
  fprintf(stderr, "%s\n", after);
  free(text);
}

void ta_report(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  ta_report_with("tinyasync: ", format, arguments, "");
  va_end(arguments);
}

void ta_report_from_handler(const char *text) {
  char harmless[PIECE * ESCAPE_SIZE];
  size_t length = piece_of(text, strlen(text));
  bool steers = isatty(STDERR_FILENO);
  if (steers) length = make_harmless(harmless, text, length);
  ssize_t ignored = write(STDERR_FILENO, steers ? harmless : text, length);
  (void)ignored;
}

void ta_report_text(const char *text, size_t length) {
  fflush(stdout);
  put(text, length);
}

/* ---------------------------------------------------------------- failures */

static void report_known(const struct ta_failure *failure) {
  fprintf(stderr, " (#%llu ", (unsigned long long)failure->id);
  put_string(failure->name);
  fputs(" awaited ", stderr);
  put_string(failure->origin ? failure->origin : "a task");
  fputs(", reported above)\n", stderr);
}

static void put_line(const char *text) {
  if (!text) return;
  put_string(text);
  fputc('\n', stderr);
}

void ta_report_hint(const char *hint) {
  if (!hint) return;
  fputs("hint: ", stderr);
  put_line(hint);
}

void ta_report_failure(const struct ta_failure *failure, const char *hint, bool traceback) {
  fflush(stdout);
  fputs("Error in task: ", stderr);
  put(failure->message, failure->message_length);
  if (failure->kind == TA_FAILURE_KNOWN) {
    report_known(failure);
    return;
  }
  fputc('\n', stderr);
  ta_report_hint(hint);
  if (!traceback) return;
  fputs("task ", stderr);
  if (!failure->origin) fprintf(stderr, "#%llu ", (unsigned long long)failure->id);
  put_line(failure->origin ? failure->origin : failure->name);
  put_line(failure->traceback);
  put_line(failure->spawned);
}
