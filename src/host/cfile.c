/* SPDX-License-Identifier: MIT */
#include "host/cfile.h"

#include <errno.h>

/* As C's streams have it. */
static ssize_t as_errno(ssize_t done) {
  if (done < 0) errno = (int)-done;
  return done < 0 ? -1 : done;
}

#if defined(__GLIBC__)
#include <stdio_ext.h>

static ssize_t read_cookie(void *cookie, char *bytes, size_t size) {
  const struct ta_cfile *cfile = cookie;
  return as_errno(cfile->kind->read(cfile->data, bytes, size));
}

/* glibc takes 0 for an error. */
static ssize_t write_cookie(void *cookie, const char *bytes, size_t size) {
  const struct ta_cfile *cfile = cookie;
  return as_errno(cfile->kind->write(cfile->data, bytes, size)) < 0 ? 0 : (ssize_t)size;
}

static int seek_cookie(void *cookie, off64_t *offset, int whence) {
  const struct ta_cfile *cfile = cookie;
  *offset = as_errno(cfile->kind->seek(cfile->data, (off_t)*offset, whence));
  return *offset < 0 ? -1 : 0;
}

static FILE *open_cookie(struct ta_cfile *cfile, int fd) {
  const struct ta_cfile_kind *kind = cfile->kind;
  cookie_io_functions_t functions = {.read = kind->read ? read_cookie : NULL,
                                     .write = kind->write ? write_cookie : NULL,
                                     .seek = seek_cookie};
  FILE *file = fopencookie(cfile, kind->read ? "r" : "w", functions);
  if (file) file->_fileno = fd; /* see stdio.c */
  return file;
}

size_t ta_cfile_pending(FILE *file) {
  return __fpending(file);
}
#elif defined(__APPLE__) || defined(__FreeBSD__) || defined(__NetBSD__) || defined(__OpenBSD__)
static int read_cookie(void *cookie, char *bytes, int size) {
  const struct ta_cfile *cfile = cookie;
  return (int)as_errno(cfile->kind->read(cfile->data, bytes, (size_t)size));
}

static int write_cookie(void *cookie, const char *bytes, int size) {
  const struct ta_cfile *cfile = cookie;
  return as_errno(cfile->kind->write(cfile->data, bytes, (size_t)size)) < 0 ? -1 : size;
}

static fpos_t seek_cookie(void *cookie, fpos_t offset, int whence) {
  const struct ta_cfile *cfile = cookie;
  return as_errno(cfile->kind->seek(cfile->data, offset, whence));
}

static FILE *open_cookie(struct ta_cfile *cfile, int fd) {
  const struct ta_cfile_kind *kind = cfile->kind;
  FILE *file = funopen(cfile, kind->read ? read_cookie : NULL, kind->write ? write_cookie : NULL,
                       seek_cookie, NULL);
  if (file) file->_file = (short)fd;
  return file;
}

size_t ta_cfile_pending(FILE *file) {
  return file->_bf._base ? (size_t)(file->_p - file->_bf._base) : 0;
}
#else
#error "cfile.c needs fopencookie() or funopen()"
#endif

FILE *ta_cfile_open(struct ta_cfile *cfile, int fd, char *buffer, size_t size) {
  FILE *file = open_cookie(cfile, fd);
  if (file) setvbuf(file, buffer, buffer ? _IOFBF : _IONBF, buffer ? size : 0);
  return file;
}

int ta_cfile_write(FILE *file, const char *bytes, size_t size) {
  return fwrite(bytes, 1, size, file) == size ? 0 : -errno;
}
