/* SPDX-License-Identifier: MIT
 *
 * dial.h -- connecting, as a task does it: the wait, and the stream that comes of it.
 */
#ifndef TA_IO_DIAL_H
#define TA_IO_DIAL_H

#include "io/io.h"

/* Functions for net.lua. */
extern const struct ta_function ta_dial_parts[];

#endif
