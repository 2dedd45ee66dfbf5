/* SPDX-License-Identifier: MIT
 *
 * kit.h -- what functions above the Lua line are made with: kinds of objects, checks of
 * arguments, values in one.
 */
#ifndef TA_CORE_KIT_H
#define TA_CORE_KIT_H

#include "core/runner.h"
#include "tinyasync_lib.h"

/* lua_settop() where the top mostly is there already. */
static inline void ta_settop(lua_State *L, int top) {
  if (TA_UNLIKELY(lua_gettop(L) != top)) lua_settop(L, top);
}

/* Sets one such function in the table on top.  [-0, +0, m] */
void ta_set_function(struct ta_runner *runner, lua_State *L, const char *name,
                     lua_CFunction function);

/* Pushes a table for the methods of the kind `name`, with these, of which there may
 * be none.  It notes what is looked for in vain, for hints.  [-0, +1, m] */
void ta_new_methods(struct ta_runner *runner, lua_State *L, const char *name,
                    const struct ta_function *methods);

/* Pushes a metatable with these methods, of which there may be none.
 * [-0, +1, m] */
void ta_new_kind(struct ta_runner *runner, lua_State *L, const char *name,
                 const struct ta_function *methods);

/* Keeps under `which` the metatable of a kind of error objects.  [-0, +0, m] */
void ta_keep_error_kind(struct ta_runner *runner, lua_State *L, int which, const char *name,
                        lua_CFunction tostring);

/* Pushes a copy of the table on top.  [-0, +1, m] */
void ta_push_copy(lua_State *L);

/* The userdata at `index`, or NULL unless its metatable is the one kept under
 * `which`.  [-0, +0, -] */
void *ta_to_kind(struct ta_runner *runner, lua_State *L, int index, int which);

/* The same for index 1 of a C function whose first upvalue is the Runner, or
 * raises.  [-0, +0, v] */
void *ta_check_kind(lua_State *L, int which, const char *type);

/* Raises unless it can.  `example` is how it should have been called: the mistake
 * is to give what a function returns.  [-0, +0, v] */
void ta_check_callable(lua_State *L, int index, const char *example);

/* Raises for an argument of the wrong type, with words of advice.  [-0, +0, v] */
int ta_raise_type(lua_State *L, int index, const char *expected, const char *advice);

/* The value as seconds, or raises; `what` begins the message.  [-0, +0, v] */
double ta_check_seconds(lua_State *L, int index, const char *what);

/* Pushes a bad value as a message shows it.  [-0, +1, e] */
const char *ta_push_shown(lua_State *L, int index);

/* Pushes any value as text for a message: without zeros, which would end it.
 * [-0, +1, e] */
const char *ta_push_readable(lua_State *L, int index);

/* Pushes the string at `index` with a blank in the place of each zero byte: C reads to
 * the first zero.  [-0, +1, m] */
const char *ta_push_without_zeros(lua_State *L, int index);

/* Is the value at `index` that very string? */
bool ta_is_word(lua_State *L, int index, const char *word);

/* Lua's own `next`: the script may have put something else in its place. */
int ta_l_next(lua_State *L);

#endif
