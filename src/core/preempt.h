/* SPDX-License-Identifier: MIT
 *
 * preempt.h -- looking into a step that does not end.
 *
 * ta_preempt() sets a debug hook on the coroutine that runs, for the next
 * instruction, and ta_preempt_calls() one for calls and returns; the hook calls the
 * host.  Coroutines resumed or gone back to in between get the hook too.
 *
 * Why the step is looked into, and what happens then, only the host knows.
 */
#ifndef TA_CORE_PREEMPT_H
#define TA_CORE_PREEMPT_H

#include "core/runner.h"

/* What may be wanted. */
enum { TA_PREEMPT_NEXT = 1, TA_PREEMPT_CALLS = 2 };

/* Nothing is wanted any more; hooks that are set go when they are met. */
static inline void ta_end_preemption(struct ta_runner *runner) {
  atomic_store_explicit(&runner->preempt, 0, memory_order_relaxed);
}

/* ta_interrupt() was called: tells once, and ends the look under way. */
void ta_take_interrupt(struct ta_runner *runner);

/* Between two steps: has ta_interrupt() been called? */
static inline bool ta_interrupted(struct ta_runner *runner) {
  if (TA_LIKELY(!atomic_load_explicit(&runner->interrupt, memory_order_relaxed))) return false;
  ta_take_interrupt(runner);
  return true;
}

/* Sets the hook on `co`, which runs or is about to. */
void ta_preempt_coroutine(struct ta_runner *runner, lua_State *co);

/* Is whichever coroutine runs next to be hooked?  To be asked after the level
 * was changed: a signal handler that came before saw the old one, and has left
 * its wish. */
static inline bool ta_wants_preemption(const struct ta_runner *runner) {
  atomic_signal_fence(memory_order_seq_cst);
  return TA_UNLIKELY(atomic_load_explicit(&runner->preempt, memory_order_relaxed) != 0);
}

/* Has the cancellation in force raised in `co` as soon as it has been resumed. */
void ta_preempt_to_raise(lua_State *co);

/* The newest Runner of a state that was not freed, which knows the older ones; or
 * NULL.  [-0, +0, -] */
struct ta_runner *ta_newest_runner(lua_State *L);

/* Makes the Runner known to the hook.  [-0, +0, m] */
void ta_preempt_setup(struct ta_runner *runner, lua_State *L);

/* The hook forgets the Runner.  [-0, +0, -] */
void ta_preempt_close(struct ta_runner *runner, lua_State *L);

#endif
