/* SPDX-License-Identifier: MIT
 *
 * utf8.h -- the characters of text that may be anything.
 *
 * What is no UTF-8 is a character a byte.  Every room may use it: it knows none.
 */
#ifndef TA_UTF8_H
#define TA_UTF8_H

#include <stdbool.h>
#include <stddef.h>

static inline bool ta_utf8_goes_on(char byte) {
  return ((unsigned char)byte & 0xC0) == 0x80;
}

/* How many bytes the character at `text` has, where `left` bytes are left, or more and
 * then a zero. */
static inline size_t ta_utf8_length(const char *text, size_t left) {
  unsigned char first = (unsigned char)*text;
  size_t length = first < 0xC2 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF5 ? 4 : 1;
  if (length > left) return 1;
  for (size_t i = 1; i < length; i++)
    if (!ta_utf8_goes_on(text[i])) return 1;
  return length;
}

/* Is the character at `text`, of so many bytes, one for a terminal to obey?  Those of
 * the second set are, as UTF-8 or by themselves. */
static inline bool ta_utf8_is_control(const char *text, size_t length) {
  unsigned char first = (unsigned char)*text;
  if (length == 2) return first == 0xC2 && (unsigned char)text[1] < 0xA0;
  return length == 1 && (first < 32 || (first >= 127 && first < 0xA0));
}

/* How many columns of a terminal a character of so many bytes takes, at most: of those of three it
 * is not known here whether they take two. */
static inline size_t ta_utf8_width(size_t length) {
  return length > 2 ? 2 : 1;
}

/* Where to cut `text`, which is longer than `most` bytes, so that no character is
 * broken in two. */
static inline size_t ta_utf8_cut(const char *text, size_t most) {
  while (most > 0 && ta_utf8_goes_on(text[most])) most--;
  return most;
}

#endif
