/* SPDX-License-Identifier: MIT
 *
 * part.h -- of a sweep that goes through very much, what one run of the tests takes.
 */
#ifndef TEST_PART_H
#define TEST_PART_H

#include <stdbool.h>
#include <stdint.h>

/* Where TA_TEST_PART is K/N, each N-th from number K on: N runs take all.  Without it all
 * are taken at once. */
struct part {
  unsigned first; /* counted from 0 */
  unsigned each;
};

struct part part_of_this_run(void);

/* A sweep from *at on by *step takes its part. */
void part_take(unsigned *at, unsigned *step);

/* Is what has that number, counted from 0, one of them? */
bool part_has(uint64_t number);

#endif
