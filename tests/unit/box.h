/* SPDX-License-Identifier: MIT
 *
 * box.h -- an object of a library: full or not, for whoever waits to open it.
 *
 * Scripts call get(), which waits until it is full and empties it, fill() and peek().
 * select takes it.  It is made with tinyasync_lib.h alone, and knows no test.
 */
#ifndef BOX_H
#define BOX_H

#include "tinyasync_lib.h"
#include "unit/world.h"

struct box {
  struct ta_list waiting;
  struct ta_attachment attachment; /* nobody's, unless a test attaches it */
  struct world *world;
  bool full;
  bool bottomless; /* it is full for ever */
};

extern const struct ta_object_kind box_kind;

/* Makes the global `name` a new box. */
struct box *add_box(struct world *world, const char *name);

#endif
