/* SPDX-License-Identifier: MIT
 *
 * chunk.h -- Lua beside C: what of the floors above is written in Lua.
 *
 * A chunk lies beside the C file that loads it and is embedded in the program.  It is
 * loaded when something of it is first used, sees no globals but what is set aside
 * for all of them, and returns a table of functions.
 *
 * It does not know what the functions do.
 */
#ifndef TA_CORE_CHUNK_H
#define TA_CORE_CHUNK_H

#include "core/runner.h"

/* Pushes the table of the chunk, whose lines up to a NULL the Makefile makes of
 * NAME.lua: `extern const char *const ta_chunk_NAME[];`.  [-0, +1, e] */
void ta_push_chunk(struct ta_runner *runner, lua_State *L, const char *const *lines);

/* Pushes what chunks see for globals: a table, with some functions of Lua's standard
 * library as they are at the first call.  [-0, +1, m] */
void ta_push_environment(struct ta_runner *runner, lua_State *L);

#endif
