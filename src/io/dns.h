/* SPDX-License-Identifier: MIT
 *
 * dns.h -- async.dns: names of hosts and their addresses, for scripts.
 *
 * A task waits for the resolver in host/resolver; what is a number already is answered at once.
 */
#ifndef TA_IO_DNS_H
#define TA_IO_DNS_H

#include <lua.h>

#include "io/io.h"

/* Offers it in the table async on top.  Chunks find dns_parts() in their environment, which gives
 * the functions beside dns.lua.  [-0, +0, v] */
void ta_offer_names(struct ta_io *io, lua_State *L);

#endif
