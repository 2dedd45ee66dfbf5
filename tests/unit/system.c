/* SPDX-License-Identifier: MIT */
#include "unit/system.h"

#include <errno.h>
#include <pthread.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>

struct epoll_event;
struct rusage;
struct iovec;

static struct {
  _Atomic enum system_call call;
  _Atomic unsigned nth, count;
  _Atomic int error;
  int signal; /* comes instead; 0: none */
  bool is_due;
  bool for_ever;
  bool ignores; /* what is called now */
  bool lacks_nowait;
  bool lacks_cache;
  bool forbids_signals;
} failing;

static _Thread_local bool ignores; /* what is called now */

void system_fail(enum system_call call, unsigned nth, int error) {
  failing.call = call;
  failing.nth = nth;
  failing.count = 0;
  failing.error = error;
  failing.signal = 0;
  failing.for_ever = false;
}

void system_signal_after(enum system_call call, unsigned nth, int signal) {
  system_fail(call, nth, 0);
  failing.signal = signal;
}

void system_fail_for_ever(void) {
  failing.for_ever = true;
}

unsigned system_go_well(void) {
  failing.nth = 0;
  return failing.count;
}

void system_count(bool counts) {
  ignores = !counts;
}

void system_lack_nowait(bool lacks) {
  failing.lacks_nowait = lacks;
}

void system_lack_cache(bool lacks) {
  failing.lacks_cache = lacks;
}

void system_forbid_signals(bool forbids) {
  failing.forbids_signals = forbids;
}

static bool is_forbidden(void) {
  errno = EPERM;
  return failing.forbids_signals;
}

static bool fails(enum system_call call) {
  if (ignores || call != failing.call || !failing.nth) return false;
  unsigned count = ++failing.count;
  bool again = call == SYSTEM_ALLOCATE && count == failing.nth + 1;
  if (failing.for_ever && count > failing.nth) again = true;
  if (count != failing.nth && !again) return false;
  failing.is_due = failing.signal != 0;
  errno = failing.error;
  return !failing.is_due;
}

/* The result of a call after which a signal may come. */
static int give(int result) {
  if (failing.is_due) {
    failing.is_due = false;
    raise(failing.signal);
  }
  return result;
}

bool system_refuses_memory(void) {
  return fails(SYSTEM_ALLOCATE);
}

static bool lacks_nowait(void) {
  errno = EOPNOTSUPP;
  return failing.lacks_nowait;
}

/* The linker calls them by these names. */

ssize_t __real_read(int fd, void *bytes, size_t size);
ssize_t __real___read_chk(int fd, void *bytes, size_t size, size_t room);
ssize_t __real_write(int fd, const void *bytes, size_t size);
ssize_t __real_preadv2(int fd, const struct iovec *parts, int count, off_t offset, int flags);
ssize_t __real_pwritev2(int fd, const struct iovec *parts, int count, off_t offset, int flags);
int __real_epoll_ctl(int poller, int operation, int fd, struct epoll_event *event);
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
int __real_fcntl(int fd, int command, ...);
int __real_shutdown(int fd, int how);
int __real_fsync(int fd);
int __real_renameat(int at, const char *path, int to, const char *name);
int __real_fchmod(int fd, mode_t mode);
ssize_t __real_copy_file_range(int from, off_t *at, int to, off_t *place, size_t size,
                               unsigned flags);

ssize_t __wrap_read(int fd, void *bytes, size_t size);
ssize_t __wrap_read(int fd, void *bytes, size_t size) {
  return fails(SYSTEM_READ) ? -1 : __real_read(fd, bytes, size);
}

ssize_t __wrap___read_chk(int fd, void *bytes, size_t size, size_t room);
ssize_t __wrap___read_chk(int fd, void *bytes, size_t size, size_t room) {
  return fails(SYSTEM_READ) ? -1 : __real___read_chk(fd, bytes, size, room);
}

