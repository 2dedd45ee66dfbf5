/* SPDX-License-Identifier: MIT
 *
 * feed.h -- writes a text into a pipe, in the loop, and closes it.
 *
 * The text stays where it is, and has to last.  Whoever reads may stop before its end.  It
 * knows nothing of what the text is.
 */
#ifndef TA_HOST_FEED_H
#define TA_HOST_FEED_H

#include <stdbool.h>
#include <stddef.h>

#include "host/watch.h"

struct ta_feed {
  struct ta_watch watch;
  const char *bytes;
  size_t left;
  bool open;
};

/* Begins to write into `fd`, the end of a pipe that is non-blocking and becomes the feed's.
 * Where this fails it stays the caller's.  0, or a negative errno. */
int ta_feed_open(struct ta_loop *loop, int fd, const char *bytes, size_t size,
                 struct ta_feed *feed);

/* Closes it: the reader finds the end.  Twice does nothing. */
void ta_feed_close(struct ta_feed *feed);

#endif
