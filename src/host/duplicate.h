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

/* All of the one, of which `about` is known, into the other, which is empty.  Holes stay holes.
 * `given_up` may be NULL.  0; -ECANCELED: it was given up; or another negative errno. */
int ta_duplicate(int from, int to, const struct stat *about, const atomic_bool *given_up);

/* Gives the file, or the directory, the mode and the times of the other one when all is in it;
 * no rights of another owner or group, and where the file system has no modes or times there are
 * none.  0, or a negative errno. */
int ta_duplicate_mode(int to, const struct stat *from);

#endif
