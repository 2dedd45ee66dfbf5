/* SPDX-License-Identifier: MIT
 *
 * takeover.h -- signals that somebody has taken over from what they do by themselves.
 *
 * It lies on top of signals.h: the disposition that a signal would have otherwise is kept
 * underneath, is changed there meanwhile, and comes back.  A signal sets a flag and wakes a
 * loop, so that any number of them costs nothing but time, and the last one is never lost.
 * A process has one set of dispositions, so this room keeps static state.
 */
#ifndef TA_HOST_TAKEOVER_H
#define TA_HOST_TAKEOVER_H

#include <signal.h>
#include <stdbool.h>

#include "host/loop.h"

/* Takes a signal over, once more if it is: what it did by itself is not done any more, but for
 * those of children and the terminal, which both hear.  One that is ignored stays so unless
 * `force`.  0, or a negative errno. */
int ta_takeover_begin(struct ta_loop *loop, int number, bool force);

/* Gives it back, as often as it was taken over.  If it came and nobody asked, it then does what it
 * does by itself. */
void ta_takeover_end(int number);

/* It came, but whoever asked could tell nobody: it counts as if nobody had asked. */
void ta_takeover_return(int number);

/* Has it come since this was asked last? */
bool ta_takeover_came(int number);

/* The process is to end: from now on signals do what they do by themselves. */
void ta_takeover_cease(void);

/* As sigaction(), of what lies underneath. */
int ta_takeover_sigaction(int number, const struct sigaction *action, struct sigaction *old);

/* Adds those that are ignored underneath, as children are to find them. */
void ta_takeover_add_ignored(sigset_t *ignored);

/* Gives all back. */
void ta_takeover_close(void);

#endif
