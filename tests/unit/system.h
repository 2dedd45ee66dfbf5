/* SPDX-License-Identifier: MIT
 *
 * system.h -- calls of the system that fail when a test wants it.
 *
 * The unit program is linked so that what its code calls comes by here first.  What is
 * counted are the calls of a sort from system_fail() on.
 */
#ifndef SYSTEM_H
#define SYSTEM_H

#include <stdbool.h>

enum system_call {
  SYSTEM_READ,  /* read, preadv2, recv */
  SYSTEM_WRITE, /* write, pwritev2, send */
  SYSTEM_EPOLL_CTL,
  SYSTEM_ALLOCATE, /* malloc, realloc, and what Lua asks for: see outside.h */
  SYSTEM_FCNTL,
  SYSTEM_SHUTDOWN,
  SYSTEM_PIPE2,
  SYSTEM_THREAD, /* pthread_create, which returns the errno */
  SYSTEM_OPEN,   /* open, openat */
  SYSTEM_FSYNC,
  SYSTEM_RENAME, /* renameat */
  SYSTEM_FCHMOD,
  SYSTEM_COPY, /* copy_file_range */
  SYSTEM_WAIT4,
  SYSTEM_KILL,
  SYSTEM_SETPGID, /* this one and the next two in a child, which shares our memory */
  SYSTEM_DUP2,
  SYSTEM_EXECVE,
  SYSTEM_PIDFD_OPEN,
  SYSTEM_PIDFD_SIGNAL,
  SYSTEM_CLOSE_RANGE,
  SYSTEM_OPENAT, /* openat2 with it */
  SYSTEM_FSTATAT,
  SYSTEM_UNLINKAT,
  SYSTEM_MKDIRAT,
  SYSTEM_SYMLINKAT,
  SYSTEM_READLINKAT,
  SYSTEM_GETDENTS,
  SYSTEM_IOCTL,
  SYSTEM_TCGETATTR,
  SYSTEM_TCSETATTR,
  SYSTEM_TCGETPGRP,
  SYSTEM_ISATTY,
  SYSTEM_FSTAT,
  SYSTEM_FLOCK,
  SYSTEM_FTRUNCATE,
  SYSTEM_LSEEK,
  SYSTEM_SOCKET,
  SYSTEM_CONNECT,
  SYSTEM_BIND,
  SYSTEM_LISTEN,
  SYSTEM_ACCEPT, /* accept4 */
  SYSTEM_GETSOCKOPT,
  SYSTEM_SETSOCKOPT,
  SYSTEM_GETSOCKNAME,
  SYSTEM_SENDTO,
  SYSTEM_RECVFROM,
  SYSTEM_CLOSE, /* of what it closes all the same, as systems do */
  SYSTEM_CALLS
};

/* The n-th call from now on, counted from 1, fails with this errno; 0: none.  Of requests for
 * memory the one after it fails as well: Lua makes each twice. */
void system_fail(enum system_call call, unsigned nth, int error);

/* And so do all after it. */
void system_fail_for_ever(void);

/* It does not fail, but this signal comes after it, in the same thread: of tcgetattr, tcsetattr
 * and tcgetpgrp. */
void system_signal_after(enum system_call call, unsigned nth, int signal);

/* Nothing fails any more.  How many calls of the sort that was to fail there have been. */
unsigned system_go_well(void);

/* For an allocator that asks malloc: does this request, which is counted once, fail? */
bool system_refuses_memory(void);
void system_count(bool counts);

/* Nobody may be signalled, as if all were of another user. */
void system_forbid_signals(bool forbids);

/* Before the n-th call from now on that gives a directory and a name in it, counted from 1, what
 * somebody else does is done.  How many such calls there have been since. */
void system_meddle(unsigned nth, void (*meddle)(void));
unsigned system_names_given(void);

/* There is no openat2, and directories do not tell the types of what is in them. */
void system_lack_openat2(bool lacks);
void system_lack_types(bool lacks);

/* Descriptors that lack what others have: preadv2 and pwritev2 can always be refused, as
 * terminals do. */
void system_lack_nowait(bool lacks);

/* Nothing is in the page cache: preadv2 would have to wait for a disk. */
void system_lack_cache(bool lacks);

#endif
