/* SPDX-License-Identifier: MIT */
#include "io/disk.h"

#include <errno.h>
#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "holder.h"
#include "io/refusal.h"
#include "list.h"

/* What Lua has of it. */
struct holder {
  struct ta_errand *errand; /* NULL: it was dropped */
};

static struct ta_errand *errand_of(struct ta_work *work) {
  return (struct ta_errand *)work;
}

static void drop_errand(struct ta_errand *errand) {
  if (errand->kind->drop) errand->kind->drop(errand);
  free(errand->name);
  free(errand);
}

/* ---------------------------------------------------------------- in threads */

static void run_if_allowed(struct ta_errand *errand) {
  if (ta_guard_lets(&errand->guard)) errand->kind->run(errand);
}

static void run(struct ta_work *work) {
  run_if_allowed(errand_of(work));
}

static void done(struct ta_work *work) {
  struct ta_errand *errand = errand_of(work);
  errand->finished = true;
  ta_unpark(errand->io->runner, errand->ticket);
}

/* Of one that was finished the object has it still. */
static void drop(struct ta_work *work) {
  if (!errand_of(work)->finished) drop_errand(errand_of(work));
}

/* ----------------------------------------------------------------- the object */

/* What runs still is dropped by its thread. */
static void drop_or_leave(struct ta_errand *errand) {
  ta_list_leave(&errand->link);
  atomic_store(&errand->given_up, true);
  if (!errand->sent || errand->finished) {
    drop_errand(errand);
    return;
  }
  if (errand->kind->stop) errand->kind->stop(errand);
  ta_work_abandon(errand->io->workers, &errand->work);
}

static void let_go(struct holder *holder) {
  struct ta_errand *errand = holder->errand;
  holder->errand = NULL;
  if (errand) drop_or_leave(errand);
}

static int l_forget(lua_State *L);

static const struct ta_function meta[] = {{"__gc", l_forget}, {NULL, NULL}};
static const struct ta_object_kind holder_kind = {.name = "Errand", .meta = meta};

static int l_forget(lua_State *L) {
  let_go(ta_check_object(L, 1, &holder_kind));
  return 0;
}

void *ta_push_errand(struct ta_runner *runner, lua_State *L, const struct ta_errand_kind *kind,
                     size_t size, const char *name) {
  struct ta_io *io = ta_io_of(runner, L);
  struct holder *holder = ta_push_object(runner, L, &holder_kind, sizeof *holder, 0);
  struct ta_errand *errand = calloc(1, size);
  char *copy = name ? strdup(name) : NULL;
  if (!errand || (name && !copy)) {
    free(errand);
    free(copy);
    luaL_error(L, "not enough memory");
  }
  errand->work = (struct ta_work){.run = run, .done = done, .drop = drop};
  errand->io = io;
  errand->kind = kind;
  errand->name = copy;
  ta_list_append(&io->errands, &errand->link);
  holder->errand = errand;
  return errand;
}

/* Where `give` raises the object has it until it is collected. */
static int give(lua_State *L, struct holder *holder) {
  struct ta_errand *errand = holder->errand;
  bool refused = errand->guard.verdict;
  int count = refused ? ta_guard_refuse(L, &errand->guard) : errand->kind->give(L, errand);
  let_go(holder);
  return count;
}

int ta_run_errand(lua_State *L) {
  struct holder *holder = ta_check_object(L, -1, &holder_kind);
  holder->errand->now = false;
  run_if_allowed(holder->errand);
  return give(L, holder);
}

void ta_drop_errands(struct ta_io *io) {
  while (!ta_list_empty(&io->errands))
    drop_or_leave(TA_HOLDER(io->errands.ring.next, struct ta_errand, link));
}

/* ------------------------------------------------------------------- waiting */

void ta_describe_errand(const void *subject, char *text, size_t size) {
  const struct ta_errand *errand = ((const struct holder *)subject)->errand;
  snprintf(text, size, "%s", errand && errand->name ? errand->name : "a file");
}

void ta_disarm_errand(void *subject) {
  let_go(subject);
}

static int k_send(lua_State *L, int status, lua_KContext context) {
  (void)status;
  return give(L, ta_check_object(L, (int)context, &holder_kind));
}

int ta_send_errand(lua_State *L, enum ta_lane lane) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  struct holder *holder = ta_check_object(L, -1, &holder_kind);
  struct ta_errand *errand = holder->errand;
  if (!ta_io_lets_wait(runner, L)) return ta_run_errand(L);
  errand->ticket = ta_take_ticket(runner, L, &errand->kind->wait, holder);
  struct ta_workers *workers = ta_io_workers(errand->io);
  int error = workers ? ta_workers_submit(workers, lane, &errand->work) : -ENOMEM;
  if (error) return ta_refuse(L, error, "cannot start a thread");
  errand->sent = true;
  return ta_park(runner, L, errand->ticket, lua_gettop(L), k_send);
}

int ta_try_errand(lua_State *L, enum ta_lane lane) {
  struct holder *holder = ta_check_object(L, -1, &holder_kind);
  struct ta_errand *errand = holder->errand;
  if (!ta_io_lets_wait(ta_upvalue_runner(L), L)) return ta_run_errand(L);
  errand->now = true;
  run_if_allowed(errand);
  errand->now = false;
  if (!errand->waits) return give(L, holder);
  errand->waits = false;
  return ta_send_errand(L, lane);
}

enum ta_lane ta_lane_of(struct ta_io *io, const char *path, const char *other) {
  bool near =
      ta_mounts_is_near(&io->mounts, path) && (!other || ta_mounts_is_near(&io->mounts, other));
  return near ? TA_LANE_DISK : TA_LANE_FAR;
}

int ta_try_errand_in(lua_State *L, enum ta_lane lane) {
  return lane == TA_LANE_FAR ? ta_send_errand(L, lane) : ta_try_errand(L, lane);
}
