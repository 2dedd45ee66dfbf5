/* SPDX-License-Identifier: MIT
 *
 * lose.h -- objects that are lost: Lua frees them when it was refused the memory to call their
 * finalizers.
 */
#ifndef LOSE_H
#define LOSE_H

#include "unit/world.h"

/* Makes the global lose(), which loses all that is garbage, and counts from 0 on. */
void add_lose(struct world *world);

/* Finalizers that could not be called. */
int count_lost(void);

#endif
