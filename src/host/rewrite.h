/* SPDX-License-Identifier: MIT
 *
 * rewrite.h -- a file is replaced: at any moment the old one is there, or the new one, whole.
 *
 * What is new goes into a file of its own beside it, which then takes its name.  Mode and
 * owner are kept, as far as we may, and where the name is a link the file that it leads to is
 * replaced.  A guardian is told of the file beside it, and removes that if we go before.
 * What is written is not known here.
 */
#ifndef TA_HOST_REWRITE_H
#define TA_HOST_REWRITE_H

#include <limits.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "host/beside.h"

struct ta_rewrite {
  const char *path;
  mode_t mode; /* of one that is new, less the umask; or, with `sets_mode`, of any, as it is */
  bool sets_mode;
  const struct stat *like; /* it gets mode and times of that, whose copy it is; or NULL */
  bool sync;               /* it has to be on the disk when this returns */
  struct ta_beside beside; /* with the notes of a guardian, or -1 */
  atomic_bool *given_up;   /* then it does not happen any more; or NULL */

  /* Writes what is new.  0, or a negative errno. */
  int (*fill)(struct ta_rewrite *rewrite, int fd);
  void *data;

  /* The room's own. */
  char target[PATH_MAX]; /* what `path` leads to */
  const char *base;      /* the name there */
  int directory;         /* that it lies in */
  struct stat old;
  bool replaces;
};

/* Does it.  0; -ESPIPE: it is no file that could be replaced, but a device or a pipe; -ECANCELED:
 * it was given up; or another negative errno: what was there is there. */
int ta_rewrite(struct ta_rewrite *rewrite);

/* Has somebody given it up? */
bool ta_rewrite_is_given_up(const struct ta_rewrite *rewrite);

#endif
