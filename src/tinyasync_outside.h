/* SPDX-License-Identifier: MIT
 *
 * tinyasync_outside.h -- sockets, names of hosts and files for the scripts of a host that has an
 * event loop of its own.
 *
 * tinyasync.h has the host do all the waiting.  Here the Runner has a loop too, which never
 * waits itself: it hands one descriptor and one deadline to the host's.  Whenever the
 * descriptor can be read, or the deadline has come, the host calls ta_outside_pass(), which
 * looks at what happened outside, runs the tasks that it woke, and says when to call again.
 *
 * It installs no signal handler and prints nothing.  Threads are made for names of hosts and for
 * files; nothing ever waits for them.  Everything here is called from the thread that runs the
 * Lua state.
 */
#ifndef TINYASYNC_OUTSIDE_H
#define TINYASYNC_OUTSIDE_H

#include "tinyasync.h"

#ifdef __cplusplus
extern "C" {
#endif

struct ta_outside;

/* Makes a loop.  0, or a negative errno.  [-0, +0, -] */
TA_API int ta_outside_open(struct ta_outside **outside);

/* Makes the Runner of the loop on L, once, with CLOCK_MONOTONIC for its clock, and installs what
 * ta_open() does for TA_OPEN_LIBRARY and `flags`, and async.net, async.dns, async.fs and
 * async.cd beside it.  When it raises, ta_outside_close() and ta_outside_free() are still to be
 * called.  [-0, +0, e] */
TA_API void ta_outside_install(struct ta_outside *outside, lua_State *L, unsigned flags);

/* For all that is in tinyasync.h but ta_pass(), ta_run(), ta_close_all() and ta_runner_free();
 * NULL before it was made and after it was freed. */
TA_API struct ta_runner *ta_outside_runner(const struct ta_outside *outside);

/* The one descriptor: when it can be read ta_outside_pass() is to be called.  That is so after
 * whatever the host does to the Runner itself, such as ta_add_task() and ta_unpark(), and after a
 * ta_wake() of another thread.  It is only to be waited for, and stays the same. */
TA_API int ta_outside_fd(const struct ta_outside *outside);

/* Looks at the outside, and runs passes for about a millisecond.  *delay becomes the time in
 * seconds after which it is to be called again even if the descriptor says nothing, 0: at once,
 * HUGE_VAL: never.  To be called once after the first task was added.  Gives what ta_run() does:
 * after TA_DONE no task is left, but for daemons, after TA_STUCK neither time nor the outside can
 * wake those that are.  TA_REENTERED: it was called by what it has called. */
TA_API enum ta_pass_result ta_outside_pass(struct ta_outside *outside, double *delay);

/* Ends all tasks, as ta_close_all() does, and frees the Runner.  What scripts have opened stays
 * open as long as they keep it.  0, or -EBUSY, and nothing happens, inside ta_outside_pass(). */
TA_API int ta_outside_close(struct ta_outside *outside);

/* Frees the rest, after that, and after the Lua state was closed.  NULL does nothing. */
TA_API void ta_outside_free(struct ta_outside *outside);

#ifdef __cplusplus
}
#endif

#endif
