/* SPDX-License-Identifier: MIT */
#include "host/copying.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "host/duplicate.h"
#include "host/file.h"
#include "host/tree.h"

#define DIRECTORY (O_RDONLY | O_DIRECTORY | O_CLOEXEC)

struct copying {
  struct ta_tree from, to;
  struct ta_trouble *trouble;
  dev_t device; /* the copy, which is not copied */
  ino_t inode;
  bool lost; /* there is no way back up */
};

static void note(struct copying *copying, int error, const char *name) {
  ta_note_trouble(copying->trouble, error, ta_tree_name(&copying->from, name),
                  ta_tree_name(&copying->to, name));
}

/* ------------------------------------------------------------------------ entries */

/* What there is already stays until what replaces it is complete, which was made beside it. */
static int take_place(int fd, const char *beside, const char *name) {
  if (renameat(fd, beside, fd, name) == 0) return 0;
  int error = -errno;
  unlinkat(fd, beside, 0);
  return error;
}

static int create(int fd, const char *name) {
  int out = openat(fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  return out >= 0 ? out : -errno;
}

static int copy_opened(int in, int fd, const char *name, const atomic_bool *stop) {
  struct stat about;
  char beside[TA_FILE_BESIDE];
  const char *made = name;
  if (fstat(in, &about) != 0) return -errno;
  if (!S_ISREG(about.st_mode)) return -EOPNOTSUPP; /* now it is none */
  int out = create(fd, made);
  if (out == -EEXIST) out = create(fd, made = ta_file_name_beside(beside));
  if (out < 0) return out;
  int error = ta_duplicate(in, out, &about, stop);
  if (!error) error = ta_duplicate_mode(out, &about);
  if (close(out) != 0 && !error) error = -errno;
  if (!error) return made == name ? 0 : take_place(fd, made, name);
  unlinkat(fd, made, 0);
  return error;
}

/* May what is copied have that name? */
static int check_place(int in, int fd, const char *name) {
  struct stat a, b;
  if (fstat(in, &a) != 0 || fstatat(fd, name, &b, AT_SYMLINK_NOFOLLOW) != 0) return 0;
  if (a.st_dev == b.st_dev && a.st_ino == b.st_ino) return -EINVAL;
  return S_ISDIR(b.st_mode) ? -EISDIR : 0;
}

static int copy_file(int from, const char *name, int to, const char *copy,
                     const atomic_bool *stop) {
  int in = openat(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (in < 0) return -errno;
  int error = check_place(in, to, copy);
  if (!error) error = copy_opened(in, to, copy, stop);
  close(in);
  return error;
}

static int make_link(const char *target, int to, const char *copy) {
  char beside[TA_FILE_BESIDE];
  if (symlinkat(target, to, copy) == 0) return 0;
  if (errno != EEXIST || symlinkat(target, to, ta_file_name_beside(beside)) != 0) return -errno;
  return take_place(to, beside, copy);
}

static int copy_link(int from, const char *name, int to, const char *copy) {
  char target[PATH_MAX];
  struct stat about;
  ssize_t length = readlinkat(from, name, target, sizeof target - 1);
  if (length < 0) return -errno;
  target[length] = '\0';
  int error = make_link(target, to, copy);
  if (error || fstatat(from, name, &about, AT_SYMLINK_NOFOLLOW) != 0) return error;
  struct timespec times[2] = {about.st_atim, about.st_mtim};
  utimensat(to, copy, times, AT_SYMLINK_NOFOLLOW);
  return 0;
}

static int copy_fifo(int to, const char *copy, const struct stat *about) {
  mode_t mode = about->st_mode & 0777;
  char beside[TA_FILE_BESIDE];
  if (mkfifoat(to, copy, mode) == 0) return 0;
  if (errno != EEXIST || mkfifoat(to, ta_file_name_beside(beside), mode) != 0) return -errno;
  return take_place(to, beside, copy);
}

/* All but directories. */
static int copy_entry(int from, const char *name, int to, const char *copy,
                      const atomic_bool *stop) {
  struct stat about;
  if (fstatat(from, name, &about, AT_SYMLINK_NOFOLLOW) != 0) return -errno;
  if (S_ISREG(about.st_mode)) return copy_file(from, name, to, copy, stop);
  if (S_ISLNK(about.st_mode)) return copy_link(from, name, to, copy);
  if (S_ISFIFO(about.st_mode)) return copy_fifo(to, copy, &about);
  return S_ISDIR(about.st_mode) ? -EISDIR : -EOPNOTSUPP;
}

/* --------------------------------------------------------------------- directories */

static bool is_copy(const struct copying *copying, int fd) {
  struct stat about;
  return fstat(fd, &about) == 0 && about.st_dev == copying->device &&
         about.st_ino == copying->inode;
}

/* Goes into both. */
static int enter(struct copying *copying, const char *name) {
  int error = ta_tree_enter(&copying->from, name, false);
  if (error) return error;
  int to = ta_tree_here(&copying->to)->fd;
  if (is_copy(copying, ta_tree_here(&copying->from)->fd))
    error = -EINVAL;
  else if (mkdirat(to, name, 0700) != 0 && errno != EEXIST)
    error = -errno;
  else
    error = ta_tree_enter(&copying->to, name, false);
  if (error == -ELOOP) error = -ENOTDIR; /* a link lies there */
  int lost = error ? ta_tree_leave(&copying->from) : 0;
  copying->lost = lost;
  return lost ? lost : error;
}

static void copy_next(struct copying *copying) {
  const char *name = copying->from.name;
  int from = ta_tree_here(&copying->from)->fd, to = ta_tree_here(&copying->to)->fd, error = -EISDIR;
  if (copying->from.type != DT_DIR)
    error = copy_entry(from, name, to, name, copying->trouble->stop);
  if (error == -EISDIR) error = enter(copying, name);
  if (error && error != -ENOENT) note(copying, error, name);
}

/* What is in the directory is there: it gets its mode and its times. */
static int finish_directory(struct copying *copying) {
  struct stat about;
  if (fstat(ta_tree_here(&copying->from)->fd, &about) != 0) return -errno;
  return ta_duplicate_mode(ta_tree_here(&copying->to)->fd, &about);
}

static bool go_up(struct copying *copying) {
  int error = ta_tree_leave(&copying->from);
  if (!error) error = ta_tree_leave(&copying->to);
  if (error) note(copying, error, copying->from.name);
  return !error;
}

/* After these everything else would fail as well. */
static bool is_hopeless(int error) {
  return error == -ENOSPC || error == -EDQUOT || error == -EROFS || error == -ECANCELED;
}

static void copy_all(struct copying *copying) {
  while (!copying->lost && !is_hopeless(copying->trouble->error)) {
    int found = atomic_load(copying->trouble->stop) ? -ECANCELED : ta_tree_next(&copying->from);
    if (found < 0) note(copying, found, NULL);
    if (found > 0) {
      copy_next(copying);
      continue;
    }
    int error = finish_directory(copying);
    if (error) note(copying, error, NULL);
    if (copying->from.depth == 0 || !go_up(copying)) return;
  }
}

/* ------------------------------------------------------------------- from the root on */

static bool is_in(const struct stat *about, int fd) {
  struct stat here, last = {.st_ino = 0};
  int at = openat(fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
  bool found = false;
  while (at >= 0 && !found && fstat(at, &here) == 0) {
    if (here.st_dev == last.st_dev && here.st_ino == last.st_ino) break; /* "/" */
    found = here.st_dev == about->st_dev && here.st_ino == about->st_ino;
    last = here;
    int up = openat(at, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
    close(at);
    at = up;
  }
  if (at >= 0) close(at);
  return found;
}

/* The directory that is the copy, made if need be, and not in what is copied. */
static int open_target(int parent, const char *name, const struct stat *source) {
  int fd = openat(parent, name, DIRECTORY);
  if (fd < 0 && errno != ENOENT) return -errno;
  if (is_in(source, fd < 0 ? parent : fd)) return fd < 0 ? -EINVAL : (close(fd), -EINVAL);
  if (fd >= 0) return fd;
  if (mkdirat(parent, name, 0700) != 0) return -errno;
  fd = openat(parent, name, DIRECTORY | O_NOFOLLOW);
  return fd >= 0 ? fd : -errno;
}

/* Takes `source`. */
static int open_trees(struct copying *copying, int source, const char *from, int parent,
                      const char *name, const char *to) {
  struct stat about;
  int error = fstat(source, &about) == 0 ? 0 : -errno;
  int target = error ? error : open_target(parent, name, &about);
  if (target < 0) return close(source), target;
  if (fstat(target, &about) == 0) copying->device = about.st_dev, copying->inode = about.st_ino;
  error = ta_tree_open(&copying->from, source, from, 0);
  if (error) return close(target), error;
  error = ta_tree_open(&copying->to, target, to, TA_TREE_UNREAD);
  if (error) ta_tree_close(&copying->from);
  return error;
}

static int copy_directory(int source, const char *from, int parent, const char *name,
                          const char *to, struct ta_trouble *trouble) {
  struct copying copying = {.trouble = trouble};
  int error = open_trees(&copying, source, from, parent, name, to);
  if (error) return error;
  copy_all(&copying);
  ta_tree_close(&copying.from);
  ta_tree_close(&copying.to);
  return 0;
}

static int copy_to(const char *path, const char *place, int parent, const char *name,
                   const char *to, struct ta_trouble *trouble) {
  if (name[0] == '\0') name = "."; /* "/" */
  int source = open(place, DIRECTORY | O_NOFOLLOW);
  if (source >= 0) return copy_directory(source, path, parent, name, to, trouble);
  if (errno != ENOTDIR && errno != ELOOP) return -errno;
  return copy_entry(AT_FDCWD, place, parent, name, trouble->stop);
}

void ta_copy_tree(const char *path, const char *place, const char *to, const char *target,
                  struct ta_trouble *trouble) {
  const char *name;
  int parent = ta_open_parent(target, &name);
  int error = target[0] ? parent : -ENOENT;
  if (error >= 0) error = copy_to(path, place, parent, name, to, trouble);
  if (parent >= 0) close(parent);
  if (error) ta_note_trouble(trouble, error, NULL, NULL);
}
