/* SPDX-License-Identifier: MIT
 *
 * mounts.h -- which paths a local disk answers for, and no server that may hang.
 *
 * The system's table of mounts is read, and read again when it has changed.  A path is near if
 * that can be told without going there: where anything is mounted that is not known to be local,
 * the kernel is asked to walk the path and stop where it would leave the local mount.  It
 * knows no Lua and no tasks.
 */
#ifndef TA_HOST_MOUNTS_H
#define TA_HOST_MOUNTS_H

#include <stdbool.h>
#include <stddef.h>

struct ta_mount {
  char *point; /* without a slash at its end, but for what follows */
  size_t length;
  bool local; /* and so is all that it is mounted on */
  int root;   /* a descriptor of it; -1: not opened yet */
};

struct ta_mounts {
  struct ta_mount *list; /* the last of those of one point counts */
  size_t count;
  bool known;     /* the table could be read */
  bool all_local; /* nothing else is there, but below /proc */
  int table;      /* a descriptor that tells of changes; -1: none */
  double looked;  /* when that was last asked */
};

/* Nothing is read yet. */
void ta_mounts_open(struct ta_mounts *mounts);
void ta_mounts_close(struct ta_mounts *mounts);

/* Takes a table as that in /proc/self/mountinfo.  0, or -ENOMEM. */
int ta_mounts_read(struct ta_mounts *mounts, const char *text);

/* The mount that the absolute path lies on, read as it stands; NULL: none is known. */
struct ta_mount *ta_mounts_find(const struct ta_mounts *mounts, const char *path);

/* Can whoever asks for the path not be kept waiting by a server? */
bool ta_mounts_is_near(struct ta_mounts *mounts, const char *path);

#endif
