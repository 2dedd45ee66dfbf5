/* SPDX-License-Identifier: MIT */
#include "library/ends.h"

#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cancel.h"
#include "core/kit.h"
#include "core/lasting.h"
#include "core/queue.h"
#include "core/wait.h"
#include "library/await.h"

struct ta_watch;

/* Where one task is watched.  Its waiter has no task: nobody waits for this one
 * alone.  The list of tasks, user value 1, keeps it under the number it has here. */
struct watched {
  struct ta_seat seat;
  struct ta_watch *watch;
  struct ta_task *task; /* NULL: it is free */
  bool has_ended;       /* and may be gone, with the list, when the object is lost */
  lua_Integer index;    /* what it is called to who asks */
};

/* The bytes of a watch: tasks have what lies in them. */
struct ta_watch {
  struct ta_attachment hold;       /* of a loop: among what the task holds that began it */
  struct ta_list ended;            /* those whose tasks have ended, and nobody was told */
  struct ta_list waiting;          /* tasks that want to be */
  struct ta_list free;             /* those that watch nothing */
  const struct ta_wait_kind *kind; /* of who asks */
  bool is_loop;
  uint64_t counted_in; /* of a loop: the step whose call counted for the first ask, or 0 */
  size_t count;
  size_t left; /* tasks watched that have not ended */
  struct watched tasks[];
};

static struct ta_watch *check_watch(lua_State *L) {
  return ta_bytes_of(ta_check_kind(L, TA_REGISTRY_WATCH, "Watch"));
}

/* ------------------------------------------------------------------- an end */

static void note_end(struct ta_watch *watch, struct watched *watched) {
  watched->has_ended = true;
  ta_list_append(&watch->ended, &watched->seat.waiter.link);
  watch->left--;
}

/* The task in whose queue one waited has ended. */
static void task_ended(struct ta_runner *runner, struct ta_seat *seat) {
  struct watched *watched = TA_HOLDER(seat, struct watched, seat);
  struct ta_watch *watch = watched->watch;
  ta_list_leave(&seat->waiter.link);
  note_end(watch, watched);
  ta_wake_first(runner, &watch->waiting);
}

/* Several tasks may wait in one loop: those that nobody will wake go on with nothing. */
static void wake_all(struct ta_runner *runner, struct ta_watch *watch) {
  while (ta_wake_first(runner, &watch->waiting)) continue;
}

static void forget_all(struct ta_watch *watch) {
  for (size_t i = 0; i < watch->count; i++) ta_list_leave(&watch->tasks[i].seat.waiter.link);
  watch->left = 0;
  ta_list_leave(&watch->hold.link);
}

static void leave_all(struct ta_runner *runner, struct ta_watch *watch) {
  forget_all(watch);
  wake_all(runner, watch);
}

static lua_Integer number_of(const struct watched *watched) {
  return watched - watched->watch->tasks + 1;
}

/* ------------------------------------------------------------ a loop that was left */

/* Does it wait for the end of its task, which lives then? */
static bool is_left(const struct watched *watched) {
  return watched->task && !watched->has_ended && ta_in_list(&watched->seat.waiter.link);
}

/* (Runner, watch) */
static int l_cancel_left(lua_State *L) {
  struct ta_runner *runner = lua_touserdata(L, 1);
  struct ta_watch *watch = lua_touserdata(L, 2);
  for (size_t i = 0; i < watch->count; i++) {
    const struct watched *watched = &watch->tasks[i];
    if (!is_left(watched) || watched->task->cause) continue;
    lua_pushnil(L);
    ta_cancel_task_for_reason(runner, L, watched->task);
  }
  return 0;
}

/* Cancels those that have not ended; L may be any. */
static void cancel_left(struct ta_runner *runner, lua_State *L, struct ta_watch *watch) {
  if (!watch->is_loop || watch->left == 0) return;
  lua_pushcfunction(L, l_cancel_left);
  lua_pushlightuserdata(L, runner);
  lua_pushlightuserdata(L, watch);
  if (lua_pcall(L, 2, 0, 0) == LUA_OK) return;
  lua_pop(L, 1); /* memory is out: with a reason that asks for none */
  for (size_t i = 0; i < watch->count; i++)
    if (is_left(&watch->tasks[i])) ta_cancel_task(runner, watch->tasks[i].task, &ta_unexplained);
}

static void loop_task_ended(struct ta_runner *runner, struct ta_task *task,
                            struct ta_attachment *hold) {
  struct ta_watch *watch = TA_HOLDER(hold, struct ta_watch, hold);
  (void)task;
  ta_push_kept_bytes(runner, runner->L, watch); /* a finalizer may end it meanwhile */
  cancel_left(runner, runner->L, watch);
  leave_all(runner, watch);
  lua_pop(runner->L, 1);
}

static const struct ta_attachment_kind loop_hold = {loop_task_ended, NULL};

