/* SPDX-License-Identifier: MIT
 *
 * image.h -- which file a function's code was loaded from.
 */
#ifndef TA_HOST_IMAGE_H
#define TA_HOST_IMAGE_H

#include <stdbool.h>

/* Are both in the same file, the program or a library?  Yes where nobody can tell. */
bool ta_image_is_same(void (*one)(void), void (*other)(void));

#endif
