/* SPDX-License-Identifier: MIT */
#include "host/parting.h"

#include <stdlib.h>
#include <unistd.h>

#include "host/removal.h"
#include "holder.h"

struct parting {
  struct ta_work work;
  struct ta_left left;
};

static struct parting *parting_of(struct ta_work *work) {
  return TA_HOLDER(work, struct parting, work);
}

/* In whatever thread. */
static void let_go(struct ta_left *left) {
  if (left->fd >= 0) close(left->fd);
  left->fd = -1;
  if (!left->path || ta_gate_path(left->gate, TA_PATH_WRITE | TA_PATH_ITSELF, left->path)) return;
  if (left->tree)
    ta_sweep(left->path);
  else
    unlink(left->path);
}

/* In the loop's thread. */
static void forget_path(struct ta_left *left) {
  if (left->guarded) ta_children_guard_no_more(left->children, left->guarded);
  free(left->guarded);
  free(left->path);
  left->guarded = NULL;
  left->path = NULL;
}

static void run(struct ta_work *work) {
  let_go(&parting_of(work)->left);
}

static void done(struct ta_work *work) {
  forget_path(&parting_of(work)->left);
}

/* Of what is guarded still the guardian has to know, and the run is at its end: it stays. */
static void drop(struct ta_work *work) {
  struct ta_left *left = &parting_of(work)->left;
  if (left->fd >= 0) close(left->fd);
  if (!left->guarded) free(left->path);
  free(parting_of(work));
}

void ta_part_here(const struct ta_left *left) {
  struct ta_left copy = *left;
  let_go(&copy);
  forget_path(&copy);
}

void ta_part(struct ta_workers *workers, enum ta_lane lane, const struct ta_left *left) {
  struct parting *parting = workers ? malloc(sizeof *parting) : NULL;
  if (parting) {
    *parting = (struct parting){.work = {.run = run, .done = done, .drop = drop}, .left = *left};
    if (ta_workers_submit(workers, lane, &parting->work) == 0) return;
    free(parting);
  }
  ta_part_here(left);
}
