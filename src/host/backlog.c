/* SPDX-License-Identifier: MIT */
#include "host/backlog.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "holder.h"
#include "host/spill.h"

#define ROOM (16 << 10)    /* bytes of a part there */
#define AT_ONCE (64 << 10) /* bytes in a look of the loop's: others have their turn between */
#define LOOKS_AGAIN 0.02   /* seconds */

/* What waits, in order: bytes of its own, or of the file. */
struct ta_backlog_part {
  struct ta_backlog_part *next;
  bool in_file;
  off_t at; /* in the file */
  size_t start, end;
  char bytes[];
};

static size_t smaller(size_t a, size_t b) {
  return a < b ? a : b;
}

/* ------------------------------------------------------------------ what waits */

/* The file is as large as what was put there since nothing was in it last. */
static void forget_file(struct ta_backlog *backlog) {
  if (backlog->file >= 0) close(backlog->file);
  backlog->file = -1;
  backlog->filed = 0;
}

static void remove_first(struct ta_backlog *backlog) {
  struct ta_backlog_part *part = backlog->first;
  backlog->first = part->next;
  if (!backlog->first) backlog->last = NULL;
  if (!part->in_file)
    backlog->held -= ROOM;
  else if (--backlog->parts_in_file == 0)
    forget_file(backlog);
  free(part);
}

static struct ta_backlog_part *add_part(struct ta_backlog *backlog, bool in_file) {
  struct ta_backlog_part *part = malloc(sizeof *part + (in_file ? 0 : ROOM));
  if (!part) return NULL;
  *part = (struct ta_backlog_part){.in_file = in_file, .at = backlog->filed};
  if (backlog->last)
    backlog->last->next = part;
  else
    backlog->first = part;
  backlog->last = part;
  if (in_file)
    backlog->parts_in_file++;
  else
    backlog->held += ROOM;
  return part;
}

static bool keep_in_file(struct ta_backlog *backlog, const char *bytes, size_t size) {
  if (backlog->file < 0) backlog->file = ta_spill_open();
  if (backlog->file < 0) return false;
  if (!ta_spill_write(backlog->file, bytes, size, backlog->filed)) return false;
  struct ta_backlog_part *part = backlog->last;
  if (!part || !part->in_file) part = add_part(backlog, true);
  if (!part) return false;
  part->end += size;
  backlog->filed += (off_t)size;
  return true;
}

/* How much of it the last part has room for: 0, none. */
static size_t fitting(const struct ta_backlog *backlog, const char *bytes, size_t size) {
  const struct ta_backlog_part *part = backlog->last;
  if (!part || part->in_file || part->end == ROOM) return 0;
  size_t room = ROOM - part->end;
  if (part->end > 0 && size > room && !memchr(bytes, '\n', room)) return 0;
  return ta_whole_lines(bytes, size, room);
}

static bool keep_in_memory(struct ta_backlog *backlog, const char *bytes, size_t size) {
  while (size > 0) {
    size_t count = fitting(backlog, bytes, size);
    struct ta_backlog_part *part = backlog->last;
    if (count > 0) memcpy(part->bytes + part->end, bytes, count);
    if (count > 0) part->end += count;
    if (count == 0 && !add_part(backlog, false)) return false;
    bytes += count;
    size -= count;
    backlog->taken += count;
  }
  return true;
}

static bool keep(struct ta_backlog *backlog, const char *bytes, size_t size) {
  if (backlog->held + size > TA_BACKLOG_MOST && keep_in_file(backlog, bytes, size)) {
    backlog->taken += size;
    return true;
  }
  return keep_in_memory(backlog, bytes, size);
}

static void advance(struct ta_backlog *backlog, size_t count) {
  struct ta_backlog_part *part = backlog->first;
  backlog->left += count;
  part->start += count;
  if (part->start == part->end) remove_first(backlog);
}

/* Of the first part.  What cannot be read any more is gone. */
static ssize_t write_first(struct ta_backlog *backlog) {
  const struct ta_backlog_part *part = backlog->first;
  char copy[ROOM];
  const char *bytes = part->bytes + part->start;
  size_t size = part->end - part->start;
  if (part->in_file) {
    bytes = copy;
    size = ta_spill_read(backlog->file, copy, smaller(size, sizeof copy),
                         part->at + (off_t)part->start);
  }
  ssize_t done = size > 0 ? ta_outlet_write(&backlog->outlet, bytes, size)
                          : (ssize_t)(part->end - part->start);
  if (done > 0) advance(backlog, (size_t)done);
  return done;
}

/* ----------------------------------------------------------------- in the loop */

static void stop_watching(struct ta_backlog *backlog) {
  if (backlog->watched) ta_watch_release(&backlog->watch);
  backlog->watched = false;
  ta_alarm_stop(&backlog->alarm);
}

static void go_on(struct ta_backlog *backlog);

static void on_ready(struct ta_watch *watch, unsigned directions) {
  (void)directions;
  go_on(TA_HOLDER(watch, struct ta_backlog, watch));
}

static void on_alarm(struct ta_alarm *alarm) {
  go_on(TA_HOLDER(alarm, struct ta_backlog, alarm));
}

