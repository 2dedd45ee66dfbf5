/* SPDX-License-Identifier: MIT
 *
 * stdio.h -- standard streams that lose nothing in silence.
 *
 * Descriptors 0 to 2 always exist.  Whatever C's stdout or stderr writes passes
 * through here: it waits where a descriptor would block, notes the first error,
 * and nothing reaches stderr before what stdout holds.  The streams have their
 * descriptors, for whoever asks with fileno().
 *
 * Others write lines of their own there, between those of C's streams.  Where both standard
 * streams are one file, pipe or terminal, that is one place.
 * A process has one set of streams, so this room keeps static state.
 */
#ifndef TA_HOST_STDIO_H
#define TA_HOST_STDIO_H

#include <stdbool.h>
#include <stddef.h>

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

/* Writes whole lines to `fd`, which is 1 or 2: after what C's streams hold, and a line that
 * they had begun there ends before.  More than one call in a row may make a line, as long as
 * nobody else writes between.  0, or a negative errno; -EPIPE: nobody reads there, and
 * nothing is tried any more. */
int ta_stdio_write_lines(int fd, const char *bytes, size_t size);

/* Shows less than a line on a terminal that obeys, until something else is written there: then
 * it is taken back, and `gone` called; also inside C's own writes.  `data`, not NULL, says whose
 * it is: who has one there already just changes it. */
int ta_stdio_write_state(int fd, const char *bytes, size_t size, void (*gone)(void *data),
                         void *data);

/* Takes it back if it is there still; `gone` is not called any more. */
void ta_stdio_take_back(int fd, const void *data);

#endif
