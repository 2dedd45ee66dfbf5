/* SPDX-License-Identifier: MIT
 *
 * pidfd.h -- descriptors that stand for processes, where the system has them.
 *
 * Such a descriptor can be read once its process has ended, and its group is signalled by
 * it without ever hitting another that has got the number since.  Where the kernel lacks
 * either, the number has to do.
 */
#ifndef TA_HOST_PIDFD_H
#define TA_HOST_PIDFD_H

#include <sys/types.h>

/* For a child that was not reaped.  -1 with errno: there is none to be had. */
int ta_pidfd_open(pid_t pid);

/* Signals the group whose leader the descriptor stands for, be it gone; `group` is its number,
 * for where there is no descriptor.  0, or a negative errno: -ESRCH: nobody is in it. */
int ta_pidfd_signal_group(int fd, pid_t group, int number);

#endif
