/* SPDX-License-Identifier: MIT
 *
 * replace.h -- what the Runner has put in the place of Lua's own, and can put back.
 */
#ifndef TA_CORE_REPLACE_H
#define TA_CORE_REPLACE_H

#include "core/runner.h"

/* Puts back what was replaced and nobody has replaced since.  [-0, +0, -] */
void ta_put_back(struct ta_runner *runner, lua_State *L);

#endif
