/* SPDX-License-Identifier: MIT */
#include "host/pattern.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

#include "utf8.h"

/* Bytes that are no UTF-8 come after all characters. */
static uint32_t take(const char **text) {
  const unsigned char *at = (const unsigned char *)*text;
  size_t length = ta_utf8_length(*text, 4);
  *text += length;
  if (length == 1) return at[0] < 0x80 ? at[0] : 0x110000U + at[0];
  uint32_t character = at[0] & (0x7FU >> length);
  for (size_t i = 1; i < length; i++) character = character << 6 | (at[i] & 0x3FU);
  return character;
}

static bool is_of_class(const char *name, size_t length, uint32_t character) {
  static const struct {
    const char *name;
    int (*has)(int character);
  } classes[] = {{"alpha", isalpha}, {"digit", isdigit}, {"alnum", isalnum}, {"upper", isupper},
                 {"lower", islower}, {"space", isspace}, {"punct", ispunct}, {"xdigit", isxdigit},
                 {"blank", isblank}, {"cntrl", iscntrl}, {"graph", isgraph}, {"print", isprint}};
  for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
    if (strlen(classes[i].name) == length && memcmp(classes[i].name, name, length) == 0)
      return character < 0x80 && classes[i].has((int)character);
  return false;
}

static uint32_t take_member(const char **pattern) {
  if (**pattern == '\\' && (*pattern)[1]) (*pattern)++;
  return take(pattern);
}

/* After "[": where the set ends, or NULL: it is none.  A "]" that comes first is a member. */
static const char *end_of_set(const char *at) {
  if (*at == '!' || *at == '^') at++;
  for (const char *first = at; *at; at++) {
    if (*at == ']' && at > first) return at;
    const char *end = at[0] == '[' && at[1] == ':' ? strstr(at + 2, ":]") : NULL;
    if (end)
      at = end + 1;
    else if (*at == '\\' && at[1])
      at++;
  }
  return NULL;
}

static bool set_has(const char *at, const char *end, uint32_t character) {
  bool found = false, inverted = *at == '!' || *at == '^';
  if (inverted) at++;
  while (at < end) {
    const char *closing = at[0] == '[' && at[1] == ':' ? strstr(at + 2, ":]") : NULL;
    if (closing && closing < end) {
      found |= is_of_class(at + 2, (size_t)(closing - at - 2), character);
      at = closing + 2;
      continue;
    }
    uint32_t low = take_member(&at), high = low;
    if (at[0] == '-' && at + 1 < end) at++, high = take_member(&at);
    found |= low <= character && character <= high;
  }
  return found != inverted;
}

/* One character of the name against what is no "*": false leaves both anywhere. */
static bool step(const char **pattern, const char **name) {
  if (!**name || !**pattern) return false;
  const char *end = **pattern == '[' ? end_of_set(*pattern + 1) : NULL;
  if (end) {
    const char *set = *pattern + 1;
    *pattern = end + 1;
    return set_has(set, end, take(name));
  }
  if (**pattern == '?') return (*pattern)++, take(name), true;
  return take_member(pattern) == take(name);
}

bool ta_pattern_matches(const char *pattern, const char *name, bool hidden) {
  const char *star = NULL, *from = NULL;
  if (*name == '.' && !hidden && *pattern != '.' && strncmp(pattern, "\\.", 2) != 0) return false;
  while (*name || *pattern) {
    if (*pattern == '*') {
      star = ++pattern;
      from = name;
    } else if (!step(&pattern, &name)) {
      if (!star || !*from) return false;
      take(&from);
      name = from;
      pattern = star;
    }
  }
  return true;
}
