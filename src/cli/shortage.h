/* SPDX-License-Identifier: MIT
 *
 * shortage.h -- is the run going under for want of memory?
 *
 * One task that asks for too much fails, and the others go on.  When tasks keep
 * failing so for seconds, each of them after a collection that found next to nothing,
 * the run will not recover.  It knows no Lua and reads no clock.
 */
#ifndef TA_CLI_SHORTAGE_H
#define TA_CLI_SHORTAGE_H

#include <stdbool.h>
#include <stddef.h>

struct ta_shortage {
  double began; /* seconds of real time */
  double last;
  size_t failures; /* since it began */
};

/* A task has failed with this message at `now`.  True: for lack of memory, and others
 * have done so for long enough. */
bool ta_shortage_note(struct ta_shortage *shortage, const char *message, size_t length, double now);

#endif
