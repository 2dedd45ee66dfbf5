/* SPDX-License-Identifier: MIT
 *
 * beside.h -- what is made beside a file, and then takes its place.
 *
 * It has a name that nobody could guess, in the directory of that file.  A guardian is told of it
 * before it is made, and removes it if we go before it has its place.  It does not know what is
 * made, nor how.
 */
#ifndef TA_HOST_BESIDE_H
#define TA_HOST_BESIDE_H

#include <limits.h>

#define TA_BESIDE_NAME 40

/* Zeros, but for the descriptor; one after the other may be made under the same name. */
struct ta_beside {
  int notes; /* of a guardian; or -1 */
  char name[TA_BESIDE_NAME];
  char told[PATH_MAX]; /* where the guardian looks for it; empty: nowhere */
};

/* The name under which it is to be made in this directory.  It waits a little for a guardian that
 * has much to listen to. */
const char *ta_beside_at(struct ta_beside *beside, int directory);

/* It was made there, and is called `name` from now on, instead of what was.  0; or a negative
 * errno, and it has gone. */
int ta_beside_take_place(const struct ta_beside *beside, int directory, const char *name);

/* It was made there, and goes. */
void ta_beside_remove(const struct ta_beside *beside, int directory);

/* Nothing lies beside anything any more. */
void ta_beside_end(struct ta_beside *beside);

#endif
