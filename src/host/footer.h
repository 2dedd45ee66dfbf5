/* SPDX-License-Identifier: MIT
 *
 * footer.h -- the last rows of a terminal, below all that is printed there.
 *
 * They are kept as text, drawn anew where they stand, and taken back before anything else is
 * written.  The cursor is never hidden, and stays in the first column of the last row.  After
 * this process has been stopped nobody knows where they are: then they are left, and drawn anew.
 *
 * It makes what is to be written, and writes nothing itself: that does stdio.
 */
#ifndef TA_HOST_FOOTER_H
#define TA_HOST_FOOTER_H

#include <stdbool.h>
#include <stddef.h>

#define TA_FOOTER_ERASURE 32 /* bytes */

struct ta_footer {
  char *text; /* rows, with a newline between two */
  size_t size, room;
  int shown;      /* rows that are drawn; 0: none */
  unsigned stops; /* how often we had been stopped when they were */
  char *drawing;  /* what ta_footer_draw() gives */
  size_t drawing_room;
  int aside; /* so many others have the terminal */
};

/* Copies what it is to show from now on; nothing, where size is 0.  0, or -ENOMEM: it is as it
 * was. */
int ta_footer_set(struct ta_footer *footer, const char *text, size_t size);

/* Is it there to be drawn? */
static inline bool ta_footer_is_wanted(const struct ta_footer *footer) {
  return footer->size > 0 && footer->aside == 0;
}

/* Gives what takes it back, and its size; it is not drawn then.  0: it was not.  Also in
 * handlers. */
size_t ta_footer_erase(struct ta_footer *footer, char erasure[TA_FOOTER_ERASURE]);

/* Gives what draws it, over what is drawn of it, and the size of that; NULL: no memory. */
const char *ta_footer_draw(struct ta_footer *footer, size_t *size);

/* Frees what it has; it shows nothing then. */
void ta_footer_close(struct ta_footer *footer);

#endif