ssize_t __wrap_write(int fd, const void *bytes, size_t size);
ssize_t __wrap_write(int fd, const void *bytes, size_t size) {
  return fails(SYSTEM_WRITE) ? -1 : __real_write(fd, bytes, size);
}

ssize_t __wrap_preadv2(int fd, const struct iovec *parts, int count, off_t offset, int flags);
ssize_t __wrap_preadv2(int fd, const struct iovec *parts, int count, off_t offset, int flags) {
  if (lacks_nowait() || fails(SYSTEM_READ)) return -1;
  errno = EAGAIN;
  if (failing.lacks_cache) return -1;
  return __real_preadv2(fd, parts, count, offset, flags);
}

ssize_t __wrap_pwritev2(int fd, const struct iovec *parts, int count, off_t offset, int flags);
ssize_t __wrap_pwritev2(int fd, const struct iovec *parts, int count, off_t offset, int flags) {
  if (lacks_nowait() || fails(SYSTEM_WRITE)) return -1;
  return __real_pwritev2(fd, parts, count, offset, flags);
}

int __wrap_epoll_ctl(int poller, int operation, int fd, struct epoll_event *event);
int __wrap_epoll_ctl(int poller, int operation, int fd, struct epoll_event *event) {
  return fails(SYSTEM_EPOLL_CTL) ? -1 : __real_epoll_ctl(poller, operation, fd, event);
}

void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size) {
  return fails(SYSTEM_ALLOCATE) ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size) {
  return fails(SYSTEM_ALLOCATE) ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *block, size_t size);
void *__wrap_realloc(void *block, size_t size) {
  return fails(SYSTEM_ALLOCATE) ? NULL : __real_realloc(block, size);
}

int __wrap_fcntl(int fd, int command, ...);
int __wrap_fcntl(int fd, int command, ...) {
  va_list values;
  va_start(values, command);
  long value = va_arg(values, long);
  va_end(values);
  return fails(SYSTEM_FCNTL) ? -1 : __real_fcntl(fd, command, value);
}

int __wrap_shutdown(int fd, int how);
int __wrap_shutdown(int fd, int how) {
  return fails(SYSTEM_SHUTDOWN) ? -1 : __real_shutdown(fd, how);
}

int __real_pipe2(int fds[2], int flags);
int __real_open(const char *path, int flags, ...);
pid_t __real_wait4(pid_t pid, int *status, int options, struct rusage *usage);
int __real_kill(pid_t pid, int number);
int __real_setpgid(pid_t pid, pid_t group);
int __real_dup2(int from, int to);
int __real_execve(const char *path, char *const argv[], char *const envp[]);
long __real_syscall(long number, ...);

int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*begin)(void *data), void *data);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*begin)(void *data), void *data);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*begin)(void *data), void *data) {
  return fails(SYSTEM_THREAD) ? errno : __real_pthread_create(thread, attributes, begin, data);
}

int __wrap_pipe2(int fds[2], int flags);
int __wrap_pipe2(int fds[2], int flags) {
  return fails(SYSTEM_PIPE2) ? -1 : __real_pipe2(fds, flags);
}

int __wrap_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...) {
  va_list values;
  va_start(values, flags);
  unsigned mode = flags & O_CREAT ? va_arg(values, unsigned) : 0;
  va_end(values);
  return fails(SYSTEM_OPEN) ? -1 : __real_open(path, flags, mode);
}

int __wrap_fsync(int fd);
int __wrap_fsync(int fd) {
  return fails(SYSTEM_FSYNC) ? -1 : __real_fsync(fd);
}

int __wrap_renameat(int at, const char *path, int to, const char *name);
int __wrap_renameat(int at, const char *path, int to, const char *name) {
  return fails(SYSTEM_RENAME) ? -1 : __real_renameat(at, path, to, name);
}

