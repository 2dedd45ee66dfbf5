/* SPDX-License-Identifier: MIT */
#include "host/watch.h"

#include <errno.h>
#include <unistd.h>

#include "holder.h"

static const enum ta_telling telling_of[] = {
    [TA_EDGE] = TA_TELL_CHANGES, [TA_LEVEL] = TA_TELL_ALWAYS, [TA_ONCE] = TA_TELL_ONCE};

/* What tells of changes is not told what is wanted. */
static int change(struct ta_watch *watch, unsigned wanted) {
  struct ta_poller *poller = &watch->loop->poller;
  if (wanted == watch->wanted) return 0;
  if (watch->fd < 0 || !watch->loop->slots) return -EBADF;
  if (watch->kind == TA_EDGE && poller->kind->tells_changes) {
    watch->wanted = wanted;
    return 0;
  }
  int error = poller->kind->change(poller, watch->fd, ta_loop_key(watch->loop, &watch->member),
                                   telling_of[watch->kind], wanted);
  if (!error) watch->wanted = wanted;
  return error;
}

/* ------------------------------------------------------------- kept for others */

bool ta_watch_is_kept(const struct ta_watch *watch) {
  const struct ta_loop *loop = watch->loop;
  return loop->keeps && watch->kind == TA_ONCE && !watch->is_exempt &&
         loop->keeps(loop->keeper, watch->fd);
}

/* The kernel tells no more of it: it was wanted once. */
static void keep(struct ta_watch *watch) {
  if (watch->is_kept) return;
  watch->is_kept = true;
  watch->next = watch->loop->kept;
  watch->loop->kept = watch;
}

static void keep_no_more(struct ta_watch *watch) {
  struct ta_watch **link = &watch->loop->kept;
  if (!watch->is_kept) return;
  while (*link != watch) link = &(*link)->next;
  *link = watch->next;
  watch->is_kept = false;
}

void ta_watch_give_back(struct ta_loop *loop) {
  struct ta_watch *watch;
  while ((watch = loop->kept)) {
    unsigned wanted = watch->wanted;
    keep_no_more(watch);
    watch->wanted = 0;
    if (change(watch, wanted) != 0) watch->on_ready(watch, wanted);
  }
}

/* ------------------------------------------------------------------ watching */

/* What is told once wants nothing more by itself, unless it was of one direction of two. */
static void no_longer_want(struct ta_watch *watch, unsigned told) {
  if (watch->kind == TA_ONCE && watch->wanted == told)
    watch->wanted = 0;
  else
    ta_watch_unwant(watch, told);
}

static void told(struct ta_member *member, unsigned directions) {
  struct ta_watch *watch = TA_HOLDER(member, struct ta_watch, member);
  if (directions & watch->wanted & TA_MAY_READ && ta_watch_is_kept(watch)) {
    keep(watch);
    directions &= ~(unsigned)TA_MAY_READ;
  }
  unsigned wanted = watch->wanted & directions;
  watch->blocked &= ~directions;
  if (directions & TA_HUNG_UP) watch->hung_up = true;
  if (watch->kind != TA_LEVEL) no_longer_want(watch, wanted);
  if (wanted) watch->on_ready(watch, wanted);
}

int ta_watch_open(struct ta_loop *loop, enum ta_watch_kind kind, int fd, ta_ready_fn *on_ready,
                  struct ta_watch *watch) {
  *watch = (struct ta_watch){.member = {.tell = told},
                             .loop = loop,
                             .fd = fd,
                             .kind = kind,
                             .blocked = kind == TA_ONCE ? TA_MAY_BOTH : 0,
                             .on_ready = on_ready};
  int error = kind == TA_FILE ? -EPERM : ta_loop_join(loop, &watch->member);
  if (!error) {
    error = loop->poller.kind->add(&loop->poller, fd, ta_loop_key(loop, &watch->member),
                                   telling_of[kind], 0);
    if (error) ta_loop_leave(loop, &watch->member);
  }
  if (error) watch->fd = -1;
  return error;
}

void ta_watch_blocked(struct ta_watch *watch, unsigned direction) {
  watch->blocked |= direction;
}

int ta_watch_want(struct ta_watch *watch, unsigned direction) {
  return change(watch, watch->wanted | direction);
}

void ta_watch_unwant(struct ta_watch *watch, unsigned direction) {
  unsigned wanted = watch->wanted & ~direction;
  change(watch, wanted);
  watch->wanted = wanted; /* where that failed an event too many goes unheard */
}

int ta_watch_release(struct ta_watch *watch) {
  int fd = watch->fd;
  if (fd < 0) return -1;
  keep_no_more(watch);
  watch->loop->poller.kind->remove(&watch->loop->poller, fd);
  ta_loop_leave(watch->loop, &watch->member);
  watch->wanted = 0;
  watch->fd = -1;
  return fd;
}

void ta_watch_close(struct ta_watch *watch) {
  int fd = ta_watch_release(watch);
  if (fd < 0) return;
  close(fd);
  ta_loop_has_closed_descriptor(watch->loop);
}

int ta_watch_open_wanting(struct ta_loop *loop, unsigned direction, int fd, ta_ready_fn *on_ready,
                          struct ta_watch *watch) {
  int error = ta_watch_open(loop, TA_LEVEL, fd, on_ready, watch);
  if (error) return error;
  error = ta_watch_want(watch, direction);
  if (error) ta_watch_release(watch);
  return error;
}
