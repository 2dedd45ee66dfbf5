/* SPDX-License-Identifier: MIT
 *
 * datagram.h -- sockets for datagrams, as scripts have them.
 */
#ifndef TA_IO_DATAGRAM_H
#define TA_IO_DATAGRAM_H

#include "io/io.h"

/* Functions for net.lua. */
extern const struct ta_function ta_datagram_parts[];

#endif
