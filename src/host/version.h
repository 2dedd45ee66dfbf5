/* SPDX-License-Identifier: MIT
 *
 * version.h -- whether a file is still the one that was read.
 */
#ifndef TA_HOST_VERSION_H
#define TA_HOST_VERSION_H

#include <stddef.h>

#include "exported.h"

#define TA_VERSION_TEXT 128 /* bytes that one may have */

/* Writes what differs when the file does, or what is in it; nothing where there is none. */
TA_FOR_MODULES void ta_version_of(const char *path, char *text, size_t size);

#endif
