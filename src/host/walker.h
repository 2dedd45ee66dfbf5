/* SPDX-License-Identifier: MIT
 *
 * walker.h -- what is in a tree, or what a pattern of paths finds there, batch by batch.
 *
 * It blocks, and belongs into a thread, while a batch is filled; between two batches nobody
 * does anything.  It needs memory for where it is and for a batch, however large the tree is:
 * only the names of a directory are kept together where they are to be sorted, and the deepest
 * levels of a tree whose descriptors are closed.  What disappears meanwhile is not told of.
 */
#ifndef TA_HOST_WALKER_H
#define TA_HOST_WALKER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "host/gate.h"
#include "host/tree.h"

#define TA_WALK_TROUBLE 0xFF /* as a type: the path could not be read */
#define TA_MOST_PARTS 60

enum ta_walk_flags {
  TA_WALK_SORTED = 1,      /* by name, directory by directory */
  TA_WALK_FOLLOW = 2,      /* into directories behind links, and types are those of targets */
  TA_WALK_HIDDEN = 4,      /* names that begin with a dot, too */
  TA_WALK_DIRECTORIES = 8, /* no more than directories, with a slash at their end */
  TA_WALK_LENIENT = 16,    /* what cannot be read has nothing in it */
};

/* The caller fills in what stands before `stop`. */
struct ta_walker {
  char *path, *place; /* where it begins: what it is called, and where that is; malloc'ed */
  unsigned flags;
  unsigned types;    /* a bit for each DT_ that is given */
  size_t depth;      /* levels; 0: all */
  char *parts;       /* of a pattern, each "*" for "**", "=NAME", or "?" with alternatives, ended
                        by zeros, and an empty one each: malloc'ed; NULL: everything */
  size_t part_count; /* at most TA_MOST_PARTS */
  const struct ta_gate *gate; /* what may not be read is a trouble: -TA_NOT_ALLOWED */

  atomic_bool stop; /* the batch is to end soon */
  struct ta_tree tree;
  const char *part[TA_MOST_PARTS]; /* where each begins */
  bool begun, ended;
  bool lists;        /* not only names of the pattern were looked up so far */
  bool lacks_memory; /* and the batch has no room to tell of it */

  char *bytes; /* the batch: see ta_walked() */
  size_t size, room;
};

/* An entry of a batch. */
struct ta_walked {
  const char *path;
  size_t length;
  int error; /* a negative errno, with TA_WALK_TROUBLE */
  unsigned char type;
};

/* Fills the batch anew.  It is empty when nothing is left. */
void ta_walker_fill(struct ta_walker *walker);

/* The entry at `*at`, which moves on.  False: that was the last one. */
bool ta_walked(const char *batch, size_t size, size_t *at, struct ta_walked *entry);

/* Frees all but the struct itself. */
void ta_walker_close(struct ta_walker *walker);

#endif