static int l_watch_gc(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  struct ta_watch *watch = ta_bytes_of(ta_to_kind(runner, L, 1, TA_REGISTRY_WATCH));
  if (!watch) return 0;
  if (runner->L) cancel_left(runner, L, watch);
  forget_all(watch);
  ta_end_lasting(L, 1);
  return 0;
}

int ta_l_leave_watch(lua_State *L) {
  leave_all(ta_upvalue_runner(L), check_watch(L));
  return 0;
}

/* -------------------------------------------------------------------- its name */

/* The subject of a wait is the object, which is on the stack. */
static void describe(const void *subject, char *text, size_t size) {
  snprintf(text, size, "of %zu", ((const struct ta_watch *)ta_bytes_of(subject))->left);
}

/* Who waits for one task alone is held up by it. */
static struct ta_task *holder(const void *subject) {
  const struct ta_watch *watch = ta_bytes_of(subject);
  return watch->count == 1 ? watch->tasks[0].task : NULL;
}

#define ENDS_IN(name)                                                                              \
  { .action = name, .describe = describe, .holder = holder, .by_tasks = true }

/* By the function that the script has called, be it one of a library's. */
static const struct ta_wait_kind kinds[] = {ENDS_IN("any"),          ENDS_IN("race"),
                                            ENDS_IN("settle"),       ENDS_IN("map"),
                                            ENDS_IN("as_completed"), ENDS_IN("jobs:map")};
#define KINDS (sizeof kinds / sizeof *kinds)

static const struct ta_wait_kind *check_name(lua_State *L, int index) {
  const char *name = luaL_checkstring(L, index);
  for (size_t i = 0; i < KINDS; i++)
    if (strcmp(kinds[i].action, name) == 0) return &kinds[i];
  luaL_argerror(L, index, "nobody waits so");
  return NULL;
}

bool ta_is_ends_kind(const struct ta_wait_kind *kind) {
  return kind >= kinds && kind < kinds + KINDS;
}

/* -------------------------------------------------------------------- making */

static int by_end(const void *a, const void *b) {
  const struct ta_task *one = (*(struct watched *const *)a)->task;
  const struct ta_task *other = (*(struct watched *const *)b)->task;
  return (one->wait > other->wait) - (one->wait < other->wait);
}

/* Pushes a watch with room for so many tasks. */
static struct ta_watch *push_watch(struct ta_runner *runner, lua_State *L,
                                   const struct ta_wait_kind *kind, size_t count) {
  size_t size = sizeof(struct ta_watch) + count * sizeof(struct watched);
  ta_registry_push(runner, L, TA_REGISTRY_WATCH);
  struct ta_watch *watch = ta_push_lasting(runner, L, size, 1);
  watch->kind = kind;
  watch->count = count;
  ta_list_init(&watch->ended);
  ta_list_init(&watch->waiting);
  ta_list_init(&watch->free);
  for (size_t i = 0; i < count; i++) {
    watch->tasks[i].watch = watch;
    watch->tasks[i].seat.taken = task_ended;
    ta_list_append(&watch->free, &watch->tasks[i].seat.waiter.link);
  }
  lua_createtable(L, (int)count, 0);
  lua_setiuservalue(L, -2, 1);
  return watch;
}

/* Watches the task on top, which is popped; the watch is below it. */
static struct watched *watch_task(lua_State *L, struct ta_watch *watch, lua_Integer index) {
  struct ta_link *link = ta_list_first(&watch->free);
  if (!link) luaL_error(L, "watch: there is no room");
  struct watched *watched = TA_HOLDER(link, struct watched, seat.waiter.link);
  struct ta_task *task = lua_touserdata(L, -1);
  ta_use_lasting(L, -2);
  if (!ta_task_has_ended(task)) ta_task_need_more(ta_upvalue_runner(L), L, task);
  lua_getiuservalue(L, -2, 1);
  lua_insert(L, -2);
  lua_rawseti(L, -2, number_of(watched));
  lua_pop(L, 1);
  ta_list_leave(link);
  watched->task = task;
  watched->has_ended = false;
  watched->index = index;
  watch->left++;
  if (!ta_task_has_ended(task)) ta_list_append(&task->more->awaiters, link);
  return watched;
}

/* Watches each task in the list at index 1; those that have ended already
 * did so in some order, for which there is room in `ended`. */
static void watch_all(lua_State *L, struct ta_watch *watch, struct watched **ended) {
  size_t found = 0;
  for (size_t i = 1; i <= watch->count; i++) {
    lua_rawgeti(L, 1, (lua_Integer)i);
    struct watched *watched = watch_task(L, watch, (lua_Integer)i);
    if (ta_task_has_ended(watched->task)) ended[found++] = watched;
  }
  if (found > 1) qsort(ended, found, sizeof *ended, by_end);
  for (size_t i = 0; i < found; i++) note_end(watch, ended[i]);
}

