/* SPDX-License-Identifier: MIT */
#include "host/outlet.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define LITTLE ((size_t)64) /* bytes that a terminal takes that takes any */

void ta_outlet_open(struct ta_outlet *outlet, int fd) {
  *outlet = (struct ta_outlet){.fd = fd, .own = -1};
}

size_t ta_whole_lines(const char *bytes, size_t size, size_t most) {
  if (size <= most) return size;
  size_t count = most;
  while (count > 0 && bytes[count - 1] != '\n') count--;
  return count > 0 ? count : most;
}

/* One of our own is non-blocking, whatever mode others have theirs in.  A terminal's other end
 * must not be opened: that makes another terminal. */
static void open_again(struct ta_outlet *outlet, const struct stat *status) {
  char name[40];
  if (outlet->own >= 0 && outlet->own_device == status->st_rdev) return;
  if (outlet->own >= 0) close(outlet->own);
  outlet->own = -1;
  if (ptsname(outlet->fd)) return;
  snprintf(name, sizeof name, "/proc/self/fd/%d", outlet->fd);
  outlet->own = open(name, O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  outlet->own_device = status->st_rdev;
}

void ta_outlet_look(struct ta_outlet *outlet) {
  struct stat status;
  outlet->kind = TA_TAKES_ALL;
  if (fstat(outlet->fd, &status) != 0) return;
  if (S_ISFIFO(status.st_mode)) outlet->kind = TA_TAKES_PIECES;
  if (S_ISSOCK(status.st_mode)) outlet->kind = TA_TAKES_MESSAGES;
  if (!S_ISCHR(status.st_mode) || !isatty(outlet->fd)) return;
  open_again(outlet, &status);
  outlet->kind = outlet->own >= 0 ? TA_TAKES_PART : TA_TAKES_LITTLE;
}

int ta_outlet_fd(const struct ta_outlet *outlet) {
  return outlet->kind == TA_TAKES_PART ? outlet->own : outlet->fd;
}

static ssize_t send_now(int fd, const char *bytes, size_t size) {
  return send(fd, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* A slot of a pipe that is free takes a piece without waiting.  Others may be faster: where the
 * system knows how, the write itself does not wait either. */
static ssize_t write_piece(int fd, const char *bytes, size_t size) {
#if defined(RWF_NOWAIT)
  const struct iovec piece = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = size};
  ssize_t done = pwritev2(fd, &piece, 1, -1, RWF_NOWAIT);
  if (done >= 0 || errno == EAGAIN || errno == EPIPE) return done;
#endif
  struct pollfd writable = {.fd = fd, .events = POLLOUT};
  if (poll(&writable, 1, 0) > 0) return write(fd, bytes, size);
  errno = EAGAIN;
  return -1;
}

ssize_t ta_outlet_write(const struct ta_outlet *outlet, const char *bytes, size_t size) {
  ssize_t done;
  do {
    if (outlet->kind == TA_TAKES_PIECES)
      done = write_piece(outlet->fd, bytes, ta_whole_lines(bytes, size, PIPE_BUF));
    else if (outlet->kind == TA_TAKES_LITTLE)
      done = write_piece(outlet->fd, bytes, size < LITTLE ? size : LITTLE);
    else if (outlet->kind == TA_TAKES_MESSAGES)
      done = send_now(outlet->fd, bytes, size);
    else
      done = write(ta_outlet_fd(outlet), bytes, size);
  } while (done < 0 && errno == EINTR);
  return done < 0 ? -errno : done;
}

void ta_outlet_close(struct ta_outlet *outlet) {
  if (outlet->own >= 0) close(outlet->own);
  outlet->own = -1;
}
