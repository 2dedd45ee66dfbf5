/* SPDX-License-Identifier: MIT */
#include "host/sweep.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEEPEST 200 /* directories that are open at once: what lies below stays */

static bool is_dots(const char *name) {
  return name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2]));
}

/* Ours may be such that we cannot even read them. */
static int open_directory(int parent, const char *name) {
  const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  int fd = openat(parent, name, flags);
  if (fd >= 0 || errno != EACCES) return fd;
  if (fchmodat(parent, name, 0700, AT_SYMLINK_NOFOLLOW) != 0) {
    errno = EACCES;
    return -1;
  }
  return openat(parent, name, flags);
}

static int remove_entry(int parent, const char *name, int depth);

/* Closes it. */
static int empty_directory(int fd, int depth) {
  const struct dirent *entry;
  int error = 0;
  fchmod(fd, 0700);
  DIR *directory = fdopendir(fd);
  if (!directory) {
    error = -errno;
    close(fd);
    return error;
  }
  while ((entry = readdir(directory))) {
    if (is_dots(entry->d_name)) continue;
    int result = remove_entry(fd, entry->d_name, depth);
    if (!error) error = result;
  }
  closedir(directory);
  return error;
}

static int remove_directory(int parent, const char *name, int depth) {
  int fd = open_directory(parent, name);
  if (fd < 0) return -errno;
  int error = empty_directory(fd, depth);
  if (unlinkat(parent, name, AT_REMOVEDIR) == 0) return 0;
  return error ? error : -errno;
}

static int remove_entry(int parent, const char *name, int depth) {
  if (unlinkat(parent, name, 0) == 0 || errno == ENOENT) return 0;
  if (errno != EISDIR && errno != EPERM) return -errno;
  if (depth >= DEEPEST) return -ELOOP;
  return remove_directory(parent, name, depth + 1);
}

int ta_sweep(const char *path) {
  struct stat about;
  if (lstat(path, &about) != 0) return errno == ENOENT ? 0 : -errno;
  if (!S_ISDIR(about.st_mode)) return -ENOTDIR;
  return remove_directory(AT_FDCWD, path, 0);
}
