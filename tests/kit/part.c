/* SPDX-License-Identifier: MIT */
#include "kit/part.h"

#include <stdio.h>
#include <stdlib.h>

struct part part_of_this_run(void) {
  struct part part;
  const char *text = getenv("TA_TEST_PART");
  bool told = text && sscanf(text, "%u/%u", &part.first, &part.each) == 2;
  return told && part.first < part.each ? part : (struct part){0, 1};
}

void part_take(unsigned *at, unsigned *step) {
  struct part part = part_of_this_run();
  *at += part.first * *step;
  *step *= part.each;
}

bool part_has(uint64_t number) {
  struct part part = part_of_this_run();
  return number % part.each == part.first;
}
