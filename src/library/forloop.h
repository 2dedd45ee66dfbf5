/* SPDX-License-Identifier: MIT
 *
 * forloop.h -- does Lua close the fourth value of a generic for?
 *
 * Up to Lua 5.4.4 it does not where the body of the loop makes a closure and has a
 * `break`: then the value stays marked on the stack, and calls after the loop
 * close whatever lies there.  Nobody may be given such a value.  The loop's code
 * tells the two apart.
 *
 * It knows nothing of what the value is for.
 */
#ifndef TA_LIBRARY_FORLOOP_H
#define TA_LIBRARY_FORLOOP_H

#include "core/runner.h"

#endif
