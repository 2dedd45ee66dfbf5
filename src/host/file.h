/* SPDX-License-Identifier: MIT
 *
 * file.h -- what is done with single files and directories, each in one call.
 *
 * A path is as open() has it.  Some calls are asked not to wait for a disk: they give -EAGAIN
 * when they would have to, and go on where they stopped when they are called again.  They
 * touch nothing but what they are given, so that any thread may make them.  They know no Lua
 * and no lanes.
 */
#ifndef TA_HOST_FILE_H
#define TA_HOST_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#define TA_SMALL_FILE 65536 /* bytes that are written at once, by whoever asks for it */

/* A file that is read whole; zero before the first call, but for `most`. */
struct ta_file_text {
  char *bytes;
  size_t size, room;
  size_t most; /* bytes that there is memory for, -ENOMEM beyond; 0: as many as there are */
  int fd;      /* while `opened` */
  bool opened;
};

/* Reads all of it, however much it says that it has, as long as more comes.  0; -EAGAIN: only
 * a disk has it, and `now`; -ESPIPE: it is no file, nothing was read, and it is left open; or
 * another negative errno. */
int ta_file_read(const char *path, bool now, struct ta_file_text *text);

/* Reads on from where the file is, as far as memory has it and no disk is waited for; -EAGAIN: a
 * disk would be.  The bytes, or a negative errno.  What knows no such request is in memory, or
 * is read as it can be. */
ssize_t ta_file_read_cached(int fd, void *bytes, size_t size);

/* Closes it, and frees what was read. */
void ta_file_drop(struct ta_file_text *text);

/* Writes all of it.  0, or a negative errno. */
int ta_file_write_all(int fd, const char *bytes, size_t size);

/* Adds it at the end of the file, which is made if there is none.  -ESPIPE: it is no file.  0, or
 * another negative errno. */
int ta_file_append(const char *path, const char *bytes, size_t size, mode_t mode);

/* The names in a directory, one after the other with a zero byte each; zero at first. */
struct ta_file_names {
  void *directory;
  char *bytes;
  size_t size, room, count;
};

/* Reads them; 0, -EAGAIN: there are many, and `now`; or another negative errno. */
int ta_file_list(const char *path, bool now, struct ta_file_names *names);

void ta_file_drop_names(struct ta_file_names *names);

/* Is it one of the two names that each directory has? */
static inline bool ta_is_dots(const char *name) {
  return name[0] == '.' && (name[1] == '\0' || (name[1] == '.' && name[2] == '\0'));
}

/* Makes a directory; with `parents` those that it lies in as well, and it may be there
 * already.  0, or a negative errno. */
int ta_file_make_directory(const char *path, mode_t mode, bool parents);

/* Removes a file, a link or an empty directory.  0, or a negative errno. */
int ta_file_remove(const char *path);

/* "file", "directory", "link" ... */
const char *ta_file_type(mode_t mode);

/* For names that nobody could guess. */
uint64_t ta_file_random(void);

#endif
