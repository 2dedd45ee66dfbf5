/* SPDX-License-Identifier: MIT
 *
 * kit.h -- what every script writes again, written once: in Lua, over what scripts have too.
 *
 * Each part is a chunk, loaded when a script first asks for one of its names.
 */
#ifndef TA_KIT_KIT_H
#define TA_KIT_KIT_H

#include <lua.h>

#include "tinyasync_lib.h"

/* Offers the kit.  The table async is on top.  [-0, +0, e] */
void ta_offer_kit(struct ta_runner *runner, lua_State *L);

#endif
