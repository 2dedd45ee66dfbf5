/* SPDX-License-Identifier: MIT */
#include "host/capture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LEAST_ROOM 4096 /* bytes */

void ta_capture_open(struct ta_capture *capture, size_t limit) {
  *capture = (struct ta_capture){.limit = limit};
}

static size_t smaller(size_t a, size_t b) {
  return a < b ? a : b;
}

static bool make_room(struct ta_capture *capture, size_t size) {
  size_t wanted = capture->size + size;
  if (wanted <= capture->room) return true;
  size_t room = capture->room ? capture->room : smaller(LEAST_ROOM, capture->limit);
  while (room < wanted) room = room > capture->limit / 2 ? capture->limit : room * 2;
  char *bytes = realloc(capture->bytes, room);
  if (!bytes) return false;
  capture->bytes = bytes;
  capture->room = room;
  return true;
}

static void append(struct ta_capture *capture, const char *bytes, size_t size) {
  if (size == 0) return;
  if (!make_room(capture, size)) {
    capture->error = -ENOMEM;
    return;
  }
  memcpy(capture->bytes + capture->size, bytes, size);
  capture->size += size;
}

/* The last half is a ring: of what does not fit there at once only the end stays. */
static void overwrite(struct ta_capture *capture, const char *bytes, size_t size) {
  size_t first = capture->limit / 2, room = capture->limit - first;
  if (room == 0) return;
  if (size > room) {
    bytes += size - room;
    size = room;
  }
  while (size > 0) {
    size_t count = smaller(size, room - capture->turn);
    memcpy(capture->bytes + first + capture->turn, bytes, count);
    capture->turn = (capture->turn + count) % room;
    bytes += count;
    size -= count;
  }
}

void ta_capture_take(struct ta_capture *capture, const char *bytes, size_t size) {
  capture->total += size;
  if (capture->error) return;
  size_t fits = smaller(size, capture->limit - capture->size);
  append(capture, bytes, fits);
  if (fits < size && !capture->error) overwrite(capture, bytes + fits, size - fits);
}

/* Where nothing was overwritten all is the first part. */
void ta_capture_parts(const struct ta_capture *capture, struct ta_capture_part parts[3]) {
  bool is_ring = capture->size == capture->limit && ta_capture_is_truncated(capture);
  size_t first = is_ring ? capture->limit / 2 : capture->size;
  memset(parts, 0, 3 * sizeof *parts);
  if (!capture->bytes) return;
  const char *last = capture->bytes + first;
  parts[0] = (struct ta_capture_part){capture->bytes, first};
  parts[1] = (struct ta_capture_part){last + capture->turn, capture->size - first - capture->turn};
  parts[2] = (struct ta_capture_part){last, capture->turn};
}

void ta_capture_close(struct ta_capture *capture) {
  free(capture->bytes);
  capture->bytes = NULL;
  capture->size = capture->room = 0;
}
