/* SPDX-License-Identifier: MIT
 *
 * spill.h -- a file without a name, for what is too much for memory.
 *
 * It lies where temporary files do.  It knows nothing of what is put there.
 */
#ifndef TA_HOST_SPILL_H
#define TA_HOST_SPILL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* A descriptor, or -1. */
int ta_spill_open(void);

/* Writes all of it at a place.  False: it cannot be done. */
bool ta_spill_write(int fd, const char *bytes, size_t size, off_t at);

/* Reads so many bytes at a place, or fewer at the end of the file or of luck. */
size_t ta_spill_read(int fd, void *bytes, size_t size, off_t at);

#endif
