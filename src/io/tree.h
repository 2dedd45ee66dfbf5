/* SPDX-License-Identifier: MIT
 *
 * tree.h -- trees of directories, for async.fs.
 *
 * What is done to them is done by one errand, to its end or until nobody wants it any more.
 */
#ifndef TA_IO_TREE_H
#define TA_IO_TREE_H

#include "tinyasync_lib.h"

/* What the Lua half has of them. */
extern const struct ta_function ta_tree_parts[];

#endif