int __wrap_fchmod(int fd, mode_t mode);
int __wrap_fchmod(int fd, mode_t mode) {
  return fails(SYSTEM_FCHMOD) ? -1 : __real_fchmod(fd, mode);
}

ssize_t __wrap_copy_file_range(int from, off_t *at, int to, off_t *place, size_t size,
                               unsigned flags);
ssize_t __wrap_copy_file_range(int from, off_t *at, int to, off_t *place, size_t size,
                               unsigned flags) {
  return fails(SYSTEM_COPY) ? -1 : __real_copy_file_range(from, at, to, place, size, flags);
}

pid_t __wrap_wait4(pid_t pid, int *status, int options, struct rusage *usage);
pid_t __wrap_wait4(pid_t pid, int *status, int options, struct rusage *usage) {
  return fails(SYSTEM_WAIT4) ? -1 : __real_wait4(pid, status, options, usage);
}

int __wrap_kill(pid_t pid, int number);
int __wrap_kill(pid_t pid, int number) {
  return is_forbidden() || fails(SYSTEM_KILL) ? -1 : __real_kill(pid, number);
}

int __wrap_setpgid(pid_t pid, pid_t group);
int __wrap_setpgid(pid_t pid, pid_t group) {
  return fails(SYSTEM_SETPGID) ? -1 : __real_setpgid(pid, group);
}

int __wrap_dup2(int from, int to);
int __wrap_dup2(int from, int to) {
  return fails(SYSTEM_DUP2) ? -1 : __real_dup2(from, to);
}

int __wrap_execve(const char *path, char *const argv[], char *const envp[]);
int __wrap_execve(const char *path, char *const argv[], char *const envp[]) {
  return fails(SYSTEM_EXECVE) ? -1 : __real_execve(path, argv, envp);
}

/* ------------------------------------------------------------- terminals, one file */

struct stat;
struct termios;
int __real_ioctl(int fd, unsigned long request, ...);
int __real_tcgetattr(int fd, struct termios *modes);
int __real_tcsetattr(int fd, int when, const struct termios *modes);
pid_t __real_tcgetpgrp(int fd);
int __real_isatty(int fd);
int __real_fstat(int fd, struct stat *about);
int __real_flock(int fd, int how);
int __real_ftruncate(int fd, off_t size);
off_t __real_lseek(int fd, off_t offset, int whence);

int __wrap_ioctl(int fd, unsigned long request, ...);
int __wrap_ioctl(int fd, unsigned long request, ...) {
  va_list values;
  va_start(values, request);
  void *value = va_arg(values, void *);
  va_end(values);
  return fails(SYSTEM_IOCTL) ? -1 : __real_ioctl(fd, request, value);
}

int __wrap_tcgetattr(int fd, struct termios *modes);
int __wrap_tcgetattr(int fd, struct termios *modes) {
  return give(fails(SYSTEM_TCGETATTR) ? -1 : __real_tcgetattr(fd, modes));
}

int __wrap_tcsetattr(int fd, int when, const struct termios *modes);
int __wrap_tcsetattr(int fd, int when, const struct termios *modes) {
  return give(fails(SYSTEM_TCSETATTR) ? -1 : __real_tcsetattr(fd, when, modes));
}

pid_t __wrap_tcgetpgrp(int fd);
pid_t __wrap_tcgetpgrp(int fd) {
  return give(fails(SYSTEM_TCGETPGRP) ? -1 : __real_tcgetpgrp(fd));
}

int __wrap_isatty(int fd);
int __wrap_isatty(int fd) {
  return fails(SYSTEM_ISATTY) ? 0 : __real_isatty(fd);
}

int __wrap_fstat(int fd, struct stat *about);
int __wrap_fstat(int fd, struct stat *about) {
  return fails(SYSTEM_FSTAT) ? -1 : __real_fstat(fd, about);
}

int __wrap_flock(int fd, int how);
int __wrap_flock(int fd, int how) {
  return fails(SYSTEM_FLOCK) ? -1 : __real_flock(fd, how);
}

