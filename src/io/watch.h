/* SPDX-License-Identifier: MIT
 *
 * watch.h -- async.fs.watch: what is there now, to be compared with what was.
 *
 * The module `watch` hears that something happened in a directory; watch.lua looks, by errands,
 * and tells what.  How directories are listened to is not known here.
 */
#ifndef TA_IO_WATCH_H
#define TA_IO_WATCH_H

#include "tinyasync_lib.h"

/* What async.fs has of it: `watching`, () -> what watch.lua gives. */
extern const struct ta_function ta_watch_parts[];

#endif
