/* SPDX-License-Identifier: MIT */
#include "host/stdio.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include "host/signals.h"

/* How often a script may go on writing into a pipe that nobody reads, before it
 * is ended where it is, as SIGPIPE would have. */
#define PATIENCE 64

/* What is written here takes back a state: to the first column, and clear the line. */
#define TAKE_BACK "\r\033[K"

/* Where lines go: standard output and standard error may be one place. */
struct place {
  bool unfinished; /* a line was begun by C's streams */
  void (*gone)(void *data);
  void *data; /* whose state lies there, or NULL */
};

struct stream {
  bool own;  /* it is the C library's: a write inside print() may have failed */
  int error; /* of the first failed write, positive */
  int writes_after_break;
  struct place *place;
};

static struct {
  struct stream out, err;
  struct ta_stdio_handlers on;
  struct place places[2];
} streams = {.out = {.place = &streams.places[0]}, .err = {.place = &streams.places[1]}};

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

/* ------------------------------------------------------- lines of several writers */

static struct stream *stream_of(int fd) {
  return fd == STDERR_FILENO ? &streams.err : &streams.out;
}

/* Whoever showed a state there hears that it is gone. */
static void take_back(struct place *place, int fd) {
  void *data = place->data;
  if (!data) return;
  place->data = NULL;
  write_all(fd, TAKE_BACK, strlen(TAKE_BACK));
  place->gone(data);
}

/* C's streams are writing. */
static int write_own(int fd, const char *data, size_t size) {
  struct stream *stream = stream_of(fd);
  take_back(stream->place, fd);
  if (size > 0) stream->place->unfinished = data[size - 1] != '\n';
  return write_noted(stream, fd, data, size);
}

/* Makes the place ready for what somebody else writes.  False: nobody reads there. */
static bool begin_line(struct stream *stream, int fd) {
  if (stream->error == EPIPE) return false;
  if (!streams.out.error) fflush(stdout);
  take_back(stream->place, fd);
  if (stream->place->unfinished) write_noted(stream, fd, "\n", 1);
  stream->place->unfinished = false;
  return stream->error != EPIPE;
}

int ta_stdio_write_lines(int fd, const char *bytes, size_t size) {
  struct stream *stream = stream_of(fd);
  if (!begin_line(stream, fd)) return -EPIPE;
  return -write_noted(stream, fd, bytes, size);
}

int ta_stdio_write_state(int fd, const char *bytes, size_t size, void (*gone)(void *data),
                         void *data) {
  struct stream *stream = stream_of(fd);
  ta_stdio_take_back(fd, data);
  if (!begin_line(stream, fd)) return -EPIPE;
  stream->place->gone = gone;
  stream->place->data = data;
  return -write_noted(stream, fd, bytes, size);
}

static void ignore(void *data) {
  (void)data;
}

void ta_stdio_take_back(int fd, const void *data) {
  struct place *place = stream_of(fd)->place;
  if (!data || place->data != data) return;
  place->gone = ignore;
  take_back(place, fd);
}

/* Two names of one file, pipe or terminal are one place. */
static void find_places(void) {
  struct stat out, err;
  bool same = fstat(STDOUT_FILENO, &out) == 0 && fstat(STDERR_FILENO, &err) == 0 &&
              out.st_dev == err.st_dev && out.st_ino == err.st_ino;
  streams.err.place = &streams.places[same ? 0 : 1];
}

/* Descriptors that the process was started without would be given to the first
 * file the script opens. */
static void fill_descriptors(void) {
  int fd;
  do fd = open("/dev/null", O_RDWR);
  while (fd >= 0 && fd <= STDERR_FILENO);
  if (fd >= 0) close(fd);
}

/* ----------------------------------------------- a FILE with our own write */

/* The cookie of such a stream is its descriptor. */
static int write_stream(void *cookie, const char *data, size_t size) {
  int fd = (int)(intptr_t)cookie;
  if (fd == STDERR_FILENO) fflush(stdout);
  return write_own(fd, data, size);
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
static bool replace_stream(FILE **stream, int fd) {
  FILE *ours = open_stream(fd);
  if (!ours) return false;
  set_descriptor(ours, fd);
  *stream = ours;
  return true;
}

void ta_stdio_watch(const struct ta_stdio_handlers *handlers) {
  streams.on = handlers ? *handlers : (struct ta_stdio_handlers){0};
}

void ta_stdio_open(void) {
  fill_descriptors();
  find_places();
  streams.out.own = !replace_stream(&stdout, STDOUT_FILENO);
  if (!streams.out.own && isatty(STDOUT_FILENO)) setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
  streams.err.own = !replace_stream(&stderr, STDERR_FILENO);
  if (!streams.err.own) setvbuf(stderr, NULL, _IONBF, 0);
}
