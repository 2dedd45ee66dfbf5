/* SPDX-License-Identifier: MIT
 *
 * event.h -- a flag that tasks wait for.
 *
 * Who sets it, and why, it does not know.
 */
#ifndef TA_LIBRARY_EVENT_H
#define TA_LIBRARY_EVENT_H

#include "library/named.h"

struct ta_event_flag {
  struct ta_named named;
  bool is_set;
};

/* Adds the event's constructor to the table on top.  [-0, +0, m] */
void ta_open_event(struct ta_runner *runner, lua_State *L);

#endif
