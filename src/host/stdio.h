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
 * streams are one file, pipe or terminal, that is one place.  They wait for no reader: what
 * cannot leave at once is kept, in order, and a loop writes it.
 * A process has one set of streams, so this room keeps static state.
 */
#ifndef TA_HOST_STDIO_H
#define TA_HOST_STDIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ta_loop;

/* To be called before anything is printed and before Lua opens its libraries. */
void ta_stdio_open(void);

struct ta_stdio_handlers {
  struct ta_loop *loop; /* it writes what could not leave at once; NULL: all waits for that */

  /* May what C's streams write wait for a reader now?  Else it is kept.  NULL: it may. */
  bool (*may_wait)(void *data);

  /* Called inside a write that finds that the reader of stdout, or that of stderr, has gone. */
  void (*broken)(void *data);   /* the first one */
  void (*worn_out)(void *data); /* one of many: ends the process, or SIGPIPE ends it */
  void *data;
};

/* Sets them; or with NULL forgets them, and all listeners, when all has left that is kept. */
void ta_stdio_watch(const struct ta_stdio_handlers *handlers);

/* Flushes stdout, where a loop looks after what is kept without waiting: of too much that is kept
 * already some stays with C.  0, or the negative errno of the first write that ever failed;
 * -EPIPE: the reader has gone. */
int ta_stdio_flush(void);

/* What was kept for `fd`, 1 or 2, and is in C's stdout, leaves before this returns.  0, or a
 * negative errno. */
int ta_stdio_finish(int fd);

/* Bytes that were kept for `fd` so far; have so many left? */
uint64_t ta_stdio_taken(int fd);
bool ta_stdio_has_left(int fd, uint64_t taken);

/* Is so much kept for it that whoever can wait should? */
bool ta_stdio_is_full(int fd);

/* Is anything kept? */
bool ta_stdio_waits(void);

/* Forgets what is kept, and writes nothing more where anything was. */
void ta_stdio_give_up(void);

/* Is called whenever something that was kept has left, or is forgotten; it may take itself off. */
struct ta_stdio_listener {
  void (*left)(struct ta_stdio_listener *listener);
  struct ta_stdio_listener *next, **link; /* NULL: it does not listen */
};
void ta_stdio_listen(struct ta_stdio_listener *listener);
void ta_stdio_unlisten(struct ta_stdio_listener *listener);

/* Writes whole lines to `fd`, which is 1 or 2: after what C's streams hold, and a line that
 * they had begun there ends before.  More than one call in a row may make a line, as long as
 * nobody else writes between.  0, or a negative errno; -EPIPE: nobody reads there, and
 * nothing is tried any more. */
int ta_stdio_write_lines(int fd, const char *bytes, size_t size);

/* Shows less than a line on a terminal that obeys, until something else is written there: then
 * it is taken back, and `gone` called; also inside C's own writes.  `data`, not NULL, says whose
 * it is: who has one there already just changes it.  -EAGAIN: what is kept has to leave first. */
int ta_stdio_write_state(int fd, const char *bytes, size_t size, void (*gone)(void *data),
                         void *data);

/* From now on these rows are shown below all that is written to the terminal that standard error
 * is, see footer.h: nothing, where size is 0.  They are not where a line is unfinished, where
 * others have the terminal, nor while something is kept; and states are not shown beside them.
 * 0, or -ENOMEM. */
int ta_stdio_show_footer(const char *text, size_t size);

/* A question stands at the bottom of the terminal, the cursor behind it: what is written meanwhile
 * comes above, and the question again.  NULL: it was answered; `ends_row`, if the cursor stands
 * behind it still.  False: neither stream is on that terminal.  The text has to last. */
bool ta_stdio_ask(const char *text, size_t size);
void ta_stdio_asked(bool ends_row);

/* Somebody else has the terminal: whoever says so says when that is over.  May be nested. */
void ta_stdio_step_aside(void);
void ta_stdio_come_back(void);

/* Takes it back until it is shown again. */
void ta_stdio_hide_footer(void);

/* Is anything shown there, or would be? */
bool ta_stdio_has_footer(void);

/* Is the descriptor where it is shown? */
bool ta_stdio_is_footers(int fd);

/* Takes it back for what a handler writes, without stdio. */
void ta_stdio_clear_in_handler(void);

/* Takes it back if it is there still; `gone` is not called any more. */
void ta_stdio_take_back(int fd, const void *data);

#endif
