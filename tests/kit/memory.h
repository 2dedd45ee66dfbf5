/* SPDX-License-Identifier: MIT
 *
 * memory.h -- an allocator for Lua states that counts what is not given back, and that
 * can refuse.
 *
 * A state is made with lua_newstate(memory_allocate, &memory); once it is closed,
 * `bytes` ought to be 0.  It knows nothing of what is asked for, nor why.
 */
#ifndef KIT_MEMORY_H
#define KIT_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

struct memory {
  size_t bytes; /* that were not given back */
  bool moves;   /* each block at each change, so that a pointer kept too long is noticed */

  /* Asked for each block that is new (then `old` is 0) or grows: false refuses it.  NULL:
   * none is refused. */
  bool (*grants)(void *data, size_t old, size_t size);
  void *data;
};

/* A lua_Alloc; `data` is a struct memory. */
void *memory_allocate(void *data, void *block, size_t old, size_t size);

#endif
