/* SPDX-License-Identifier: MIT
 *
 * sweep.h -- a directory that we have made, removed with all that is in it.
 *
 * Each directory is opened from the one that it lies in, and no link is followed, whatever
 * somebody swaps meanwhile.  It knows no guardian and no Lua.
 */
#ifndef TA_HOST_SWEEP_H
#define TA_HOST_SWEEP_H

/* Removes the directory and what is in it.  0, also where there is none; or the first error, a
 * negative errno: the rest has gone all the same. */
int ta_sweep(const char *path);

#endif
