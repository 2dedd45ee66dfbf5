/* SPDX-License-Identifier: MIT
 *
 * fs.h -- async.fs: files and directories, whose semantics are in fs.lua.
 *
 * What is done to them is in rooms of their own, each with a list of functions for the Lua half.
 */
#ifndef TA_IO_FS_H
#define TA_IO_FS_H

#include "io/io.h"

/* Offers async.fs.  The table async is on top.  [-0, +0, e] */
void ta_offer_files(struct ta_io *io, lua_State *L);

#endif
