/* SPDX-License-Identifier: MIT
 *
 * bar.h -- how far something has come, in words and as a bar.
 *
 * It counts, and writes a line: for a terminal of so many columns, or for a file.  It knows no
 * clock, time is given to it in seconds; no terminal, and nothing of other bars.
 */
#ifndef TA_HOST_BAR_H
#define TA_HOST_BAR_H

#include <stdbool.h>
#include <stddef.h>

#define TA_BAR_TEXT 1024 /* bytes of a line, at most */

/* Where it was at some time. */
struct ta_bar_mark {
  double time, done;
};

struct ta_bar {
  char *label;                     /* with nothing in it that steers a terminal; NULL: none */
  char *unit;                      /* "files"; NULL: none */
  bool in_bytes;                   /* they are said as KB, MB */
  double total;                    /* negative: nobody knows */
  double done;                     /* so far */
  double started, begun;           /* when, and with how many */
  struct ta_bar_mark older, newer; /* the rate is that since the older one */
};

/* Begins, at `now`, with what is in `done` and the other members. */
void ta_bar_begin(struct ta_bar *bar, double now);

/* Copies a label, or a unit, into `*place`, with blanks for what steers a terminal; NULL forgets
 * it.  0, or -ENOMEM: it stays. */
int ta_bar_name(char **place, const char *text, size_t size);

/* Writes the line for a terminal, at most `columns` wide, without newline.  Its length. */
size_t ta_bar_draw(struct ta_bar *bar, double now, size_t columns, char text[TA_BAR_TEXT]);

/* Writes it for a file; in the end how long it took instead of how long it will. */
size_t ta_bar_tell(struct ta_bar *bar, double now, bool ends, char text[TA_BAR_TEXT]);

/* How much of it is done, 0 to 1; 0 where nobody knows. */
double ta_bar_share(const struct ta_bar *bar);

/* Frees what it has. */
void ta_bar_end(struct ta_bar *bar);

#endif
