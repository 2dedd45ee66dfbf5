/* SPDX-License-Identifier: MIT
 *
 * pass.h -- the pass: those that are due are stepped, and the host hears when to come
 * back.
 *
 * It makes the Runner too, and frees it.
 */
#ifndef TA_CORE_PASS_H
#define TA_CORE_PASS_H

#include "core/upper.h"

/* As ta_runner_new(), for whom it is made: of scripts it knows nothing yet. */
struct ta_runner *ta_runner_make(lua_State *L, const struct ta_host *host,
                                 const struct ta_upper *upper);

#endif
