/* SPDX-License-Identifier: MIT
 *
 * prelude.h -- the half of the library that is written in Lua.
 *
 * The chunks lie in src/prelude/ and are embedded in the program.  Each is loaded
 * when something of it is first used, sees no globals but what is set aside for
 * it when the library is opened, and returns a table of functions.
 *
 * It does not know what the functions do.
 */
#ifndef TA_CORE_PRELUDE_H
#define TA_CORE_PRELUDE_H

#include "core/runner.h"

enum ta_prelude { TA_PRELUDE_COMBINE, TA_PRELUDE_REPORT, TA_PRELUDE_COUNT };

/* The lines of each chunk, up to a NULL; made by the Makefile. */
extern const char *const ta_prelude_combine[];
extern const char *const ta_prelude_report[];

/* Pushes the table of a chunk.  [-0, +1, e] */
void ta_push_prelude(struct ta_runner *runner, lua_State *L, enum ta_prelude which);

/* Sets aside what the chunks need, and has the table on top, which is async, find
 * their functions.  [-0, +0, m] */
void ta_open_prelude(struct ta_runner *runner, lua_State *L);

#endif
