/* SPDX-License-Identifier: MIT
 *
 * pattern.h -- names against patterns as a shell has them.
 *
 * "*" any characters, "?" one, "[a-z]" one of those, "[!a-z]" or "[^a-z]" one that is none of
 * those, "[[:digit:]]" one of a class of ASCII; a backslash takes the meaning from what follows.
 * Characters are those of UTF-8, and what is none is one a byte, whatever the locale says.  It
 * knows no slash.
 */
#ifndef TA_HOST_PATTERN_H
#define TA_HOST_PATTERN_H

#include <stdbool.h>

/* Is the whole name so?  One that begins with a dot only if the pattern says the dot, unless
 * `hidden`. */
bool ta_pattern_matches(const char *pattern, const char *name, bool hidden);

#endif