int __wrap_ftruncate(int fd, off_t size);
int __wrap_ftruncate(int fd, off_t size) {
  return fails(SYSTEM_FTRUNCATE) ? -1 : __real_ftruncate(fd, size);
}

off_t __wrap_lseek(int fd, off_t offset, int whence);
off_t __wrap_lseek(int fd, off_t offset, int whence) {
  return fails(SYSTEM_LSEEK) ? -1 : __real_lseek(fd, offset, whence);
}

/* ------------------------------------------------------------- names in directories */

static struct {
  _Atomic unsigned nth, count;
  void (*meddle)(void);
} meddling;

static struct { bool openat2, types; } lacking;

void system_meddle(unsigned nth, void (*meddle)(void)) {
  meddling.nth = nth;
  meddling.count = 0;
  meddling.meddle = meddle;
}

unsigned system_names_given(void) {
  return meddling.count;
}

void system_lack_openat2(bool lacks) {
  lacking.openat2 = lacks;
}

void system_lack_types(bool lacks) {
  lacking.types = lacks;
}

static bool lacks_openat2(void) {
  errno = ENOSYS;
  return lacking.openat2;
}

/* What meddles may call what is counted. */
static void meddle_before(void) {
  if (!meddling.nth || ++meddling.count != meddling.nth) return;
  unsigned nth = meddling.nth;
  meddling.nth = 0;
  meddling.meddle();
  meddling.nth = nth;
}

/* Of the entries that the system has given. */
static void forget_types(char *entries, long size) {
  for (long at = 0; at < size;) {
    unsigned short length;
    memcpy(&length, entries + at + 16, sizeof length);
    entries[at + 18] = 0;
    at += length;
  }
}

static bool name_fails(enum system_call call) {
  meddle_before();
  return fails(call);
}

int __real_openat(int fd, const char *name, int flags, ...);
int __real___openat_2(int fd, const char *name, int flags);
int __real_fstatat(int fd, const char *name, struct stat *about, int flags);
int __real_unlinkat(int fd, const char *name, int flags);
int __real_mkdirat(int fd, const char *name, mode_t mode);
int __real_symlinkat(const char *target, int fd, const char *name);
ssize_t __real_readlinkat(int fd, const char *name, char *bytes, size_t size);
ssize_t __real___readlinkat_chk(int fd, const char *name, char *bytes, size_t size, size_t room);

int __wrap_openat(int fd, const char *name, int flags, ...);
int __wrap_openat(int fd, const char *name, int flags, ...) {
  va_list values;
  va_start(values, flags);
  unsigned mode = flags & O_CREAT ? va_arg(values, unsigned) : 0;
  va_end(values);
  if (name_fails(SYSTEM_OPENAT) || fails(SYSTEM_OPEN)) return -1;
  return __real_openat(fd, name, flags, mode);
}

int __wrap___openat_2(int fd, const char *name, int flags);
int __wrap___openat_2(int fd, const char *name, int flags) {
  return name_fails(SYSTEM_OPENAT) ? -1 : __real___openat_2(fd, name, flags);
}

int __wrap_fstatat(int fd, const char *name, struct stat *about, int flags);
int __wrap_fstatat(int fd, const char *name, struct stat *about, int flags) {
  return name_fails(SYSTEM_FSTATAT) ? -1 : __real_fstatat(fd, name, about, flags);
}

int __wrap_unlinkat(int fd, const char *name, int flags);
int __wrap_unlinkat(int fd, const char *name, int flags) {
  return name_fails(SYSTEM_UNLINKAT) ? -1 : __real_unlinkat(fd, name, flags);
}

int __wrap_mkdirat(int fd, const char *name, mode_t mode);
int __wrap_mkdirat(int fd, const char *name, mode_t mode) {
  return name_fails(SYSTEM_MKDIRAT) ? -1 : __real_mkdirat(fd, name, mode);
}

