/* SPDX-License-Identifier: MIT
 *
 * mailbox.h -- wakes that come from other threads.
 *
 * ta_wake() notes a ticket on a stack without locks; the Runner's own thread takes
 * all of them at once when a pass begins, and when it looks at the outside.
 * The notes come from malloc(), for Lua's allocator belongs to one thread.
 */
#ifndef TA_CORE_MAILBOX_H
#define TA_CORE_MAILBOX_H

#include "core/runner.h"

/* Unparks what was woken, the earliest first. */
void ta_take_woken_now(struct ta_runner *runner);

static inline void ta_take_woken(struct ta_runner *runner) {
  if (TA_UNLIKELY(atomic_load_explicit(&runner->woken, memory_order_relaxed)))
    ta_take_woken_now(runner);
}

/* Throws away what was woken and not taken. */
void ta_forget_woken(struct ta_runner *runner);

#endif
