/* SPDX-License-Identifier: MIT
 *
 * duplicate.h -- what is in a file, into another.
 *
 * The file system shares it, or the kernel copies it, where they can.  It can be given up
 * meanwhile.  It knows no paths.
 */
#ifndef TA_HOST_DUPLICATE_H
#define TA_HOST_DUPLICATE_H

#include <stdatomic.h>
#include <sys/stat.h>

/* From where the one is to where the other is, which is empty.  `given_up` may be NULL.  0;
 * -ECANCELED: it was given up; or another negative errno. */
int ta_duplicate(int from, int to, const atomic_bool *given_up);

/* Gives the file the times of the other one.  0, or a negative errno. */
int ta_duplicate_times(int to, const struct stat *from);

#endif
