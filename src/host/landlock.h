/* SPDX-License-Identifier: MIT
 *
 * landlock.h -- Linux's calls of this name, which the C library does not have.
 *
 * They know no gate: see host/wall.h.  Where there are none they fail with ENOSYS.
 */
#ifndef TA_HOST_LANDLOCK_H
#define TA_HOST_LANDLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* What is refused where no rule allows it. */
struct ta_landlock_set {
  uint64_t files, net, scoped;
};

/* The version of the interface; 0: there is none. */
int ta_landlock_version(void);

/* A descriptor, or -1 and errno.  The set has what the version knows. */
int ta_landlock_new(const struct ta_landlock_set *set, int version);

/* Allows rights on what is open as a path, and below it; at a port.  0, or -1 and errno. */
int ta_landlock_allow_path(int ruleset, int fd, uint64_t rights);
int ta_landlock_allow_port(int ruleset, int port, uint64_t rights);

/* From now on, for this thread and what comes from it.  0, or -1 and errno; also for a child that
 * has its parent's memory. */
int ta_landlock_restrict(int ruleset);

#endif
