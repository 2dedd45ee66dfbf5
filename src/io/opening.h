/* SPDX-License-Identifier: MIT
 *
 * opening.h -- files as streams, and what goes when it is closed, for async.fs.
 */
#ifndef TA_IO_OPENING_H
#define TA_IO_OPENING_H

#include "tinyasync_lib.h"

/* What the Lua half has of them. */
extern const struct ta_function ta_opening_parts[];

#endif
