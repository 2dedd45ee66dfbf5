/* SPDX-License-Identifier: MIT */
#include "host/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define PIECE 65536           /* bytes read at once, at least */
#define LARGE_PIECE (1 << 20) /* and at most, by who may not wait */
#define NAMES_AT_ONCE 1000    /* by who may not wait */
#define FLAGS (O_CLOEXEC | O_NONBLOCK | O_NOCTTY)

static int open_again(const char *path, int flags, mode_t mode) {
  int fd;
  do fd = open(path, flags, mode);
  while (fd < 0 && errno == EINTR);
  return fd < 0 ? -errno : fd;
}

/* ------------------------------------------------------------------- reading */

static int open_to_read(const char *path, struct ta_file_text *text) {
  struct stat about;
  if (text->opened) return 0;
  int fd = open_again(path, O_RDONLY | FLAGS, 0);
  if (fd < 0) return fd;
  text->fd = fd;
  text->opened = true;
  if (fstat(fd, &about) != 0) return -errno;
  if (S_ISDIR(about.st_mode)) return -EISDIR;
  if (!S_ISREG(about.st_mode)) return -ESPIPE;
  if (text->most && about.st_size > 0 && (uintmax_t)about.st_size > text->most) return -ENOMEM;
  /* More is asked for than it has, so that its end is seen. */
  size_t room = about.st_size > 0 && (uintmax_t)about.st_size < SIZE_MAX - 1
                    ? (size_t)about.st_size + 1
                    : 4096;
  text->bytes = malloc(room);
  text->room = room;
  return text->bytes ? 0 : -ENOMEM;
}

static int make_room(struct ta_file_text *text) {
  if (text->most && text->size > text->most) return -ENOMEM;
  if (text->size < text->room) return 0;
  if (text->room > SIZE_MAX / 2) return -ENOMEM;
  char *bytes = realloc(text->bytes, text->room * 2);
  if (!bytes) return -ENOMEM;
  text->bytes = bytes;
  text->room *= 2;
  return 0;
}

static ssize_t read_again(int fd, char *bytes, size_t size) {
  ssize_t count;
  do count = read(fd, bytes, size);
  while (count < 0 && errno == EINTR);
  return count < 0 ? -errno : count;
}

ssize_t ta_file_read_cached(int fd, void *bytes, size_t size) {
#if defined(RWF_NOWAIT)
  struct iovec part = {.iov_base = bytes, .iov_len = size};
  ssize_t count;
  do count = preadv2(fd, &part, 1, -1, RWF_NOWAIT);
  while (count < 0 && errno == EINTR);
  if (count >= 0) return count;
  if (errno != EOPNOTSUPP && errno != ENOSYS && errno != EINVAL) return -errno;
#endif
  return read_again(fd, bytes, size);
}

int ta_file_read(const char *path, bool now, struct ta_file_text *text) {
  int error = open_to_read(path, text);
  size_t most = text->size + LARGE_PIECE;
  while (!error) {
    error = make_room(text);
    if (error) break;
    if (now && text->size >= most) return -EAGAIN;
    size_t room = text->room - text->size;
    size_t size = now && room > LARGE_PIECE ? LARGE_PIECE : room;
    if (size > SSIZE_MAX) size = SSIZE_MAX;
    char *place = text->bytes + text->size;
    ssize_t count =
        now ? ta_file_read_cached(text->fd, place, size) : read_again(text->fd, place, size);
    if (count == 0) break;
    if (count > 0)
      text->size += (size_t)count;
    else
      error = (int)count;
  }
  return error;
}

void ta_file_drop(struct ta_file_text *text) {
  if (text->opened) close(text->fd);
  free(text->bytes);
  *text = (struct ta_file_text){0};
}

/* ------------------------------------------------------------------- writing */

int ta_file_write_all(int fd, const char *bytes, size_t size) {
  while (size > 0) {
    ssize_t count = write(fd, bytes, size);
    if (count < 0 && errno != EINTR) return -errno;
    if (count <= 0) continue;
    bytes += count;
    size -= (size_t)count;
  }
  return 0;
}

int ta_file_append(const char *path, const char *bytes, size_t size, mode_t mode) {
  struct stat about;
  int fd = open_again(path, O_WRONLY | O_APPEND | O_CREAT | FLAGS, mode);
  if (fd < 0) return fd == -ENXIO ? -ESPIPE : fd;
  int error = fstat(fd, &about) == 0 ? 0 : -errno;
  if (!error && !S_ISREG(about.st_mode)) error = -ESPIPE;
  if (!error) error = ta_file_write_all(fd, bytes, size);
  if (close(fd) != 0 && errno != EINTR && !error) error = -errno; /* NFS tells now */
  return error;
}

