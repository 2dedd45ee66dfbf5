/* SPDX-License-Identifier: MIT
 *
 * compiled.h -- a script that is compiled once for many states.
 */
#ifndef KIT_COMPILED_H
#define KIT_COMPILED_H

#include <lua.h>
#include <stddef.h>

/* Zeroed it is a script that was not compiled yet. */
struct compiled {
  char *bytes;
  size_t size;
};

/* Pushes the script as a function; `load` pushes it the first time, or raises.  `name`
 * is what Lua's messages call it. [-0, +1, e] */
void compiled_push(struct compiled *compiled, lua_State *L, const char *name,
                   void (*load)(lua_State *L, const void *data), const void *data);

/* Gives back what is kept. */
void compiled_forget(struct compiled *compiled);

#endif
