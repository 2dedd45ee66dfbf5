/* SPDX-License-Identifier: MIT */
#include "host/vfork.h"

#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__linux__)
#include <linux/sched.h>
#endif

/* Sanitizers have to know of a child on our stack: they know vfork(). */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define IS_WATCHED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||                         \
    __has_feature(memory_sanitizer)
#define IS_WATCHED 1
#endif
#endif

#if defined(__x86_64__) && defined(__LP64__) && defined(SYS_clone3) &&                             \
    defined(CLONE_CLEAR_SIGHAND) && !defined(IS_WATCHED)

/* Since Linux 5.5.  To ask for the handlers of all 64 signals takes longer than all else that is
 * done here.  No function of the C library can do it: the child would return from it, and
 * what it calls next would lie where the parent is to return. */
static __attribute__((noinline)) pid_t fork_without_handlers(ta_vfork_fn *child, void *data) {
  const struct clone_args how = {.flags = CLONE_VM | CLONE_VFORK | CLONE_CLEAR_SIGHAND,
                                 .exit_signal = SIGCHLD};
  long pid;
  __asm__ volatile("syscall"
                   : "=a"(pid)
                   : "0"((long)SYS_clone3), "D"(&how), "S"(sizeof how)
                   : "rcx", "r11", "memory");
  if (pid == 0) child(data, false);
  return (pid_t)pid;
}

#else

static pid_t fork_without_handlers(ta_vfork_fn *child, void *data) {
  (void)child, (void)data;
  return -1;
}

#endif

/* Of its own, so that no variable lies in registers that the child might change. */
static __attribute__((noinline)) pid_t fork_with_handlers(ta_vfork_fn *child, void *data) {
  pid_t pid = vfork();
  if (pid == 0) child(data, true);
  return pid;
}

/* What a system or a container refuses, the older call may still do. */
pid_t ta_vfork(ta_vfork_fn *child, void *data) {
  pid_t pid = fork_without_handlers(child, data);
  return pid > 0 ? pid : fork_with_handlers(child, data);
}
