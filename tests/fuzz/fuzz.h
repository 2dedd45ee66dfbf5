/* SPDX-License-Identifier: MIT
 *
 * fuzz.h -- what the targets of libFuzzer have in common: bytes taken from the front of what it
 * gives, one after the other.  What a check finds wrong ends the program.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>

struct bytes {
  const uint8_t *at;
  size_t left;
};

/* Called by libFuzzer, again and again. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The next byte, or 0 after the last. */
uint8_t fuzz_byte(struct bytes *bytes);

/* The next up to so many. */
struct bytes fuzz_some(struct bytes *bytes, size_t most);

#endif
