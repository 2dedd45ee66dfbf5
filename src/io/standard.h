/* SPDX-License-Identifier: MIT
 *
 * standard.h -- Lua's own functions that wait for the outside: inside a task they let others
 * run meanwhile.
 *
 * Those of `io`, of files, and os.execute are replaced by ones that look whether the file
 * is standard input, or io.popen's.  All others, as files on disk, go on as they do under
 * Lua.  What is given back is in every case what Lua would give, and where nothing can
 * wait they block as it does.
 */
#ifndef TA_IO_STANDARD_H
#define TA_IO_STANDARD_H

#include <lua.h>

#include "io/io.h"

/* Replaces them, if the standard library is there as it came.  [-0, +0, e] */
void ta_standard_open(struct ta_io *io, lua_State *L);

#endif
