/* SPDX-License-Identifier: MIT */
#include "host/footer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host/signals.h"

#define CLEAR_LINE "\033[K"
#define CLEAR_BELOW "\033[J"

static bool grow(char **bytes, size_t *room, size_t size) {
  if (size <= *room) return true;
  char *grown = realloc(*bytes, 2 * size);
  if (!grown) return false;
  *bytes = grown;
  *room = 2 * size;
  return true;
}

int ta_footer_set(struct ta_footer *footer, const char *text, size_t size) {
  if (!grow(&footer->text, &footer->room, size)) return -ENOMEM;
  if (size > 0) memcpy(footer->text, text, size);
  footer->size = size;
  return 0;
}

/* "\r", and up to its first row; no more than 16 bytes.  Without printf(): also in handlers. */
static size_t go_to_first(const struct ta_footer *footer, char *text) {
  size_t size = 0;
  int up = footer->shown - 1;
  text[size++] = '\r';
  if (up <= 0 || up > 999) return size;
  text[size++] = '\033';
  text[size++] = '[';
  if (up >= 100) text[size++] = (char)('0' + up / 100);
  if (up >= 10) text[size++] = (char)('0' + up / 10 % 10);
  text[size++] = (char)('0' + up % 10);
  text[size++] = 'A';
  return size;
}

/* What was drawn before we were stopped has others' rows below it by now. */
static void look_for_stops(struct ta_footer *footer) {
  if (footer->stops != ta_signals_stops()) footer->shown = 0;
}

size_t ta_footer_erase(struct ta_footer *footer, char erasure[TA_FOOTER_ERASURE]) {
  look_for_stops(footer);
  if (footer->shown == 0) return 0;
  size_t size = go_to_first(footer, erasure);
  footer->shown = 0;
  memcpy(erasure + size, CLEAR_BELOW, strlen(CLEAR_BELOW));
  return size + strlen(CLEAR_BELOW);
}

static char *add(char *to, const char *bytes, size_t size) {
  memcpy(to, bytes, size);
  return to + size;
}

/* Each row is written over what stands there, so that nothing flickers. */
static char *add_rows(const struct ta_footer *footer, char *to, int *rows) {
  const char *row = footer->text, *end = footer->text + footer->size;
  for (*rows = 0; row <= end; (*rows)++) {
    const char *newline = memchr(row, '\n', (size_t)(end - row));
    size_t size = (size_t)((newline ? newline : end) - row);
    if (*rows > 0) to = add(to, "\r\n", 2);
    to = add(to, row, size);
    to = add(to, CLEAR_LINE, strlen(CLEAR_LINE));
    row += size + 1;
  }
  return to;
}

static size_t count_rows(const struct ta_footer *footer) {
  size_t rows = 1;
  for (size_t i = 0; i < footer->size; i++) rows += footer->text[i] == '\n';
  return rows;
}

const char *ta_footer_draw(struct ta_footer *footer, size_t *size) {
  size_t most = footer->size + count_rows(footer) * (2 + strlen(CLEAR_LINE)) + TA_FOOTER_ERASURE;
  if (!grow(&footer->drawing, &footer->drawing_room, most)) return NULL;
  look_for_stops(footer);
  int before = footer->shown;
  char *to = footer->drawing + go_to_first(footer, footer->drawing);
  to = add_rows(footer, to, &footer->shown);
  if (before > footer->shown) to = add(to, CLEAR_BELOW, strlen(CLEAR_BELOW));
  to = add(to, "\r", 1);
  footer->stops = ta_signals_stops();
  *size = (size_t)(to - footer->drawing);
  return footer->drawing;
}

void ta_footer_close(struct ta_footer *footer) {
  free(footer->text);
  free(footer->drawing);
  *footer = (struct ta_footer){.aside = footer->aside};
}
