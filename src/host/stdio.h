/* SPDX-License-Identifier: MIT
 *
 * stdio.h -- standard streams that lose nothing in silence.
 *
 * Descriptors 0 to 2 always exist.  Whatever C's stdout or stderr writes passes
 * through here: it waits where a descriptor would block, notes the first error,
 * and nothing reaches stderr before what stdout holds.  A terminal keeps the C
 * library's own streams, so that programs can still ask whether it is one.
 * A process has one set of streams, so this room keeps static state.
 */
#ifndef TA_HOST_STDIO_H
#define TA_HOST_STDIO_H

/* To be called before anything is printed and before Lua opens its libraries. */
void ta_stdio_open(void);

/* `on_broken` will run inside the write that first finds that stdout's reader
 * has gone. */
void ta_stdio_on_broken(void (*on_broken)(void *data), void *data);

/* Flushes stdout.  0, or the negative errno of the first write that ever
 * failed; -EPIPE: the reader has gone. */
int ta_stdio_flush(void);

#endif
