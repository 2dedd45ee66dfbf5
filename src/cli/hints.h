/* SPDX-License-Identifier: MIT
 *
 * hints.h -- a line below an error that says what to write instead.
 *
 * What is recognised is in mistakes.lua.  It runs in a Lua state of its own, made
 * at the first failure: a script that does not fail pays nothing, and one that has
 * changed Lua's libraries, or has no memory left, changes nothing here.
 */
#ifndef TA_CLI_HINTS_H
#define TA_CLI_HINTS_H

#include <lua.h>
#include <stddef.h>

#include "cli/script.h"

struct ta_hints {
  const struct ta_script *script;
  lua_State *L;   /* NULL: not made yet, or it could not be */
  unsigned asked; /* how often */
};

/* A hint on what the message tells of, or NULL; valid until the next call.  `missed`
 * is as in a struct ta_failure. */
const char *ta_hint(struct ta_hints *hints, const char *message, size_t length, const char *missed);

void ta_hints_close(struct ta_hints *hints);

#endif
