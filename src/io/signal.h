/* SPDX-License-Identifier: MIT
 *
 * signal.h -- async.signal: signals that a script takes over, whose semantics are in signal.lua.
 *
 * A watch takes over one signal or several, until it is closed, and a task waits in it for the
 * next that comes.
 */
#ifndef TA_IO_SIGNAL_H
#define TA_IO_SIGNAL_H

#include "io/io.h"

/* Offers async.signal.  The table async is on top.  [-0, +0, e] */
void ta_offer_signals(struct ta_io *io, lua_State *L);

/* In how many of the waits that the outside can end is it a signal that is waited for?  One may
 * never come: virtual time does not wait for these. */
size_t ta_signal_waits(const struct ta_io *io);

#endif
