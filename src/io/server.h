/* SPDX-License-Identifier: MIT
 *
 * server.h -- servers, as scripts have them: who has connected becomes a stream.
 *
 * One who could not be taken, for want of descriptors, is told of once; then nothing is tried
 * until one of ours is closed, or for a second.  What is done with connections is server.lua's.
 */
#ifndef TA_IO_SERVER_H
#define TA_IO_SERVER_H

#include "io/io.h"

/* Functions for net.lua and server.lua. */
extern const struct ta_function ta_server_parts[];

#endif
