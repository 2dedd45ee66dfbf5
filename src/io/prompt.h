/* SPDX-License-Identifier: MIT
 *
 * prompt.h -- asking the person at the terminal, whatever the standard streams are.
 *
 * A question has the terminal for itself: bars step aside, commands that want it wait, and so do
 * other questions.  However its task ends the modes are as before.  What is asked, and which
 * answers are good, is prompt.lua's.
 */
#ifndef TA_IO_PROMPT_H
#define TA_IO_PROMPT_H

#include "io/io.h"

/* Has chunks find new_question() and what else prompt.lua is made of.  [-0, +0, v] */
void ta_offer_questions(struct ta_io *io, lua_State *L);

#endif
