/* SPDX-License-Identifier: MIT
 *
 * files.h -- single files, for async.fs.
 *
 * Its functions get the name of a thing as the script has it, for messages, and its path as the
 * system has it.  Whether a path may be asked for at once, or hangs perhaps, is asked of
 * io/place.
 */
#ifndef TA_IO_FILES_H
#define TA_IO_FILES_H

#include "tinyasync_lib.h"

/* What the Lua half has of them. */
extern const struct ta_function ta_file_parts[];

#endif
