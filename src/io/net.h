/* SPDX-License-Identifier: MIT
 *
 * net.h -- async.net: what scripts call, whose semantics are in net.lua.
 */
#ifndef TA_IO_NET_H
#define TA_IO_NET_H

#include "io/io.h"

/* Offers async.net.  The table async is on top.  [-0, +0, e] */
void ta_offer_net(struct ta_io *io, lua_State *L);

#endif
