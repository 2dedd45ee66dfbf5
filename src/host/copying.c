/* SPDX-License-Identifier: MIT */
#include "host/copying.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include "host/beside.h"
#include "host/duplicate.h"
#include "host/tree.h"

#define DIRECTORY (O_RDONLY | O_DIRECTORY | O_CLOEXEC)

struct copying {
  struct ta_tree from, to;
  struct ta_trouble *trouble;
  struct ta_beside *beside;
  dev_t device; /* the copy, which is not copied */
  ino_t inode;
  bool lost; /* there is no way back up */
};

static void note(struct copying *copying, int error, const char *name) {
  ta_note_trouble(copying->trouble, error, ta_tree_name(&copying->from, name),
                  ta_tree_name(&copying->to, name));
}

/* ------------------------------------------------------------------------ entries */

/* Where the copy of an entry goes. */
struct place {
  int fd;
  const char *name;
  struct ta_beside *beside; /* what is there already stays until what replaces it is complete */
  const atomic_bool *stop;
};

static const char *name_beside(const struct place *to) {
  return ta_beside_at(to->beside, to->fd);
}

static int take_place(const struct place *to) {
  return ta_beside_take_place(to->beside, to->fd, to->name);
}

static int create(int fd, const char *name) {
  int out = openat(fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  return out >= 0 ? out : -errno;
}

static int fill(int in, int out, const struct stat *about, const atomic_bool *stop) {
  int error = ta_duplicate(in, out, about, stop);
  if (!error) error = ta_duplicate_mode(out, about);
  if (close(out) != 0 && !error) error = -errno;
  return error;
}

static int copy_opened(int in, const struct place *to) {
  struct stat about;
  const char *made = to->name;
  if (fstat(in, &about) != 0) return -errno;
  if (!S_ISREG(about.st_mode)) return -EOPNOTSUPP; /* now it is none */
  int out = create(to->fd, made);
  if (out == -EEXIST) out = create(to->fd, made = name_beside(to));
  if (out < 0) return out;
  int error = fill(in, out, &about, to->stop);
  if (!error) return made == to->name ? 0 : take_place(to);
  unlinkat(to->fd, made, 0);
  return error;
}

/* May what is copied have that name? */
static int check_place(int in, const struct place *to) {
  struct stat a, b;
  if (fstat(in, &a) != 0 || fstatat(to->fd, to->name, &b, AT_SYMLINK_NOFOLLOW) != 0) return 0;
  if (a.st_dev == b.st_dev && a.st_ino == b.st_ino) return -EINVAL;
  return S_ISDIR(b.st_mode) ? -EISDIR : 0;
}

static int copy_file(int from, const char *name, const struct place *to) {
  int in = openat(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (in < 0) return -errno;
  int error = check_place(in, to);
  if (!error) error = copy_opened(in, to);
  close(in);
  return error;
}

static int make_link(const char *target, const struct place *to) {
  if (symlinkat(target, to->fd, to->name) == 0) return 0;
  if (errno != EEXIST || symlinkat(target, to->fd, name_beside(to)) != 0) return -errno;
  return take_place(to);
}

static int copy_link(int from, const char *name, const struct place *to) {
  char target[PATH_MAX];
  struct stat about;
  ssize_t length = readlinkat(from, name, target, sizeof target - 1);
  if (length < 0) return -errno;
  target[length] = '\0';
  int error = make_link(target, to);
  if (error || fstatat(from, name, &about, AT_SYMLINK_NOFOLLOW) != 0) return error;
  struct timespec times[2] = {about.st_atim, about.st_mtim};
  utimensat(to->fd, to->name, times, AT_SYMLINK_NOFOLLOW);
  return 0;
}

static int copy_fifo(const struct stat *about, const struct place *to) {
  mode_t mode = about->st_mode & 0777;
  if (mkfifoat(to->fd, to->name, mode) == 0) return 0;
  if (errno != EEXIST || mkfifoat(to->fd, name_beside(to), mode) != 0) return -errno;
  return take_place(to);
}

/* All but directories. */
static int copy_entry(int from, const char *name, const struct place *to) {
  struct stat about;
  if (fstatat(from, name, &about, AT_SYMLINK_NOFOLLOW) != 0) return -errno;
  if (S_ISREG(about.st_mode)) return copy_file(from, name, to);
  if (S_ISLNK(about.st_mode)) return copy_link(from, name, to);
  if (S_ISFIFO(about.st_mode)) return copy_fifo(&about, to);
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
  int error = -EISDIR;
  const struct place to = {ta_tree_here(&copying->to)->fd, name, copying->beside,
                           copying->trouble->stop};
  if (copying->from.type != DT_DIR) error = copy_entry(ta_tree_here(&copying->from)->fd, name, &to);
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
static int open_trees(struct copying *copying, int source, const struct ta_copy *copy,
                      const struct place *place) {
  struct stat about;
  int error = fstat(source, &about) == 0 ? 0 : -errno;
  int target = error ? error : open_target(place->fd, place->name, &about);
  if (target < 0) return close(source), target;
  if (fstat(target, &about) == 0) copying->device = about.st_dev, copying->inode = about.st_ino;
  error = ta_tree_open(&copying->from, source, copy->path, 0);
  if (error) return close(target), error;
  error = ta_tree_open(&copying->to, target, copy->to, TA_TREE_UNREAD);
  if (error) ta_tree_close(&copying->from);
  return error;
}

static int copy_directory(int source, const struct ta_copy *copy, const struct place *place) {
  struct copying copying = {.trouble = copy->trouble, .beside = place->beside};
  int error = open_trees(&copying, source, copy, place);
  if (error) return error;
  copy_all(&copying);
  ta_tree_close(&copying.from);
  ta_tree_close(&copying.to);
  return 0;
}

static int copy_to(const struct ta_copy *copy, struct place *place) {
  if (place->name[0] == '\0') place->name = "."; /* "/" */
  int source = open(copy->place, DIRECTORY | O_NOFOLLOW);
  if (source >= 0) return copy_directory(source, copy, place);
  if (errno != ENOTDIR && errno != ELOOP) return -errno;
  return copy_entry(AT_FDCWD, copy->place, place);
}

void ta_copy_tree(const struct ta_copy *copy) {
  struct ta_beside beside = {.notes = copy->notes};
  struct place place = {.beside = &beside, .stop = copy->trouble->stop};
  place.fd = ta_open_parent(copy->target, &place.name);
  int error = copy->target[0] ? place.fd : -ENOENT;
  if (error >= 0) error = copy_to(copy, &place);
  ta_beside_end(&beside);
  if (place.fd >= 0) close(place.fd);
  if (error) ta_note_trouble(copy->trouble, error, NULL, NULL);
}
