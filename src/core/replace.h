/* SPDX-License-Identifier: MIT
 *
 * replace.h -- what the Runner has put in the place of Lua's own, and can put back.
 */
#ifndef TA_CORE_REPLACE_H
#define TA_CORE_REPLACE_H

#include "core/runner.h"

/* Sets table[key] to the value on top and remembers what was there.  The table
 * lies at `table`.  [-1, +0, e] */
void ta_replace(struct ta_runner *runner, lua_State *L, int table, const char *key);

/* Puts back what was replaced and nobody has replaced since.  [-0, +0, -] */
void ta_put_back(struct ta_runner *runner, lua_State *L);

#endif