static void begin_loop(struct ta_runner *runner, lua_State *L, struct ta_watch *watch) {
  if (runner->current) ta_task_need_more(runner, L, runner->current);
  watch->is_loop = true;
  watch->counted_in = runner->steps;
  watch->hold.kind = &loop_hold;
  if (runner->current) ta_list_append(&runner->current->more->attached, &watch->hold.link);
}

int ta_l_watch(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  const struct ta_wait_kind *kind = check_name(L, 2);
  bool is_loop = lua_toboolean(L, 3);
  size_t count = (size_t)lua_rawlen(L, 1);
  struct watched **ended = lua_newuserdatauv(L, count * sizeof *ended, 0);
  struct ta_watch *watch = push_watch(runner, L, kind, count);
  if (is_loop) begin_loop(runner, L, watch);
  watch_all(L, watch, ended);
  return 1;
}

int ta_l_watch_some(lua_State *L) {
  push_watch(ta_upvalue_runner(L), L, check_name(L, 2), (size_t)luaL_checkinteger(L, 1));
  return 1;
}

int ta_l_watch_also(lua_State *L) {
  struct ta_watch *watch = check_watch(L);
  lua_Integer index = luaL_checkinteger(L, 3);
  lua_settop(L, 2);
  struct watched *watched = watch_task(L, watch, index);
  if (ta_task_has_ended(watched->task)) note_end(watch, watched);
  return 0;
}

/* -------------------------------------------------------------------- asking */

const struct ta_list *ta_watch_queue(const void *subject) {
  return &((const struct ta_watch *)ta_bytes_of(subject))->waiting;
}

/* Returns what became of the first that has ended. */
static int give_first(struct ta_runner *runner, lua_State *L, struct ta_watch *watch) {
  struct ta_link *link = ta_list_first(&watch->ended);
  struct watched *watched = TA_HOLDER(link, struct watched, seat.waiter.link);
  ta_list_leave(link);
  ta_list_append(&watch->free, link);
  lua_getiuservalue(L, 1, 1);
  lua_rawgeti(L, -1, number_of(watched));
  int object = lua_gettop(L);
  lua_pushnil(L);
  lua_rawseti(L, -3, number_of(watched));
  lua_pushinteger(L, watched->index);
  lua_pushboolean(L, watched->task->state == TA_TASK_DONE);
  watched->task = NULL;
  ta_push_first_result(runner, L, object);
  if (watch->left == 0 && ta_list_empty(&watch->ended)) wake_all(runner, watch);
  return 3;
}

static int ask(struct ta_runner *runner, lua_State *L, struct ta_watch *watch);

static int k_ask(lua_State *L, int status, lua_KContext context) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  struct ta_watch *watch = ta_bytes_of(lua_touserdata(L, 1));
  (void)status, (void)context;
  if (runner->current) ta_leave_anchor(runner, runner->current); /* its loop may be left */
  if (runner->current && runner->current->cut_short) cancel_left(runner, L, watch);
  ta_check_cut_short(runner, L);
  return ask(runner, L, watch);
}

static int ask(struct ta_runner *runner, lua_State *L, struct ta_watch *watch) {
  lua_settop(L, 1);
  ta_check_stack(L, LUA_MINSTACK);
  if (!ta_list_empty(&watch->ended)) return give_first(runner, L, watch);
  if (watch->left == 0) {
    ta_list_leave(&watch->hold.link);
    return 0;
  }
  ta_check_wait(runner, L, watch->kind->action);
  void *object = lua_touserdata(L, 1);
  ta_anchor_wait(runner, L, 1, object);
  ta_queue_wait(ta_begin_wait(runner, L, watch->kind, object), &watch->waiting);
  return ta_park_here(runner, L, 0, k_ask);
}

/* The script's call that began the loop has counted, and with what follows it at once is
 * one. */
static bool has_counted(const struct ta_runner *runner, struct ta_watch *watch) {
  bool has = watch->counted_in == runner->steps;
  watch->counted_in = 0;
  return has;
}

int ta_l_next_end(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  struct ta_watch *watch = check_watch(L);
  ta_check_open(runner, L);
  ta_enter(runner, L);
  lua_settop(L, 1);
  /* A loop's call is the script's own; others are part of one that counts. */
  bool counts = watch->is_loop && (!ta_list_empty(&watch->ended) || watch->left == 0);
  if (counts && !has_counted(runner, watch) && ta_has_to_pause(runner, L))
    return ta_give_turn_before(runner, L, ta_l_next_end);
  return ask(runner, L, watch);
}

void ta_watch_setup(struct ta_runner *runner, lua_State *L) {
  ta_new_kind(runner, L, "Watch", NULL);
  ta_set_function(runner, L, "__gc", l_watch_gc);
  ta_set_function(runner, L, "__close", ta_l_leave_watch);
  ta_registry_set(runner, L, TA_REGISTRY_WATCH);
  for (size_t i = 0; i < KINDS; i++) ta_name_action(runner, L, kinds[i].action);
}
