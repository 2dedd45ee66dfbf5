/* SPDX-License-Identifier: MIT
 *
 * chunk.h -- Lua beside C: what of the floors above is written in Lua.
 *
 * A chunk lies beside the C file that loads it and is embedded in the program.  It is
 * loaded when something of it is first used, sees no globals but what is set aside
 * for all of ours, or for all of the libraries', and returns a table of functions.
 *
 * Ours are made of NAME.lua by the Makefile: `extern const char *const ta_chunk_NAME[];`.
 * It does not know what the functions do.
 */
#ifndef TA_CORE_CHUNK_H
#define TA_CORE_CHUNK_H

#include "core/runner.h"
#include "tinyasync_lib.h"

/* Pushes the table of what our own chunks see; libraries have one of their own.
 * [-0, +1, m] */
void ta_push_own_environment(struct ta_runner *runner, lua_State *L);

/* The chunk, which is not loaded yet, is one of ours.  [-0, +0, m] */
void ta_own_chunk(struct ta_runner *runner, lua_State *L, const char *const *lines);

#endif
