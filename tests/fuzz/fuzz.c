/* SPDX-License-Identifier: MIT */
#include "fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit/test.h"

uint8_t fuzz_byte(struct bytes *bytes) {
  struct bytes one = fuzz_some(bytes, 1);
  return one.left ? *one.at : 0;
}

struct bytes fuzz_some(struct bytes *bytes, size_t most) {
  struct bytes some = {bytes->at, bytes->left < most ? bytes->left : most};
  bytes->at += some.left;
  bytes->left -= some.left;
  return some;
}

/* ------------------------------------------------- what checks of the tests call */

void test_failed(const char *file, int line, const char *what) {
  fprintf(stderr, "%s:%d: %s\n", file, line, what);
  abort();
}

void test_texts_differ(const char *file, int line, const char *got, const char *want) {
  fprintf(stderr, "%s:%d: \"%s\" is not \"%s\"\n", file, line, got, want);
  abort();
}

bool test_same_text(const char *a, const char *b) {
  return a && b && strcmp(a, b) == 0;
}

bool test_quick(void) {
  return false;
}
