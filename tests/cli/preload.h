/* SPDX-License-Identifier: MIT
 *
 * preload.h -- what libraries share that take calls from the C library: preload() in lib.sh builds
 * them.
 */
#ifndef TESTS_CLI_PRELOAD_H
#define TESTS_CLI_PRELOAD_H

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* The C library's own function of that name. */
#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

/* In a function with `flags` and more: the mode of a file that open() and its like may make. */
#define TAKE_MODE(mode)                                                                            \
  va_list list;                                                                                    \
  va_start(list, flags);                                                                           \
  int mode = va_arg(list, int);                                                                    \
  va_end(list)

/* open(), which begins with that; it may return. */
#define WRAP_OPEN(first)                                                                           \
  int open(const char *path, int flags, ...) {                                                     \
    TAKE_MODE(mode);                                                                               \
    first;                                                                                         \
    return REAL(open)(path, flags, mode);                                                          \
  }

#endif
