/* SPDX-License-Identifier: MIT
 *
 * kit.h -- what every script writes again, written once: in Lua, over what scripts have too.
 *
 * Each part is a chunk, loaded when a script first asks for one of its names.
 */
#ifndef TA_KIT_KIT_H
#define TA_KIT_KIT_H

#include <lua.h>
#include <stdbool.h>
#include <stdio.h>

#include "tinyasync_lib.h"

/* Offers the kit.  The table async is on top.  [-0, +0, e] */
void ta_offer_kit(struct ta_runner *runner, lua_State *L);

/* What a shell is to offer after a script's name is wanted, and nothing else of the script. */
struct ta_completion {
  const char *shell; /* "bash", "zsh" or "fish" */
  FILE *out;
  bool given; /* it was written there */
  int error;  /* a positive errno: in vain */
};

/* The script's first call of async.args() without words of its own writes that, and ends the run.
 * The struct lasts as long as the state.  [-0, +0, m] */
void ta_kit_complete(lua_State *L, struct ta_completion *completion);

#endif
