/* SPDX-License-Identifier: MIT
 *
 * outlet.h -- writing to a descriptor that others have as well, without waiting.
 *
 * It keeps the mode it was given to us with, so each kind has its own way to write no more than it
 * takes at once.  Into a pipe whole lines go, as long as one fits into what the system writes in
 * one piece.
 *
 * It keeps nothing of what it was given.
 */
#ifndef TA_HOST_OUTLET_H
#define TA_HOST_OUTLET_H

#include <stddef.h>
#include <sys/types.h>

enum ta_outlet_kind {
  TA_TAKES_ALL,     /* a file: it never makes anybody wait for long */
  TA_TAKES_PIECES,  /* a pipe: a piece, when poll() says so */
  TA_TAKES_LITTLE,  /* a terminal that was not to be opened again */
  TA_TAKES_PART,    /* a terminal of which we have an own, non-blocking descriptor */
  TA_TAKES_MESSAGES /* a socket */
};

struct ta_outlet {
  int fd;
  enum ta_outlet_kind kind;
  int own;          /* the terminal, opened again; or -1 */
  dev_t own_device; /* which it was */
};

/* Whatever lies in it is nothing yet. */
void ta_outlet_open(struct ta_outlet *outlet, int fd);

/* Finds out its kind: before the first write, and where another file may lie there by now. */
void ta_outlet_look(struct ta_outlet *outlet);

/* Writes what can leave now.  How much, or a negative errno. */
ssize_t ta_outlet_write(const struct ta_outlet *outlet, const char *bytes, size_t size);

/* The descriptor that says when more can. */
int ta_outlet_fd(const struct ta_outlet *outlet);

/* `fd` is not closed.  Twice does nothing. */
void ta_outlet_close(struct ta_outlet *outlet);

/* How much to take of it: whole lines, if there are any in `most` bytes. */
size_t ta_whole_lines(const char *bytes, size_t size, size_t most);

#endif