int __wrap_symlinkat(const char *target, int fd, const char *name);
int __wrap_symlinkat(const char *target, int fd, const char *name) {
  return name_fails(SYSTEM_SYMLINKAT) ? -1 : __real_symlinkat(target, fd, name);
}

ssize_t __wrap_readlinkat(int fd, const char *name, char *bytes, size_t size);
ssize_t __wrap_readlinkat(int fd, const char *name, char *bytes, size_t size) {
  return name_fails(SYSTEM_READLINKAT) ? -1 : __real_readlinkat(fd, name, bytes, size);
}

ssize_t __wrap___readlinkat_chk(int fd, const char *name, char *bytes, size_t size, size_t room);
ssize_t __wrap___readlinkat_chk(int fd, const char *name, char *bytes, size_t size, size_t room) {
  if (name_fails(SYSTEM_READLINKAT)) return -1;
  return __real___readlinkat_chk(fd, name, bytes, size, room);
}

static bool fails_by_number(long number) {
  if (number == SYS_pidfd_open) return fails(SYSTEM_PIDFD_OPEN);
  if (number == SYS_pidfd_send_signal) return is_forbidden() || fails(SYSTEM_PIDFD_SIGNAL);
  if (number == SYS_openat2) return lacks_openat2() || fails(SYSTEM_OPENAT);
  if (number == SYS_getdents64) return fails(SYSTEM_GETDENTS);
  return number == SYS_close_range && fails(SYSTEM_CLOSE_RANGE);
}

static int count_arguments(long number) {
  if (number == SYS_pidfd_open) return 2;
  if (number == SYS_close_range || number == SYS_getdents64) return 3;
  if (number == SYS_openat2) return 4;
#if defined(SYS_landlock_create_ruleset)
  if (number == SYS_landlock_restrict_self) return 2;
  if (number == SYS_landlock_create_ruleset) return 3;
  if (number == SYS_landlock_add_rule) return 4;
#endif
  return number == SYS_pidfd_send_signal ? 4 : 6;
}

long __wrap_syscall(long number, ...);
long __wrap_syscall(long number, ...) {
  long value[6] = {0};
  va_list values;
  va_start(values, number);
  for (int i = 0; i < count_arguments(number); i++) value[i] = va_arg(values, long);
  va_end(values);
  if (number == SYS_openat2) meddle_before();
  if (fails_by_number(number)) return -1;
  long result = __real_syscall(number, value[0], value[1], value[2], value[3], value[4], value[5]);
  if (number == SYS_getdents64 && lacking.types) forget_types((char *)value[1], result);
  return result;
}

/* -------------------------------------------------------------------------- sockets */

struct sockaddr;
int __real_socket(int domain, int type, int protocol);
int __real_connect(int fd, const struct sockaddr *address, unsigned size);

int __wrap_socket(int domain, int type, int protocol);
int __wrap_socket(int domain, int type, int protocol) {
  return fails(SYSTEM_SOCKET) ? -1 : __real_socket(domain, type, protocol);
}

ssize_t __real_send(int fd, const void *bytes, size_t size, int flags);
ssize_t __wrap_send(int fd, const void *bytes, size_t size, int flags);
ssize_t __wrap_send(int fd, const void *bytes, size_t size, int flags) {
  return fails(SYSTEM_WRITE) ? -1 : __real_send(fd, bytes, size, flags);
}

int __wrap_connect(int fd, const struct sockaddr *address, unsigned size);
int __wrap_connect(int fd, const struct sockaddr *address, unsigned size) {
  return fails(SYSTEM_CONNECT) ? -1 : __real_connect(fd, address, size);
}

