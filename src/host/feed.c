/* SPDX-License-Identifier: MIT */
#include "host/feed.h"

#include <errno.h>
#include <unistd.h>

#include "holder.h"

/* A reader that has gone wanted no more. */
static void on_ready(struct ta_watch *watch, unsigned directions) {
  struct ta_feed *feed = TA_HOLDER(watch, struct ta_feed, watch);
  (void)directions;
  ssize_t done = feed->left ? write(watch->fd, feed->bytes, feed->left) : 0;
  if (done < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (done > 0) {
    feed->bytes += done;
    feed->left -= (size_t)done;
  }
  if (done < 0 || feed->left == 0) ta_feed_close(feed);
}

int ta_feed_open(struct ta_loop *loop, int fd, const char *bytes, size_t size,
                 struct ta_feed *feed) {
  *feed = (struct ta_feed){.bytes = bytes, .left = size};
  int error = ta_watch_open_wanting(loop, TA_MAY_WRITE, fd, on_ready, &feed->watch);
  feed->open = !error;
  return error;
}

void ta_feed_close(struct ta_feed *feed) {
  if (feed->open) ta_watch_close(&feed->watch);
  feed->open = false;
}
