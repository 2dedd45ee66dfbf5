/* SPDX-License-Identifier: MIT
 *
 * chunk.h -- Lua beside C: what of the floors above is written in Lua.
 *
 * A chunk lies beside the C file that loads it and is embedded in the program.  It is
 * loaded when something of it is first used, sees no globals but what is set aside
 * for all of them, and returns a table of functions.
 *
 * Ours are made of NAME.lua by the Makefile: `extern const char *const ta_chunk_NAME[];`.
 * It does not know what the functions do.
 */
#ifndef TA_CORE_CHUNK_H
#define TA_CORE_CHUNK_H

#include "core/runner.h"
#include "tinyasync_lib.h"

#endif
