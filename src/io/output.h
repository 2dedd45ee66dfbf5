/* SPDX-License-Identifier: MIT
 *
 * output.h -- how what commands write is shown: what the Lua half needs for it.
 *
 * Labels and the list of those that failed are made in output.lua.  It knows no command.
 */
#ifndef TA_IO_OUTPUT_H
#define TA_IO_OUTPUT_H

#include "tinyasync_lib.h"

extern const struct ta_function ta_output_parts[];

#endif
