/* SPDX-License-Identifier: MIT */
#include "cli/report.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/stdio.h"
#include "tinyasync_lib.h"
#include "utf8.h"

/* --------------------------------------------------------- on a terminal */

#define ESCAPE_SIZE 4 /* of "\x1b" */

/* Must a terminal not be sent the character at `text`, of so many bytes? */
static bool is_harmful(const char *text, size_t length) {
  return *text != '\n' && *text != '\t' && ta_utf8_is_control(text, length);
}

static void write_escape(char *out, char character) {
  static const char digits[] = "0123456789abcdef";
  unsigned char byte = (unsigned char)character;
  memcpy(out, "\\x", 2);
  out[2] = digits[byte >> 4];
  out[3] = digits[byte & 15];
}

/* Writes what a terminal may be sent of `text` to `out`, which has room for
 * ESCAPE_SIZE bytes each.  Returns its length. */
static size_t make_harmless(char *out, const char *text, size_t length) {
  const char *end = text + length;
  size_t made = 0;
  for (size_t step; text < end; text += step) {
    step = ta_utf8_length(text, (size_t)(end - text));
    if (is_harmful(text, step)) {
      for (size_t i = 0; i < step; i++, made += ESCAPE_SIZE) write_escape(out + made, text[i]);
    } else {
      memcpy(out + made, text, step);
      made += step;
    }
  }
  return made;
}

#define PIECE 256 /* bytes that are made harmless at a time */

/* How much of `text` to take next; something, also of what is no UTF-8. */
static size_t piece_of(const char *text, size_t length) {
  if (length <= PIECE) return length;
  size_t end = ta_utf8_cut(text, PIECE);
  return end > 0 ? end : PIECE;
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
  struct pollfd writable = {.fd = STDERR_FILENO, .events = POLLOUT};
  if (poll(&writable, 1, 0) == 0) return; /* nobody reads, and the end must not wait for that */
  ta_stdio_clear_in_handler();
  ssize_t ignored = write(STDERR_FILENO, steers ? harmless : text, length);
  (void)ignored;
}

void ta_report_text(const char *text, size_t length) {
  fflush(stdout);
  put(text, length);
}

/* ---------------------------------------------------------------- failures */

static void put_piece(void *data, const char *text, size_t length) {
  (void)data;
  put(text, length);
}

void ta_report_hint(const char *hint) {
  if (!hint) return;
  fputs("hint: ", stderr);
  put_string(hint);
  fputc('\n', stderr);
}

void ta_report_failure(const struct ta_failure *failure, const char *hint, bool traceback) {
  fflush(stdout);
  ta_write_failure(failure, put_piece, NULL);
  fputc('\n', stderr);
  if (failure->kind != TA_FAILURE_KNOWN) ta_report_hint(hint);
  if (traceback) ta_write_failure_lines(failure, put_piece, NULL);
}

/* ------------------------------------------------------------------- tasks */

/* (runner, kind): the Runner's report, as text */
static int l_report(lua_State *L) {
  ta_push_report(lua_touserdata(L, 1), L, (enum ta_report_kind)lua_tointeger(L, 2));
  return 1;
}

/* Leaves a report on top of L, or nil, or where there is no room nothing. */
static const char *push_report(struct ta_runner *runner, lua_State *L, enum ta_report_kind kind,
                               size_t *length) {
  *length = 0;
  if (!lua_checkstack(L, LUA_MINSTACK)) return NULL;
  lua_pushcfunction(L, l_report);
  lua_pushlightuserdata(L, runner);
  lua_pushinteger(L, kind);
  if (lua_pcall(L, 2, 1, 0) != LUA_OK) {
    lua_pop(L, 1);
    lua_pushnil(L);
  }
  return lua_tolstring(L, -1, length);
}

void ta_report_tasks(struct ta_runner *runner, lua_State *L, enum ta_report_kind kind,
                     const char *otherwise) {
  size_t length;
  int top = lua_gettop(L);
  const char *text = push_report(runner, L, kind, &length);
  if (text)
    ta_report_text(text, length);
  else
    ta_report("%s", otherwise);
  lua_settop(L, top);
}

const char *ta_report_names(struct ta_runner *runner, lua_State *L) {
  size_t length;
  const char *names = push_report(runner, L, TA_REPORT_NAMES, &length);
  return names ? names : "?";
}
