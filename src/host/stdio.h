/* SPDX-License-Identifier: MIT
 *
 * stdio.h -- standard streams that lose nothing in silence.
 *
 * Descriptors 0 to 2 always exist.  Whatever C's stdout or stderr writes passes
 * through here: it waits where a descriptor would block, notes the first error,
 * and nothing reaches stderr before what stdout holds.  The streams have their
 * descriptors, for whoever asks with fileno().  A terminal that blocks keeps the C
 * library's own.
 * A process has one set of streams, so this room keeps static state.
 */
#ifndef TA_HOST_STDIO_H
#define TA_HOST_STDIO_H

/* To be called before anything is printed and before Lua opens its libraries. */
void ta_stdio_open(void);

/* `on_broken` will run inside the write that first finds that the reader of stdout, or
 * that of stderr, has gone. */
void ta_stdio_on_broken(void (*on_broken)(void *data), void *data);

/* Flushes stdout.  0, or the negative errno of the first write that ever
 * failed; -EPIPE: the reader has gone. */
int ta_stdio_flush(void);

#endif
