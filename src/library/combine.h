/* SPDX-License-Identifier: MIT
 *
 * combine.h -- async.all and its kin, which combine.lua holds.
 *
 * It has async find them when they are looked for, and gives them what else they need.
 */
#ifndef TA_LIBRARY_COMBINE_H
#define TA_LIBRARY_COMBINE_H

#include "core/runner.h"

/* Has the table on top, which is async, find the functions.  [-0, +0, m] */
void ta_open_combinators(struct ta_runner *runner, lua_State *L);

#endif
