/* SPDX-License-Identifier: MIT
 *
 * cfile.h -- C streams whose bytes come from, and go to, functions of ours.
 *
 * For C code that has a FILE and no more.  It answers fileno() as well.  What it reads is
 * not buffered, so that nothing lies there that others would look for in vain; what it
 * writes is, as in any stream of C's, until it is full, flushed, or the process exits.
 */
#ifndef TA_HOST_CFILE_H
#define TA_HOST_CFILE_H

#include <stdio.h>
#include <sys/types.h>

/* They fail with a negative errno.  A stream reads or writes: the other is NULL. */
struct ta_cfile_kind {
  ssize_t (*read)(void *data, char *bytes, size_t size);
  ssize_t (*write)(void *data, const char *bytes, size_t size); /* all of it */
  off_t (*seek)(void *data, off_t offset, int whence);
};

/* What the stream is made over.  It lies with the owner, and lasts as long as the stream. */
struct ta_cfile {
  const struct ta_cfile_kind *kind;
  void *data;
};

/* `buffer`, of `size` bytes, is for what is written.  NULL: there is no memory.  fclose()
 * ends it, and closes no descriptor. */
FILE *ta_cfile_open(struct ta_cfile *cfile, int fd, char *buffer, size_t size);

/* Writes into it.  0, or a negative errno. */
int ta_cfile_write(FILE *file, const char *bytes, size_t size);

/* How many bytes lie in its buffer, not written. */
size_t ta_cfile_pending(FILE *file);

#endif
