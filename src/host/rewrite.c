/* SPDX-License-Identifier: MIT */
#include "host/rewrite.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "host/duplicate.h"

#define MOST_LINKS 40

/* ------------------------------------------------------------------ its place */

/* The path that `text`, which a link at `target` has, leads to. */
static int join(char *target, const char *text) {
  char *slash = text[0] == '/' ? NULL : strrchr(target, '/');
  char *end = slash ? slash + 1 : target;
  if (strlen(text) >= (size_t)(target + PATH_MAX - end)) return -ENAMETOOLONG;
  memmove(end, text, strlen(text) + 1);
  return 0;
}

/* Where the links end, be there anything or not. */
static int follow_links(const char *path, char *target) {
  char text[PATH_MAX];
  int error = strlen(path) < PATH_MAX ? 0 : -ENAMETOOLONG;
  if (!error) memcpy(target, path, strlen(path) + 1);
  for (int i = 0; !error; i++) {
    ssize_t length = readlink(target, text, sizeof text - 1);
    if (length < 0) return errno == EINVAL || errno == ENOENT ? 0 : -errno;
    if (i == MOST_LINKS) return -ELOOP;
    text[length] = '\0';
    error = join(target, text);
  }
  return error;
}

/* Of one that may be searched and not read nothing can be made sure. */
static int open_directory(const char *path) {
  int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
#if defined(O_PATH)
  if (fd < 0 && errno == EACCES) fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
#endif
  return fd < 0 ? -errno : fd;
}

static int find_place(struct ta_rewrite *rewrite) {
  char *target = rewrite->target;
  if (!rewrite->path[0]) return -ENOENT;
  int error = follow_links(rewrite->path, target);
  if (error) return error;
  char *slash = strrchr(target, '/');
  rewrite->base = slash ? slash + 1 : target;
  if (!slash) {
    rewrite->directory = open_directory(".");
  } else {
    char after = slash[1];
    slash[1] = '\0';
    rewrite->directory = open_directory(target);
    slash[1] = after;
  }
  if (rewrite->directory < 0) return rewrite->directory;
  return 0;
}

/* What is there has to be a file that we might write to. */
static int look_at_old(struct ta_rewrite *rewrite) {
  if (!rewrite->base[0]) return -EISDIR;
  rewrite->replaces =
      fstatat(rewrite->directory, rewrite->base, &rewrite->old, AT_SYMLINK_NOFOLLOW) == 0;
  if (!rewrite->replaces) return errno == ENOENT ? 0 : -errno;
  if (S_ISDIR(rewrite->old.st_mode)) return -EISDIR;
  if (S_ISLNK(rewrite->old.st_mode)) return -EAGAIN; /* it was no link before */
  if (!S_ISREG(rewrite->old.st_mode)) return -ESPIPE;
  return faccessat(rewrite->directory, rewrite->base, W_OK, AT_EACCESS) == 0 ? 0 : -errno;
}

/* ------------------------------------------------------------ the file beside */

static int make_beside(struct ta_rewrite *rewrite) {
  bool comes_later = rewrite->replaces || rewrite->sets_mode || rewrite->like;
  mode_t mode = comes_later ? 0600 : rewrite->mode;
  const char *name = ta_beside_at(&rewrite->beside, rewrite->directory);
  int fd;
  do fd = openat(rewrite->directory, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  while (fd < 0 && errno == EINTR);
  return fd < 0 ? -errno : fd;
}

/* Who may not give it the owner gives it the group, if that may be; it is not to get the rights
 * of another user then. */
static int keep_owner(const struct ta_rewrite *rewrite, int fd, mode_t *mode) {
  struct stat ours;
  const struct stat *old = &rewrite->old;
  if (fstat(fd, &ours) != 0) return -errno;
  if (ours.st_uid == old->st_uid && ours.st_gid == old->st_gid) return 0;
  if (fchown(fd, old->st_uid, old->st_gid) == 0) return 0;
  *mode &= ~(mode_t)S_ISUID;
  if (fchown(fd, (uid_t)-1, old->st_gid) != 0) *mode &= ~(mode_t)S_ISGID;
  return 0;
}

/* When all is in it: a write takes a file set-user-id away. */
static int keep_mode(const struct ta_rewrite *rewrite, int fd) {
  mode_t mode = rewrite->sets_mode ? rewrite->mode : rewrite->old.st_mode & 07777;
  int error = rewrite->replaces ? keep_owner(rewrite, fd, &mode) : 0;
  if (error) return error;
  if (rewrite->like) return ta_duplicate_mode(fd, rewrite->like);
  if (!rewrite->replaces && !rewrite->sets_mode) return 0;
  return fchmod(fd, mode) == 0 ? 0 : -errno;
}

static int sync_all(int fd) {
  int result;
  do result = fsync(fd);
  while (result != 0 && errno == EINTR);
  return result == 0 ? 0 : -errno;
}

bool ta_rewrite_is_given_up(const struct ta_rewrite *rewrite) {
  return rewrite->given_up && atomic_load(rewrite->given_up);
}

static int fill_beside(struct ta_rewrite *rewrite, int fd) {
  int error = rewrite->fill(rewrite, fd);
  if (!error) error = keep_mode(rewrite, fd);
  if (!error && ta_rewrite_is_given_up(rewrite)) error = -ECANCELED;
  if (!error && rewrite->sync) error = sync_all(fd);
  if (!error && ta_rewrite_is_given_up(rewrite)) error = -ECANCELED;
  if (close(fd) != 0 && errno != EINTR && !error) error = -errno;
  return error;
}

/* Not every file system can, and of one that we may not read nobody can. */
static int sync_directory(const struct ta_rewrite *rewrite) {
  int error = sync_all(rewrite->directory);
  return error == -EINVAL || error == -EBADF || error == -ENOTSUP || error == -EROFS ? 0 : error;
}

static int write_beside(struct ta_rewrite *rewrite) {
  int fd = make_beside(rewrite);
  if (fd < 0) return fd;
  int error = fill_beside(rewrite, fd);
  if (!error) return ta_beside_take_place(&rewrite->beside, rewrite->directory, rewrite->base);
  ta_beside_remove(&rewrite->beside, rewrite->directory);
  return error;
}

static int replace(struct ta_rewrite *rewrite) {
  int error = look_at_old(rewrite);
  if (error) return error;
  error = write_beside(rewrite);
  ta_beside_end(&rewrite->beside);
  return !error && rewrite->sync ? sync_directory(rewrite) : error;
}

int ta_rewrite(struct ta_rewrite *rewrite) {
  int error = find_place(rewrite);
  if (error) return error;
  error = replace(rewrite);
  close(rewrite->directory);
  return error;
}
