/* SPDX-License-Identifier: MIT */
#include "unit/box.h"

static bool box_is_full(struct ta_runner *runner, void *object) {
  (void)runner;
  return ((const struct box *)object)->full;
}

static struct ta_list *box_queue(void *object) {
  return &((struct box *)object)->waiting;
}

static int open_box(struct ta_runner *runner, lua_State *L, int index) {
  struct box *box = ta_object_at(L, index);
  (void)runner;
  box->full = box->bottomless;
  lua_pushliteral(L, "a present");
  return 1;
}

static int l_box_get(lua_State *L);

static int l_box_fill(lua_State *L);

static int l_box_peek(lua_State *L);

static int l_box_gc(lua_State *L);

static const struct ta_function box_methods[] = {
    {"get", l_box_get}, {"fill", l_box_fill}, {"peek", l_box_peek}, {NULL, NULL}};
static const struct ta_selectable box_selectable = {
    .ready = box_is_full, .queue = box_queue, .give = open_box};
static const struct ta_function box_meta[] = {{"__gc", l_box_gc}, {NULL, NULL}};
const struct ta_object_kind box_kind = {
    .name = "Box", .methods = box_methods, .meta = box_meta, .select = &box_selectable};
static const struct ta_wait_kind box_wait = {.action = "box"};

static int k_box_got(lua_State *L, int status, lua_KContext context);

/* Without a look at whether the task was cancelled: who was woken first takes what it was
 * woken for, or nobody would. */
static int take_or_wait(struct ta_runner *runner, lua_State *L, struct box *box) {
  if (box->full) return open_box(runner, L, 1);
  return ta_wait_in(runner, L, "get", &box_wait, box, &box->waiting, k_box_got);
}

/* Somebody may have been faster. */
static int k_box_got(lua_State *L, int status, lua_KContext context) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  (void)status, (void)context;
  ta_check_wait_end(runner, L);
  return take_or_wait(runner, L, ta_object_at(L, 1));
}

static int l_box_get(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  struct box *box = ta_check_object(L, 1, &box_kind);
  ta_enter(runner, L);
  if (box->full && ta_has_gone_on(runner, L)) return ta_give_turn_before(runner, L, l_box_get);
  lua_settop(L, 1);
  return take_or_wait(runner, L, box);
}

static int l_box_fill(lua_State *L) {
  struct box *box = ta_check_object(L, 1, &box_kind);
  box->full = true;
  ta_wake_first(ta_upvalue_runner(L), &box->waiting);
  return 0;
}

/* What can be told at once, each time. */
static int l_box_peek(lua_State *L) {
  const struct box *box = ta_check_object(L, 1, &box_kind);
  lua_pushboolean(L, box->full);
  return ta_return_at_once(ta_upvalue_runner(L), L, 1);
}

/* A task has its attachment, and does not keep it. */
static int l_box_gc(lua_State *L) {
  struct box *box = ta_check_object(L, 1, &box_kind);
  ta_detach(&box->attachment);
  return 0;
}

struct box *add_box(struct world *world, const char *name) {
  struct box *box = ta_push_object(world->runner, world->L, &box_kind, sizeof *box, 0);
  ta_list_init(&box->waiting);
  box->world = world;
  lua_setglobal(world->L, name);
  return box;
}
