/* SPDX-License-Identifier: MIT */
#include "host/modules.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#if defined(__ELF__)
#include <link.h>
#endif
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ------------------------------------------------------------ where they lie */

/* Where there is no /proc the dynamic linker knows by what path we were started. */
static int find_program(char *path) {
  ssize_t length = readlink("/proc/self/exe", path, PATH_MAX - 1);
  if (length > 0) {
    path[length] = '\0';
    return 0;
  }
  Dl_info info;
  static const char in_program;
  if (!dladdr(&in_program, &info) || !info.dli_fname) return -ENOENT;
  return realpath(info.dli_fname, path) ? 0 : -errno;
}

int ta_program_directory(char *text, size_t size) {
  char path[PATH_MAX];
  int error = find_program(path);
  if (error) return error;
  char *slash = strrchr(path, '/');
  if (!slash) return -ENOENT;
  *slash = '\0';
  return snprintf(text, size, "%s", path) < (int)size ? 0 : -ENAMETOOLONG;
}

static void append(char *text, size_t size, const char *more) {
  size_t length = strlen(text);
  if (length < size) snprintf(text + length, size - length, "%s", more);
}

/* How many bytes of both are the same directories. */
static size_t shared_by(const char *one, const char *other) {
  size_t shared = 0, i = 0;
  while (one[i] && one[i] == other[i]) {
    i++;
    bool one_ends = one[i] == '\0' || one[i] == '/';
    bool other_ends = other[i] == '\0' || other[i] == '/';
    if (one_ends && other_ends) shared = i;
  }
  return shared;
}

void ta_relative_path(const char *from, const char *to, char *text, size_t size) {
  size_t shared = shared_by(from, to);
  snprintf(text, size, ".");
  for (const char *at = from + shared; *at; at++)
    if (*at == '/' && at[1] != '\0' && at[1] != '/') append(text, size, "/..");
  append(text, size, to + shared);
}

/* ---------------------------------------------------------------- loading them */

int ta_module_directory(int i, char *text, size_t size) {
  char directory[PATH_MAX], between[PATH_MAX];
  int error = ta_program_directory(directory, sizeof directory);
  if (error || i > 1) return error ? error : -ENOENT;
  ta_relative_path(TA_BINDIR, TA_LIBDIR, between, sizeof between);
  int length = snprintf(text, size, "%s/%s/tinyasync", directory, i == 0 ? "lib" : between);
  return length >= 0 && (size_t)length < size ? 0 : -ENAMETOOLONG;
}

static bool is_there(const char *directory, const char *between, const char *name, char *path) {
  int length = snprintf(path, PATH_MAX, "%s/%s/tinyasync/%s.so", directory, between, name);
  return length < PATH_MAX && access(path, F_OK) == 0;
}

/* The same beside the library that we are in, where a host has us from one: what the linker has
 * found by a path.  A program that was found by its name alone has none here. */
static bool is_beside_library(const char *name, char *path) {
  static const char in_library;
  char directory[PATH_MAX];
  Dl_info info;
  if (!dladdr(&in_library, &info) || !info.dli_fname || !strchr(info.dli_fname, '/')) return false;
  if (!realpath(info.dli_fname, directory)) return false;
  *strrchr(directory, '/') = '\0';
  return is_there(directory, "lib", name, path) || is_there(directory, ".", name, path);
}

static int find_file(const char *name, char *path, char *why, size_t size) {
  char directory[PATH_MAX], between[PATH_MAX];
  int error = ta_program_directory(directory, sizeof directory);
  if (error) {
    snprintf(why, size, "the program cannot be found: %s", strerror(-error));
    return -ENOENT;
  }
  ta_relative_path(TA_BINDIR, TA_LIBDIR, between, sizeof between);
  if (is_there(directory, "lib", name, path) || is_there(directory, between, name, path)) return 0;
  if (is_beside_library(name, path)) return 0;
  snprintf(why, size, "no %s.so in %s/lib/tinyasync, nor in %s/%s/tinyasync", name, directory,
           directory, between);
  return -ENOENT;
}

/* The dynamic linker does not look, and reading what is mapped beyond the end of a file is the end
 * of the process: a signal.  What lies last in the file is the table of its sections. */
#if defined(__ELF__)
static bool is_cut_short(int fd) {
  ElfW(Ehdr) header;
  struct stat about;
  if (fd < 0 || fstat(fd, &about) != 0) return false;
  if (pread(fd, &header, sizeof header, 0) != sizeof header) return false;
  if (memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || about.st_size < 0) return false;
  uint64_t tables = (uint64_t)header.e_shnum * header.e_shentsize, size = (uint64_t)about.st_size;
  return header.e_shoff > size || tables > size - header.e_shoff;
}
#else
static bool is_cut_short(int fd) {
  (void)fd;
  return false;
}
#endif

/* dlopen() says in words alone what is wrong.  0; or why a file cannot be opened now. */
static int look(const char *path, bool *cut_short) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  int error = fd < 0 ? -errno : 0;
  *cut_short = is_cut_short(fd);
  if (fd >= 0) close(fd);
  return error;
}

static int refuse(const char *message, char *why, size_t size) {
  snprintf(why, size, "%s", message);
  return -ELIBACC;
}

int ta_module_find(const char *name, const char *symbol, const void **found, char *why,
                   size_t size) {
  char path[PATH_MAX];
  bool cut_short;
  *found = NULL;
  int error = find_file(name, path, why, size);
  if (error) return error;
  error = look(path, &cut_short);
  if (error == -EMFILE || error == -ENFILE) return error;
  if (cut_short) return refuse("its file is cut short", why, size);
  errno = 0;
  void *module = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  *found = module ? dlsym(module, symbol) : NULL;
  if (*found) return 0;
  if (errno == ENOMEM) return -ENOMEM; /* nor is there any for the words */
  if (module) return refuse("what is there is another module", why, size);
  const char *message = dlerror();
  error = look(path, &cut_short);
  if (error == -EMFILE || error == -ENFILE) return error;
  return refuse(message ? message : "it is not one of ours", why, size);
}
