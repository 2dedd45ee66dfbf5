/* SPDX-License-Identifier: MIT */
#include "host/duplicate.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#if defined(__linux__)
#include <linux/fs.h>
#endif

#include "host/file.h"

#define PIECE ((size_t)8 << 20)          /* bytes, after which somebody may have given it up */
#define READ_AT_ONCE ((size_t)256 << 10) /* where it goes through our hands */
#define BLOCK 512                        /* bytes of a block, as stat() counts them */

static bool shares(int from, int to) {
#if defined(FICLONE)
  return ioctl(to, FICLONE, from) == 0;
#else
  (void)from, (void)to;
  return false;
#endif
}

static bool is_given_up(const atomic_bool *given_up) {
  return given_up && atomic_load(given_up);
}

static int copy_by_hand(int from, int to, const atomic_bool *given_up) {
  char *bytes = malloc(READ_AT_ONCE);
  int error = bytes ? 0 : -ENOMEM;
  while (!error) {
    ssize_t count = read(from, bytes, READ_AT_ONCE);
    if (count == 0) break;
    if (count > 0)
      error = ta_file_write_all(to, bytes, (size_t)count);
    else if (errno != EINTR)
      error = -errno;
    if (!error && is_given_up(given_up)) error = -ECANCELED;
  }
  free(bytes);
  return error;
}

/* Between two file systems, or of one that makes up what is read. */
static bool is_refused(int error) {
  return error == EXDEV || error == EINVAL || error == EOPNOTSUPP || error == ENOSYS ||
         error == EPERM || error == EBADF || error == ETXTBSY;
}

/* The kernel says that there is nothing also where it does not know: whoever reads sees the
 * end. */
static int copy_whole(int from, int to, const atomic_bool *given_up) {
  for (;;) {
    ssize_t count = copy_file_range(from, NULL, to, NULL, PIECE, 0);
    if (count == 0 || (count < 0 && is_refused(errno))) return copy_by_hand(from, to, given_up);
    if (count < 0 && errno != EINTR) return -errno;
    if (is_given_up(given_up)) return -ECANCELED;
  }
}

/* -EAGAIN: the kernel cannot, or does not want to. */
static int copy_range(int from, int to, off_t at, off_t end, const atomic_bool *given_up) {
  loff_t place = at;
  while (at < end) {
    size_t most = end - at < (off_t)PIECE ? (size_t)(end - at) : PIECE;
    ssize_t count = copy_file_range(from, &at, to, &place, most, 0);
    if (count == 0) break;
    if (count < 0 && errno != EINTR) return is_refused(errno) ? -EAGAIN : -errno;
    if (is_given_up(given_up)) return -ECANCELED;
  }
  return at < end ? -EAGAIN : 0;
}

/* Holes stay holes. */
static int copy_parts(int from, int to, off_t size, const atomic_bool *given_up) {
  for (off_t at = 0; at < size;) {
    off_t data = lseek(from, at, SEEK_DATA);
    if (data < 0 && errno == ENXIO) break;
    off_t hole = data < 0 ? size : lseek(from, data, SEEK_HOLE);
    if (data < 0) data = at;
    if (hole < 0 || hole > size) hole = size;
    if (data >= size) break;
    int error = copy_range(from, to, data, hole, given_up);
    if (error) return error;
    at = hole;
  }
  return ftruncate(to, size) == 0 ? 0 : -errno;
}

int ta_duplicate(int from, int to, const struct stat *about, const atomic_bool *given_up) {
  if (shares(from, to)) return 0;
  bool has_holes = about->st_blocks < about->st_size / BLOCK;
  int error = has_holes ? copy_parts(from, to, about->st_size, given_up) : -EAGAIN;
  if (error != -EAGAIN) return error;
  if (has_holes && (lseek(from, 0, SEEK_SET) < 0 || ftruncate(to, 0) != 0)) return -errno;
  return copy_whole(from, to, given_up);
}

/* Another owner's or group's rights are not given away. */
static int mode_for(int to, const struct stat *from, mode_t *mode) {
  struct stat about;
  if (fstat(to, &about) != 0) return -errno;
  *mode = from->st_mode & 07777;
  if (about.st_uid != from->st_uid) *mode &= ~(mode_t)S_ISUID;
  if (about.st_gid != from->st_gid) *mode &= ~(mode_t)S_ISGID;
  return 0;
}

int ta_duplicate_mode(int to, const struct stat *from) {
  const struct timespec times[2] = {from->st_atim, from->st_mtim};
  mode_t mode = 0;
  int error = mode_for(to, from, &mode);
  if (error) return error;
  if (fchmod(to, mode) != 0 && errno != EPERM && errno != EOPNOTSUPP) return -errno;
  futimens(to, times);
  return 0;
}
