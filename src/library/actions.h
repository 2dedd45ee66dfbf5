/* SPDX-License-Identifier: MIT
 *
 * actions.h -- async.actions: waits that scripts add to the protocol.
 *
 * A handler runs in the task that asks.  What it gets, wake and fail, hold the
 * ticket of one wait: called late or twice they do nothing.
 *
 * What the handlers wait for it does not know.
 */
#ifndef TA_LIBRARY_ACTIONS_H
#define TA_LIBRARY_ACTIONS_H

#include "core/runner.h"

/* Awaits the action, whose request is the table at index 1.  [-all, +?, v] */
int ta_await_action(struct ta_runner *runner, lua_State *L);

/* Pushes a table async.actions, of which there may be several: what one is given, all have.
 * [-0, +1, e] */
void ta_push_actions(struct ta_runner *runner, lua_State *L);

/* Makes the metatable of such waits, and room for handlers.  [-0, +0, m] */
void ta_actions_setup(struct ta_runner *runner, lua_State *L);

#endif
