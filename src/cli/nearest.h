/* SPDX-License-Identifier: MIT
 *
 * nearest.h -- which word was meant, of those that there are.
 */
#ifndef TA_CLI_NEAREST_H
#define TA_CLI_NEAREST_H

#include <stddef.h>

/* The one of `count` names that is nearest to `word`, or NULL when none is near: a
 * third of its letters may be wrong, at least one. */
const char *ta_nearest(const char *word, const char *const *names, size_t count);

#endif
