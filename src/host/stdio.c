/* SPDX-License-Identifier: MIT */
#include "host/stdio.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>
#include <unistd.h>

#include "host/signals.h"

/* How often a script may go on writing into a pipe that nobody reads, before it
 * is ended where it is, as SIGPIPE would have. */
#define PATIENCE 64

static struct {
  bool own;  /* stdout is the C library's: a write inside print() may have failed */
  int error; /* of the first failed write to stdout, positive */
  int writes_after_break;
  void (*on_broken)(void *data);
  void *data;
} output;

static void note_error(int error) {
  if (output.error == EPIPE && ++output.writes_after_break > PATIENCE) ta_signals_die(SIGPIPE);
  if (output.error) return;
  output.error = error;
  if (error == EPIPE && output.on_broken) output.on_broken(output.data);
}

/* Writes all of it, waiting where the descriptor would block.  0 or an errno. */
static int write_all(int fd, const char *data, size_t size) {
  while (size > 0) {
    ssize_t done = write(fd, data, size);
    if (done >= 0) {
      data += done;
      size -= (size_t)done;
    } else if (errno == EAGAIN) {
      struct pollfd writable = {.fd = fd, .events = POLLOUT};
      poll(&writable, 1, -1);
    } else if (errno != EINTR) {
      return errno;
    }
  }
  return 0;
}

/* Both leave the error in errno, for whoever called printf(). */
static int write_stdout(const char *data, size_t size) {
  int error = write_all(STDOUT_FILENO, data, size);
  if (error) note_error(error);
  if (error) errno = error;
  return error;
}

static int write_stderr(const char *data, size_t size) {
  fflush(stdout);
  int error = write_all(STDERR_FILENO, data, size);
  if (error) errno = error;
  return error;
}

int ta_stdio_flush(void) {
  if (fflush(stdout) != 0) note_error(errno);
  if (output.own && !output.error && ferror(stdout)) note_error(EIO);
  return -output.error;
}

/* Descriptors that the process was started without would be given to the first
 * file the script opens. */
static void fill_descriptors(void) {
  int fd;
  do fd = open("/dev/null", O_RDWR);
  while (fd >= 0 && fd <= STDERR_FILENO);
  if (fd >= 0) close(fd);
}

/* A terminal that blocks needs none of our care. */
static bool keeps_own_stream(int fd) {
  return isatty(fd) && !(fcntl(fd, F_GETFL) & O_NONBLOCK);
}

/* ----------------------------------------------- a FILE with our own write */

/* The cookie of such a stream is its descriptor. */
static int write_stream(void *cookie, const char *data, size_t size) {
  int fd = (int)(intptr_t)cookie;
  return fd == STDOUT_FILENO ? write_stdout(data, size) : write_stderr(data, size);
}

#if defined(__GLIBC__)
static ssize_t write_cookie(void *cookie, const char *data, size_t size) {
  return write_stream(cookie, data, size) ? 0 : (ssize_t)size;
}

static int seek_cookie(void *cookie, off64_t *offset, int whence) {
  *offset = lseek64((int)(intptr_t)cookie, *offset, whence);
  return *offset < 0 ? -1 : 0;
}

static void replace_stream(FILE **stream, int fd) {
  cookie_io_functions_t functions = {.write = write_cookie, .seek = seek_cookie};
  FILE *ours = fopencookie((void *)(intptr_t)fd, "w", functions);
  if (ours) *stream = ours;
}
#elif defined(__APPLE__) || defined(__FreeBSD__) || defined(__NetBSD__) || defined(__OpenBSD__)
static int write_cookie(void *cookie, const char *data, int size) {
  return write_stream(cookie, data, (size_t)size) ? -1 : size;
}

static fpos_t seek_cookie(void *cookie, fpos_t offset, int whence) {
  return lseek((int)(intptr_t)cookie, offset, whence);
}

static void replace_stream(FILE **stream, int fd) {
  FILE *ours = funopen((void *)(intptr_t)fd, NULL, write_cookie, seek_cookie, NULL);
  if (ours) *stream = ours;
}
#else
#error "stdio.c needs fopencookie() or funopen(), and a stdout that can be assigned"
#endif

void ta_stdio_on_broken(void (*on_broken)(void *data), void *data) {
  output.on_broken = on_broken;
  output.data = data;
}

void ta_stdio_open(void) {
  fill_descriptors();
  output.own = keeps_own_stream(STDOUT_FILENO);
  if (!output.own) replace_stream(&stdout, STDOUT_FILENO);
  if (keeps_own_stream(STDERR_FILENO)) return;
  replace_stream(&stderr, STDERR_FILENO);
  setvbuf(stderr, NULL, _IONBF, 0);
}