/* Another file may lie there than the one that is watched. */
static void want(struct ta_backlog *backlog) {
  int fd = ta_outlet_fd(&backlog->outlet);
  if (backlog->watched && backlog->watch.fd != fd) stop_watching(backlog);
  if (!backlog->watched)
    backlog->watched = ta_watch_open(backlog->loop, TA_ONCE, fd, on_ready, &backlog->watch) == 0;
  if (backlog->watched && ta_watch_want(&backlog->watch, TA_MAY_WRITE) == 0) return;
  stop_watching(backlog);
  ta_loop_set_alarm(backlog->loop, &backlog->alarm, LOOKS_AGAIN);
}

void ta_backlog_drop(struct ta_backlog *backlog) {
  while (backlog->first) remove_first(backlog);
  backlog->left = backlog->taken;
  stop_watching(backlog);
}

static void go_on(struct ta_backlog *backlog) {
  uint64_t before = backlog->left;
  ssize_t done = 0;
  ta_outlet_look(&backlog->outlet);
  while (backlog->first && done >= 0 && backlog->left - before < AT_ONCE)
    done = write_first(backlog);
  bool failed = done < 0 && done != -EAGAIN;
  if (failed) ta_backlog_drop(backlog);
  if (backlog->first)
    want(backlog);
  else
    stop_watching(backlog);
  if (failed || backlog->left != before) backlog->on_left(backlog, failed ? (int)done : 0);
}

/* ------------------------------------------------------------- giving it something */

static void wait_here(const struct ta_backlog *backlog) {
  struct pollfd writable = {.fd = ta_outlet_fd(&backlog->outlet), .events = POLLOUT};
  poll(&writable, 1, -1);
}

static bool may_go_on_waiting(const struct ta_backlog *backlog) {
  return !backlog->loop || !backlog->may_wait || backlog->may_wait();
}

/* Writes all that is kept, waiting: for as long as it takes, or until it may not any more, which
 * is -EAGAIN. */
static int finish(struct ta_backlog *backlog, bool for_ever) {
  uint64_t before = backlog->left;
  ssize_t done = 0;
  ta_outlet_look(&backlog->outlet);
  while (backlog->first && (done >= 0 || done == -EAGAIN)) {
    done = write_first(backlog);
    if (done != -EAGAIN) continue;
    if (!for_ever && !may_go_on_waiting(backlog)) break;
    wait_here(backlog);
  }
  if (done < 0 && done != -EAGAIN) ta_backlog_drop(backlog);
  if (!backlog->first) stop_watching(backlog);
  if (backlog->left != before) backlog->on_left(backlog, 0);
  return done < 0 ? (int)done : 0;
}

/* As the descriptor is: most wait for as long as it takes. */
static int write_all(struct ta_backlog *backlog, const char *bytes, size_t size) {
  while (size > 0) {
    ssize_t done = write(backlog->outlet.fd, bytes, size);
    if (done >= 0) {
      bytes += done;
      size -= (size_t)done;
    } else if (errno == EAGAIN) {
      wait_here(backlog);
    } else if (errno != EINTR) {
      return -errno;
    }
  }
  return 0;
}

static int write_after(struct ta_backlog *backlog, const char *bytes, size_t size, bool for_ever) {
  ta_outlet_look(&backlog->outlet);
  int error = backlog->first ? finish(backlog, for_ever) : 0;
  return error ? error : write_all(backlog, bytes, size);
}

/* Without memory, and without a file, there is only waiting. */
static int keep_or_write(struct ta_backlog *backlog, const char *bytes, size_t size) {
  uint64_t before = backlog->taken;
  bool kept = keep(backlog, bytes, size);
  size_t done = (size_t)(backlog->taken - before);
  if (!kept) return write_after(backlog, bytes + done, size - done, true);
  if (backlog->first) want(backlog);
  return 0;
}

int ta_backlog_write(struct ta_backlog *backlog, const char *bytes, size_t size) {
  int error = write_after(backlog, bytes, size, false);
  return error == -EAGAIN ? keep_or_write(backlog, bytes, size) : error;
}

int ta_backlog_put(struct ta_backlog *backlog, const char *bytes, size_t size) {
  ssize_t done = 0;
  if (!backlog->loop) return ta_backlog_write(backlog, bytes, size);
  if (!backlog->first) ta_outlet_look(&backlog->outlet);
  while (!backlog->first && size > 0 && done >= 0) {
    done = ta_outlet_write(&backlog->outlet, bytes, size);
    if (done > 0) bytes += done;
    if (done > 0) size -= (size_t)done;
  }
  if (done < 0 && done != -EAGAIN) return (int)done;
  return size > 0 ? keep_or_write(backlog, bytes, size) : 0;
}

/* --------------------------------------------------------------- opening, closing */

void ta_backlog_open(struct ta_backlog *backlog, int fd,
                     void (*on_left)(struct ta_backlog *backlog, int error)) {
  *backlog = (struct ta_backlog){.alarm = {.ring = on_alarm}, .file = -1, .on_left = on_left};
  ta_outlet_open(&backlog->outlet, fd);
}

int ta_backlog_attach(struct ta_backlog *backlog, struct ta_loop *loop) {
  int error = 0;
  if (!loop && backlog->first) error = finish(backlog, true);
  if (!loop) ta_outlet_close(&backlog->outlet);
  backlog->loop = loop;
  return error;
}
