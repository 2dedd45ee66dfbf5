/* SPDX-License-Identifier: MIT */
#include "host/landlock.h"

#include <errno.h>
#include <stddef.h>
#if defined(__linux__)
#include <sys/syscall.h>
#endif
#include <unistd.h>

#if defined(__linux__) && defined(SYS_landlock_create_ruleset)

enum { RULE_PATH = 1, RULE_PORT };

struct __attribute__((packed)) path_rule {
  uint64_t rights;
  int32_t fd;
};

struct port_rule {
  uint64_t rights, port;
};

int ta_landlock_version(void) {
  long version = syscall(SYS_landlock_create_ruleset, NULL, 0, 1);
  return version > 0 ? (int)version : 0;
}

/* Older ones know no more than the beginning. */
int ta_landlock_new(const struct ta_landlock_set *set, int version) {
  size_t size = version >= 6   ? sizeof *set
                : version >= 4 ? offsetof(struct ta_landlock_set, scoped)
                               : offsetof(struct ta_landlock_set, net);
  return (int)syscall(SYS_landlock_create_ruleset, set, size, 0);
}

int ta_landlock_allow_path(int ruleset, int fd, uint64_t rights) {
  const struct path_rule rule = {rights, fd};
  return (int)syscall(SYS_landlock_add_rule, ruleset, RULE_PATH, &rule, 0);
}

int ta_landlock_allow_port(int ruleset, int port, uint64_t rights) {
  const struct port_rule rule = {rights, (uint64_t)port};
  return (int)syscall(SYS_landlock_add_rule, ruleset, RULE_PORT, &rule, 0);
}

int ta_landlock_restrict(int ruleset) {
  return (int)syscall(SYS_landlock_restrict_self, ruleset, 0);
}

#else

static int fail(void) {
  errno = ENOSYS;
  return -1;
}

int ta_landlock_version(void) {
  return 0;
}

int ta_landlock_new(const struct ta_landlock_set *set, int version) {
  (void)set, (void)version;
  return fail();
}

int ta_landlock_allow_path(int ruleset, int fd, uint64_t rights) {
  (void)ruleset, (void)fd, (void)rights;
  return fail();
}

int ta_landlock_allow_port(int ruleset, int port, uint64_t rights) {
  (void)ruleset, (void)port, (void)rights;
  return fail();
}

int ta_landlock_restrict(int ruleset) {
  (void)ruleset;
  return fail();
}

#endif
