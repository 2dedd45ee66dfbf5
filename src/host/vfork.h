/* SPDX-License-Identifier: MIT
 *
 * vfork.h -- a child that has this process's memory, until it executes a program.
 *
 * Nothing is copied, however large this process is; it stands still meanwhile.  Handlers of
 * signals are ours, and ours is the memory that they would change: where the system can, the
 * child begins without any.
 */
#ifndef TA_HOST_VFORK_H
#define TA_HOST_VFORK_H

#include <stdbool.h>
#include <sys/types.h>

/* What the child does: it executes a program, or calls _exit(), and never returns.  Is
 * `has_handlers` false, each signal is ignored or does what it does by default. */
typedef void ta_vfork_fn(void *data, bool has_handlers);

/* The child's number, or -1 and errno. */
pid_t ta_vfork(ta_vfork_fn *child, void *data);

#endif
