/* SPDX-License-Identifier: MIT */
#include "host/pidfd.h"

#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SIGNAL_GROUP 4 /* of pidfd_send_signal(), since Linux 6.9 */

int ta_pidfd_open(pid_t pid) {
#if defined(SYS_pidfd_open)
  return (int)syscall(SYS_pidfd_open, pid, 0);
#else
  (void)pid;
  errno = ENOSYS;
  return -1;
#endif
}

int ta_pidfd_signal_group(int fd, pid_t group, int number) {
#if defined(SYS_pidfd_send_signal)
  if (fd >= 0) {
    if (syscall(SYS_pidfd_send_signal, fd, number, NULL, SIGNAL_GROUP) == 0) return 0;
    if (errno == ESRCH) return -ESRCH;
  }
#endif
  (void)fd;
  return kill(-group, number) == 0 ? 0 : -errno;
}
