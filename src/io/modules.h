/* SPDX-License-Identifier: MIT
 *
 * modules.h -- the Lua side of modules that are loaded at first use.
 *
 * A module is a shared library with one symbol, `ta_module_NAME`.  What it opens for a Runner is a
 * table of functions, for a chunk of ours to make something of.  See host/modules.
 */
#ifndef TA_IO_MODULES_H
#define TA_IO_MODULES_H

#include <lua.h>

#include "exported.h"
#include "tinyasync_lib.h"

struct ta_module {
  const char *version;             /* TA_VERSION: another program's is refused */
  const struct ta_function *parts; /* up to one without a name */
};

#if defined(TA_IS_MODULE)
extern TA_FOR_MODULES const struct ta_module ta_module_tls, ta_module_watch;
#endif

/* (name of the module, of the function that needs it, of the package that it is made with) ->
 * its table, the same each time; or nil, message, "ENOPKG".  The first upvalue is the Runner.
 * [-all, +n, v] */
int ta_l_module(lua_State *L);

/* One that is linked in, under that name: it is looked for nowhere.  [-0, +0, v] */
void ta_have_module(struct ta_runner *runner, lua_State *L, const char *name,
                    const struct ta_module *module);

#endif
