/* SPDX-License-Identifier: MIT
 *
 * removal.h -- removing whole trees.
 *
 * It blocks, and belongs into a thread.  Of what is asked for nothing but the path itself may
 * lead through links.  What cannot be removed does not keep the rest
 * from it: the first trouble is told.  It knows no guardian and no Lua.
 */
#ifndef TA_HOST_REMOVAL_H
#define TA_HOST_REMOVAL_H

#include <stdatomic.h>
#include <stdbool.h>

/* What went wrong first: zeros at the beginning. */
struct ta_trouble {
  int error;         /* a negative errno, or 0 */
  char *where, *to;  /* malloc'ed: which path, and for copies which it was to have; NULL: the one
                        asked for */
  atomic_bool *stop; /* set by another thread: it ends soon, with -ECANCELED */
};

/* Notes it, if it is the first; takes both names. */
void ta_note_trouble(struct ta_trouble *trouble, int error, char *where, char *to);

/* Removes the file, the link or the directory at `place`, which is told of as `path`, and all that
 * is in it, but nothing that is mounted there.  -EINVAL: "/", "." and "..". */
void ta_remove_tree(const char *path, const char *place, struct ta_trouble *trouble);

/* Removes a directory that we have made, at an absolute path without a slash at its end, and all
 * that is in it, also where modes would keep us from it.  0, also where there is none; -ENOTDIR:
 * it is another's by now; or the first error, a negative errno: the rest has gone all the
 * same. */
int ta_sweep(const char *path);

#endif
