/* SPDX-License-Identifier: MIT
 *
 * cancel.h -- stopping tasks from outside.
 *
 * ta_cancel_all() and ta_preempt() are in tinyasync.h; here is what the rest of
 * the core does for them.
 */
#ifndef TA_CORE_CANCEL_H
#define TA_CORE_CANCEL_H

#include "core/runner.h"

/* The error that ends a callback of a C function which cannot be suspended. */
#define TA_TORN "interrupted"

/* Sets the hook that suspends `co`, which runs or is about to. */
void ta_preempt_coroutine(lua_State *co);

/* Makes the Runner known to the hook.  [-0, +0, m] */
void ta_preempt_setup(struct ta_runner *runner, lua_State *L);

/* The hook forgets the Runner.  [-0, +0, -] */
void ta_preempt_close(struct ta_runner *runner, lua_State *L);

#endif
