/* SPDX-License-Identifier: MIT
 *
 * files.h -- single files, for async.fs.
 */
#ifndef TA_IO_FILES_H
#define TA_IO_FILES_H

#include "tinyasync_lib.h"

/* What the Lua half has of them. */
extern const struct ta_function ta_file_parts[];

#endif
