/* SPDX-License-Identifier: MIT */
#include "host/spill.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#if defined(__linux__)
#include <sys/mman.h>
#endif
#include <unistd.h>

int ta_spill_open(void) {
  const char *directory = getenv("TMPDIR");
  char name[512];
  if (!directory || !*directory) directory = "/tmp";
  int length = snprintf(name, sizeof name, "%s/tinyasync-XXXXXX", directory);
  if (length < 0 || (size_t)length >= sizeof name) return -1;
  int fd = mkostemp(name, O_CLOEXEC);
  if (fd >= 0) unlink(name);
#if defined(__linux__)
  if (fd < 0) fd = memfd_create("tinyasync", MFD_CLOEXEC); /* which the system may page out */
#endif
  return fd;
}

bool ta_spill_write(int fd, const char *bytes, size_t size, off_t at) {
  while (size > 0) {
    ssize_t done = pwrite(fd, bytes, size, at);
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return false;
    bytes += done;
    size -= (size_t)done;
    at += done;
  }
  return true;
}

size_t ta_spill_read(int fd, void *bytes, size_t size, off_t at) {
  char *to = bytes;
  size_t got = 0;
  while (got < size) {
    ssize_t done = pread(fd, to + got, size - got, at + (off_t)got);
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) break;
    got += (size_t)done;
  }
  return got;
}
