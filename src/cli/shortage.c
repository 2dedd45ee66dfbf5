/* SPDX-License-Identifier: MIT */
#include "cli/shortage.h"

#include <string.h>

#define WORDS "not enough memory" /* Lua's own */
#define LONGEST 3.0               /* seconds for which tasks may fail */
#define PAUSE 1.0                 /* as long without a failure, and all is well again */

bool ta_shortage_note(struct ta_shortage *shortage, const char *message, size_t length,
                      double now) {
  if (length != strlen(WORDS) || memcmp(message, WORDS, length) != 0) return false;
  if (shortage->failures == 0 || now - shortage->last > PAUSE)
    *shortage = (struct ta_shortage){.began = now};
  shortage->last = now;
  shortage->failures++;
  return now - shortage->began > LONGEST;
}
