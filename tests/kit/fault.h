/* SPDX-License-Identifier: MIT
 *
 * fault.h -- the first thing that went wrong, in words.
 */
#ifndef KIT_FAULT_H
#define KIT_FAULT_H

#include <stdio.h>

/* Notes it in `holder->fault`, an array that is empty as long as all is well. */
#define FAULT(holder, ...)                                                                         \
  do {                                                                                             \
    if (!*(holder)->fault) snprintf((holder)->fault, sizeof(holder)->fault, __VA_ARGS__);          \
  } while (0)

#endif