/* --------------------------------------------------------------- directories */

static int add_name(struct ta_file_names *names, const char *name) {
  size_t length = strlen(name) + 1;
  if (names->room - names->size < length) {
    size_t room = names->room ? names->room * 2 : 4096;
    char *bytes = realloc(names->bytes, room);
    if (!bytes) return -ENOMEM;
    names->bytes = bytes;
    names->room = room;
  }
  memcpy(names->bytes + names->size, name, length);
  names->size += length;
  names->count++;
  return 0;
}

int ta_file_list(const char *path, bool now, struct ta_file_names *names) {
  const struct dirent *entry;
  if (!names->directory) names->directory = opendir(path);
  if (!names->directory) return -errno;
  for (int i = 0; !now || i < NAMES_AT_ONCE; i++) {
    errno = 0;
    entry = readdir(names->directory);
    if (!entry) return -errno;
    int error = ta_is_dots(entry->d_name) ? 0 : add_name(names, entry->d_name);
    if (error) return error;
  }
  return -EAGAIN;
}

void ta_file_drop_names(struct ta_file_names *names) {
  if (names->directory) closedir(names->directory);
  free(names->bytes);
  *names = (struct ta_file_names){0};
}

static bool is_directory(const char *path) {
  struct stat about;
  return stat(path, &about) == 0 && S_ISDIR(about.st_mode);
}

/* A umask may have taken away what owners need to go on. */
static int let_owner_in(const char *path) {
  const mode_t needed = S_IWUSR | S_IXUSR;
  struct stat about;
  if (stat(path, &about) != 0) return -errno;
  if ((about.st_mode & needed) == needed) return 0;
  return chmod(path, (about.st_mode & 07777) | needed) == 0 ? 0 : -errno;
}

/* One of those it lies in. */
static int make_parent(const char *path, mode_t mode) {
  if (mkdir(path, mode) == 0) return let_owner_in(path);
  if (errno == EEXIST) return 0;
  int error = -errno;
  return is_directory(path) ? 0 : error; /* as on a file system that is read only */
}

static int make_parents(const char *path, mode_t mode) {
  char *copy = strdup(path);
  int error = copy ? 0 : -ENOMEM;
  for (char *slash = copy; !error && (slash = strchr(slash + 1, '/'));) {
    if (!slash[1]) break;
    *slash = '\0';
    error = make_parent(copy, mode);
    *slash = '/';
  }
  free(copy);
  return error;
}

int ta_file_make_directory(const char *path, mode_t mode, bool parents) {
  if (mkdir(path, mode) == 0) return 0;
  int error = -errno;
  if (!parents) return error;
  if (error == -ENOENT && path[0]) {
    error = make_parents(path, 0777);
    if (!error) error = mkdir(path, mode) == 0 ? 0 : -errno;
  }
  return error && is_directory(path) ? 0 : error;
}

/* Linux says EISDIR of a directory, others EPERM. */
int ta_file_remove(const char *path) {
  if (unlink(path) == 0) return 0;
  int error = -errno;
  if (error != -EISDIR && error != -EPERM) return error;
  if (rmdir(path) == 0) return 0;
  return errno == ENOTDIR ? error : -errno;
}

const char *ta_file_type(mode_t mode) {
  switch (mode & S_IFMT) {
  case S_IFREG:
    return "file";
  case S_IFDIR:
    return "directory";
  case S_IFLNK:
    return "link";
  case S_IFIFO:
    return "fifo";
  case S_IFSOCK:
    return "socket";
  case S_IFCHR:
    return "character device";
  case S_IFBLK:
    return "block device";
  default:
    return "other";
  }
}

uint64_t ta_file_random(void) {
  uint64_t number;
  ssize_t count;
  do count = getrandom(&number, sizeof number, 0);
  while (count < 0 && errno == EINTR);
  if (count == (ssize_t)sizeof number) return number;
  struct timespec now; /* the system has no such call */
  clock_gettime(CLOCK_MONOTONIC, &now);
  return ((uint64_t)now.tv_nsec << 32) ^ (uint64_t)now.tv_sec ^ (uint64_t)(uintptr_t)&now;
}
