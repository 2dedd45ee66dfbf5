/* SPDX-License-Identifier: MIT
 *
 * outside.h -- what the kit's Lua cannot do by itself: a few functions of C, and the script whose
 * completion is wanted.
 */
#ifndef TA_KIT_OUTSIDE_H
#define TA_KIT_OUTSIDE_H

#include "tinyasync_lib.h"

/* For the chunks. */
extern const struct ta_function ta_kit_outside[];

/* One of them, which lets the function that it calls wait. */
int ta_kit_call(lua_State *L);

#endif
