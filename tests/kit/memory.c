/* SPDX-License-Identifier: MIT */
#include "kit/memory.h"

#include <stdlib.h>
#include <string.h>

static void *move(void *block, size_t old, size_t size) {
  void *moved = malloc(size);
  if (!moved) return NULL;
  if (block) memcpy(moved, block, old < size ? old : size);
  free(block);
  return moved;
}

void *memory_allocate(void *data, void *block, size_t old, size_t size) {
  struct memory *memory = data;
  if (!block) old = 0; /* it is a type tag then */
  if (size == 0) {
    free(block);
    memory->bytes -= old;
    return NULL;
  }
  if (size > old && memory->grants && !memory->grants(memory->data, old, size)) return NULL;
  void *moved = memory->moves ? move(block, old, size) : realloc(block, size);
  if (moved) memory->bytes += size - old;
  return moved;
}