int __real_bind(int fd, const struct sockaddr *address, unsigned size);
int __real_listen(int fd, int backlog);
int __real_accept4(int fd, struct sockaddr *address, unsigned *size, int flags);
int __real_getsockopt(int fd, int level, int option, void *value, unsigned *size);
int __real_setsockopt(int fd, int level, int option, const void *value, unsigned size);
int __real_getsockname(int fd, struct sockaddr *address, unsigned *size);
ssize_t __real_sendto(int fd, const void *bytes, size_t size, int flags,
                      const struct sockaddr *address, unsigned length);
ssize_t __real_recvfrom(int fd, void *bytes, size_t size, int flags, struct sockaddr *address,
                        unsigned *length);

int __wrap_bind(int fd, const struct sockaddr *address, unsigned size);
int __wrap_bind(int fd, const struct sockaddr *address, unsigned size) {
  return fails(SYSTEM_BIND) ? -1 : __real_bind(fd, address, size);
}

int __wrap_listen(int fd, int backlog);
int __wrap_listen(int fd, int backlog) {
  return fails(SYSTEM_LISTEN) ? -1 : __real_listen(fd, backlog);
}

int __wrap_accept4(int fd, struct sockaddr *address, unsigned *size, int flags);
int __wrap_accept4(int fd, struct sockaddr *address, unsigned *size, int flags) {
  return fails(SYSTEM_ACCEPT) ? -1 : __real_accept4(fd, address, size, flags);
}

int __wrap_getsockopt(int fd, int level, int option, void *value, unsigned *size);
int __wrap_getsockopt(int fd, int level, int option, void *value, unsigned *size) {
  return fails(SYSTEM_GETSOCKOPT) ? -1 : __real_getsockopt(fd, level, option, value, size);
}

int __wrap_setsockopt(int fd, int level, int option, const void *value, unsigned size);
int __wrap_setsockopt(int fd, int level, int option, const void *value, unsigned size) {
  return fails(SYSTEM_SETSOCKOPT) ? -1 : __real_setsockopt(fd, level, option, value, size);
}

int __wrap_getsockname(int fd, struct sockaddr *address, unsigned *size);
int __wrap_getsockname(int fd, struct sockaddr *address, unsigned *size) {
  return fails(SYSTEM_GETSOCKNAME) ? -1 : __real_getsockname(fd, address, size);
}

ssize_t __wrap_sendto(int fd, const void *bytes, size_t size, int flags,
                      const struct sockaddr *address, unsigned length);
ssize_t __wrap_sendto(int fd, const void *bytes, size_t size, int flags,
                      const struct sockaddr *address, unsigned length) {
  return fails(SYSTEM_SENDTO) ? -1 : __real_sendto(fd, bytes, size, flags, address, length);
}

ssize_t __wrap_recvfrom(int fd, void *bytes, size_t size, int flags, struct sockaddr *address,
                        unsigned *length);
ssize_t __wrap_recvfrom(int fd, void *bytes, size_t size, int flags, struct sockaddr *address,
                        unsigned *length) {
  return fails(SYSTEM_RECVFROM) ? -1 : __real_recvfrom(fd, bytes, size, flags, address, length);
}

ssize_t __real_recv(int fd, void *bytes, size_t size, int flags);
ssize_t __real___recv_chk(int fd, void *bytes, size_t size, size_t room, int flags);

ssize_t __wrap_recv(int fd, void *bytes, size_t size, int flags);
ssize_t __wrap_recv(int fd, void *bytes, size_t size, int flags) {
  return fails(SYSTEM_READ) ? -1 : __real_recv(fd, bytes, size, flags);
}

ssize_t __wrap___recv_chk(int fd, void *bytes, size_t size, size_t room, int flags);
ssize_t __wrap___recv_chk(int fd, void *bytes, size_t size, size_t room, int flags) {
  return fails(SYSTEM_READ) ? -1 : __real___recv_chk(fd, bytes, size, room, flags);
}

int __real_close(int fd);
int __wrap_close(int fd);
int __wrap_close(int fd) {
  int result = __real_close(fd);
  return fails(SYSTEM_CLOSE) ? -1 : result;
}
