/* SPDX-License-Identifier: MIT
 *
 * state.h -- the Lua state of the command line, and its memory.
 *
 * Like that of the lua program: warnings go to stderr once a script has said
 * warn("@on"), and an error that nobody could catch is told before the program
 * ends.  Its memory comes from a slab, or from the C library if TINYASYNC_ALLOC
 * is "system" in the environment or a sanitizer watches the program.
 */
#ifndef TA_CLI_STATE_H
#define TA_CLI_STATE_H

#include <lua.h>
#include <stdbool.h>

#include "io/ration.h"
#include "host/slab.h"

struct ta_state {
  struct ta_slab slab;
  struct ta_ration ration; /* of what the slab, or the C library, has; if there is a limit */
  bool warns;              /* the script wants to see warnings */
  bool warning;            /* one is being written: it comes in pieces */
};

/* A new state that uses at most `limit` bytes (0: as many as there are), or NULL without memory.
 * The struct must stay where it is. */
lua_State *ta_state_open(struct ta_state *state, size_t limit);

/* Closes it, which runs its finalizers, and gives all memory back. */
void ta_state_close(struct ta_state *state, lua_State *L);

#endif
