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

/* Called inside a write that finds that the reader of stdout, or that of stderr, has gone. */
struct ta_stdio_handlers {
  void (*broken)(void *data);   /* the first one */
  void (*worn_out)(void *data); /* one of many: ends the process, or SIGPIPE ends it */
  void *data;
};

/* Sets them, or with NULL forgets them. */
void ta_stdio_watch(const struct ta_stdio_handlers *handlers);

/* Flushes stdout.  0, or the negative errno of the first write that ever
 * failed; -EPIPE: the reader has gone. */
int ta_stdio_flush(void);

#endif
