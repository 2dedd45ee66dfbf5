/* SPDX-License-Identifier: MIT */
#include "host/version.h"

#include <stdio.h>
#include <sys/stat.h>

void ta_version_of(const char *path, char *text, size_t size) {
  struct stat about;
  *text = '\0';
  if (stat(path, &about) != 0) return;
  snprintf(text, size, "%llx:%llx:%llx:%lld.%ld", (unsigned long long)about.st_dev,
           (unsigned long long)about.st_ino, (unsigned long long)about.st_size,
           (long long)about.st_mtim.tv_sec, about.st_mtim.tv_nsec);
}
