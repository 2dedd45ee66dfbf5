/* SPDX-License-Identifier: MIT
 *
 * io.h -- what the outside is for one Runner: opens the parts of async that wait for it.
 *
 * Whoever drives the Runner has a loop, and hands it over here once.  Each part is loaded
 * when a script first asks for it.  The struct lies with the host, and lasts until the Lua
 * state is closed.  It knows no command line.
 */
#ifndef TA_IO_IO_H
#define TA_IO_IO_H

#include <lua.h>

#include "host/loop.h"
#include "tinyasync_lib.h"

struct ta_io {
  struct ta_runner *runner;
  struct ta_loop *loop;
};

/* Opens it, after ta_open(): the parts are offered in the table async.  [-0, +0, e] */
void ta_io_open(struct ta_io *io, lua_State *L);

/* The Runner's, which has one.  [-0, +0, v] */
struct ta_io *ta_io_of(struct ta_runner *runner, lua_State *L);

#endif
