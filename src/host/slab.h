/* SPDX-License-Identifier: MIT
 *
 * slab.h -- memory for many small blocks of few sizes.
 *
 * The system gives arenas, an arena is cut in pages, and a page in blocks of one
 * size, in steps of 16 bytes.  Whoever gives a block back says how big it is, so
 * blocks have no headers; above TA_SLAB_LARGEST they come from malloc.  Pages
 * that are empty serve any size, and arenas that are empty go back to the system.
 * The first blocks lie side by side whatever their size, so that a small program
 * stays small.  It knows nothing of what is in the blocks, and no threads.
 */
#ifndef TA_HOST_SLAB_H
#define TA_HOST_SLAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TA_SLAB_STEP 16      /* bytes: the alignment of all blocks as well */
#define TA_SLAB_LARGEST 2048 /* bytes of a block that is not malloc's */
#define TA_SLAB_CLASSES (TA_SLAB_LARGEST / TA_SLAB_STEP + 1)
#define TA_SLAB_ARENA ((size_t)2 << 20) /* bytes, and its alignment */

/* A page, described at the beginning of its arena. */
struct ta_slab_page {
  void *free;                       /* blocks given back: the first word leads to the next */
  char *fresh, *end;                /* where no block has been yet */
  struct ta_slab_page *next, *prev; /* those of its class that have room */
  uint32_t used;                    /* blocks that are not free */
  uint16_t class;                   /* the size of its blocks, in steps */
  bool full;                        /* nobody has given a block back since it was; not listed */
  bool mixed;                       /* it is full, and of blocks of all sizes */
};

enum ta_slab_fill { TA_SLAB_EMPTY, TA_SLAB_ROOMY, TA_SLAB_FULL, TA_SLAB_FILLS };

struct ta_slab_arena;

/* A block of malloc's, or the ends of a list of them. */
struct ta_slab_large {
  struct ta_slab_large *next, *prev;
};

struct ta_slab {
  struct ta_slab_page *current[TA_SLAB_CLASSES]; /* the first with room, or &none */
  struct ta_slab_page none;
  void *mixed[TA_SLAB_CLASSES]; /* free blocks of mixed pages */
  char *mixed_fresh, *mixed_end;
  struct ta_slab_arena *arenas[TA_SLAB_FILLS];
  struct ta_slab_large large;
  struct ta_slab_large strays; /* small by now, yet malloc's: there was no other room */
  size_t arena_count, empty_count;
  size_t taken; /* bytes of arenas and of malloc's blocks */
  size_t limit; /* more is refused; SIZE_MAX: that is left to the system */
  void *spare;  /* what becomes the first arena, or NULL */
};

/* Takes no memory yet.  The struct must stay where it is. */
void ta_slab_open(struct ta_slab *slab);

/* The same, with memory that a slab has left: the system need not clear it once more. */
void ta_slab_open_with(struct ta_slab *slab, void *spare);

/* Gives all its memory back, with the blocks that are in use. */
void ta_slab_close(struct ta_slab *slab);

/* The same, but for an arena, if it had no more than one: for ta_slab_open_with(), or
 * ta_slab_free_spare(); else NULL. */
void *ta_slab_close_but_one(struct ta_slab *slab);
void ta_slab_free_spare(void *spare);

/* What Lua asks of an allocator.  `data` is the slab.  A `block` of `old_size`
 * bytes gets `new_size`, and may move; 0: it is given back.  A `block` of NULL is
 * a new one.  NULL: there is no memory, and nothing has changed.  A block that is
 * to shrink always can. */
void *ta_slab_alloc(void *data, void *block, size_t old_size, size_t new_size);

#endif
