/* SPDX-License-Identifier: MIT
 *
 * paint.h -- for whom a script's words are: are they looked at, in colours?  And lines of a log.
 *
 * Which colours there are, and what a line of a log looks like, is color.lua's and log.lua's.
 */
#ifndef TA_IO_PAINT_H
#define TA_IO_PAINT_H

#include "io/io.h"

/* Has chunks find wants_colours() and what else those two are made of.  [-0, +0, v] */
void ta_offer_paint(struct ta_io *io, lua_State *L);

#endif
