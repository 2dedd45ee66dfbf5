/* SPDX-License-Identifier: MIT
 *
 * progress.h -- bars of progress, as objects of scripts.
 *
 * On a terminal all that are open are drawn at the bottom, ten times a second at most, and once
 * a second while nothing happens; elsewhere each tells how far it is in a line, now and then.
 * Counting is cheap: what it leads to is done in the loop, or when it is due.
 */
#ifndef TA_IO_PROGRESS_H
#define TA_IO_PROGRESS_H

#include "io/io.h"

/* Has chunks find new_bar() and what else progress.lua is made of.  [-0, +0, v] */
void ta_offer_bars(struct ta_io *io, lua_State *L);

/* No bar is shown any more. */
void ta_bars_close(struct ta_io *io);

#endif
