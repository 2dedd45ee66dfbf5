/* SPDX-License-Identifier: MIT
 *
 * clock.h -- real time and virtual time.
 *
 * Real time is the monotonic clock, counted from the opening.  Virtual time
 * stands still until it is moved.  It knows nothing of who waits for what.
 */
#ifndef TA_HOST_CLOCK_H
#define TA_HOST_CLOCK_H

#include <stdbool.h>

#include "exported.h"

struct ta_clock {
  bool is_virtual;
  double virtual_now;
  double origin; /* on the monotonic clock */
};

/* Seconds on a clock that nobody sets. */
TA_FOR_MODULES double ta_monotonic(void);

void ta_clock_open(struct ta_clock *clock, bool is_virtual);

/* Seconds since the opening. */
double ta_clock_now(const struct ta_clock *clock);

/* Moves virtual time forward to `to`; it never goes back. */
void ta_clock_advance(struct ta_clock *clock, double to);

/* The virtual time in `seconds`: later than now, however late it is. */
double ta_clock_after(const struct ta_clock *clock, double seconds);

#define TA_STAMP_SIZE 40

/* Writes the time of day as "2026-11-27T14:01:02Z", or "2026-11-27T14:01:02.123Z" where it is to be
 * fine; "" where the clock shows none. */
void ta_clock_stamp(char text[TA_STAMP_SIZE], bool is_fine);

/* Seconds of real time since the opening, whatever the clock shows. */
double ta_clock_real(const struct ta_clock *clock);

#endif
