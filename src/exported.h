/* SPDX-License-Identifier: MIT
 *
 * exported.h -- what modules that are loaded at first use find in the program.
 *
 * They have tinyasync.h, tinyasync_lib.h and Lua, as anybody's C modules do, and the functions
 * of host/ and io/ that are marked so.  A module is of the same build as the program: nobody
 * else is promised any of them.
 */
#ifndef TA_EXPORTED_H
#define TA_EXPORTED_H

#if defined(__GNUC__)
#define TA_FOR_MODULES __attribute__((visibility("default")))
#else
#define TA_FOR_MODULES
#endif

#endif
