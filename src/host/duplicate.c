/* SPDX-License-Identifier: MIT */
#include "host/duplicate.h"

#include <errno.h>
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
int ta_duplicate(int from, int to, const atomic_bool *given_up) {
  if (shares(from, to)) return 0;
  for (;;) {
    ssize_t count = copy_file_range(from, NULL, to, NULL, PIECE, 0);
    if (count == 0 || (count < 0 && is_refused(errno))) return copy_by_hand(from, to, given_up);
    if (count < 0 && errno != EINTR) return -errno;
    if (is_given_up(given_up)) return -ECANCELED;
  }
}

int ta_duplicate_times(int to, const struct stat *from) {
  const struct timespec times[2] = {from->st_atim, from->st_mtim};
  return futimens(to, times) == 0 ? 0 : -errno;
}
