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

struct stream {
  bool own;  /* it is the C library's: a write inside print() may have failed */
  int error; /* of the first failed write, positive */
  int writes_after_break;
};

static struct {
  struct stream out, err;
  struct ta_stdio_handlers on;
} streams;

static _Noreturn void wear_out(void) {
  if (streams.on.worn_out) streams.on.worn_out(streams.on.data);
  ta_signals_die(SIGPIPE);
}

static void note_error(struct stream *stream, int error) {
  if (stream->error == EPIPE && ++stream->writes_after_break > PATIENCE) wear_out();
  if (stream->error) return;
  stream->error = error;
  if (error == EPIPE && streams.on.broken) streams.on.broken(streams.on.data);
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

/* Leaves the error in errno, for whoever called printf(). */
static int write_noted(struct stream *stream, int fd, const char *data, size_t size) {
  int error = write_all(fd, data, size);
  if (error) note_error(stream, error);
  if (error) errno = error;
  return error;
}

int ta_stdio_flush(void) {
  struct stream *out = &streams.out;
  if (fflush(stdout) != 0) note_error(out, errno);
  if (out->own && !out->error && ferror(stdout)) note_error(out, EIO);
  return -out->error;
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
  if (fd == STDOUT_FILENO) return write_noted(&streams.out, fd, data, size);
  fflush(stdout);
  return write_noted(&streams.err, fd, data, size);
}

#if defined(__GLIBC__)
static ssize_t write_cookie(void *cookie, const char *data, size_t size) {
  return write_stream(cookie, data, size) ? 0 : (ssize_t)size;
}

static int seek_cookie(void *cookie, off64_t *offset, int whence) {
  *offset = lseek64((int)(intptr_t)cookie, *offset, whence);
  return *offset < 0 ? -1 : 0;
}

/* The member is part of glibc's binary interface.  What it does for such a stream is
 * to answer fileno(): all else goes by the functions. */
static void set_descriptor(FILE *stream, int fd) {
  stream->_fileno = fd;
}

static FILE *open_stream(int fd) {
  cookie_io_functions_t functions = {.write = write_cookie, .seek = seek_cookie};
  return fopencookie((void *)(intptr_t)fd, "w", functions);
}
#elif defined(__APPLE__) || defined(__FreeBSD__) || defined(__NetBSD__) || defined(__OpenBSD__)
static int write_cookie(void *cookie, const char *data, int size) {
  return write_stream(cookie, data, (size_t)size) ? -1 : size;
}

static fpos_t seek_cookie(void *cookie, fpos_t offset, int whence) {
  return lseek((int)(intptr_t)cookie, offset, whence);
}

/* fileno() is a macro there that reads the member. */
static void set_descriptor(FILE *stream, int fd) {
  stream->_file = (short)fd;
}

static FILE *open_stream(int fd) {
  return funopen((void *)(intptr_t)fd, NULL, write_cookie, seek_cookie, NULL);
}
#else
#error "stdio.c needs fopencookie() or funopen(), and a stdout that can be assigned"
#endif

/* C modules lock, duplicate and poll the descriptor behind a stream, so ours has one
 * too: it is the C library's own stream but for the function that writes. */
static void replace_stream(FILE **stream, int fd) {
  FILE *ours = open_stream(fd);
  if (!ours) return;
  set_descriptor(ours, fd);
  *stream = ours;
}

void ta_stdio_watch(const struct ta_stdio_handlers *handlers) {
  streams.on = handlers ? *handlers : (struct ta_stdio_handlers){0};
}

void ta_stdio_open(void) {
  fill_descriptors();
  streams.out.own = keeps_own_stream(STDOUT_FILENO);
  if (!streams.out.own) replace_stream(&stdout, STDOUT_FILENO);
  streams.err.own = keeps_own_stream(STDERR_FILENO);
  if (streams.err.own) return;
  replace_stream(&stderr, STDERR_FILENO);
  setvbuf(stderr, NULL, _IONBF, 0);
}
