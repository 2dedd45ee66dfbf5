/* SPDX-License-Identifier: MIT
 *
 * modules.h -- shared libraries of our own, loaded at first use.
 *
 * What a library of somebody else's is needed for lies in one of them, so that the program
 * itself starts without that: NAME.so in lib/tinyasync beside the program, as it is built, or in
 * LIBDIR/tinyasync, found from where the program lies, or our library in a host.  It knows no Lua,
 * and not what modules do.
 */
#ifndef TA_HOST_MODULES_H
#define TA_HOST_MODULES_H

#include <stddef.h>

/* Loads the module, unless it was, and finds its symbol, which stays for good.  -ENOENT: there is
 * none; -ELIBACC: it cannot be loaded, and `why` says so, as -ENOENT says where was looked. */
int ta_module_find(const char *name, const char *symbol, const void **found, char *why,
                   size_t size);

/* Writes the directory number `i`, from 0 on, where they are looked for: 0, or a negative errno. */
int ta_module_directory(int i, char *text, size_t size);

/* Writes the directory in which the program lies: 0, or a negative errno. */
int ta_program_directory(char *text, size_t size);

/* Writes the way from the directory `from` to `to`, both absolute: "../lib". */
void ta_relative_path(const char *from, const char *to, char *text, size_t size);

#endif
