/* SPDX-License-Identifier: MIT */
#include "library/select.h"

#include <lauxlib.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/kit.h"
#include "core/lasting.h"
#include "core/queue.h"
#include "core/wait.h"

/* The stack of async.select: its own copy of the list, then as told by
 * select.h the value that was put there. */
enum { LIST = 1, SELECT = TA_SELECTING, VALUE = TA_SELECTED };

struct select {
  size_t count;
  size_t chosen;        /* number in the list; 0: none */
  double until;         /* on the host's clock; HUGE_VAL: no time-out */
  struct ta_task *only; /* the task waited for, if nothing else is */
  struct place {
    struct ta_seat seat;         /* the first */
    void (*waits)(void *object); /* who hears of who has a seat there, and what it is; or NULL */
    void *object;
  } places[];
};

/* ---------------------------------------------------------------- the list */

void ta_make_selectable(struct ta_runner *runner, lua_State *L,
                        const struct ta_selectable *selectable) {
  const void *metatable = lua_topointer(L, -1);
  ta_registry_push(runner, L, TA_REGISTRY_KINDS);
  lua_pushlightuserdata(L, (void *)(uintptr_t)selectable);
  lua_rawsetp(L, -2, metatable);
  lua_pop(L, 1);
}

/* How the value at `index` is waited for, or NULL. */
static const struct ta_selectable *find(struct ta_runner *runner, lua_State *L, int index) {
  if (!lua_isuserdata(L, index) || !lua_getmetatable(L, index)) return NULL;
  const void *metatable = lua_topointer(L, -1);
  ta_registry_push(runner, L, TA_REGISTRY_KINDS);
  lua_rawgetp(L, -1, metatable);
  const struct ta_selectable *selectable = lua_touserdata(L, -1);
  lua_pop(L, 3);
  return selectable;
}

/* What can be selected, at `index`, as its kind knows it.  It has bytes enough to look at. */
static void *object_at(lua_State *L, int index) {
  void *object = lua_touserdata(L, index);
  const struct ta_lasting *lasting = object;
  return lasting->mark == &ta_lasting_mark ? lasting->bytes : object;
}

/* Raises unless there are only things to wait for, and the time-out. */
static void check_keys(lua_State *L, lua_Integer count) {
  lua_pushnil(L);
  while (lua_next(L, LIST)) {
    bool listed =
        lua_isinteger(L, -2) && lua_tointeger(L, -2) >= 1 && lua_tointeger(L, -2) <= count;
    if (!listed && !ta_is_word(L, -2, "timeout"))
      luaL_error(L, "select: unexpected '%s' in the list (there is timeout)",
                 ta_push_readable(L, -2));
    lua_pop(L, 1);
  }
}

static double check_timeout(lua_State *L) {
  double seconds = HUGE_VAL;
  if (lua_getfield(L, LIST, "timeout") != LUA_TNIL)
    seconds = ta_check_seconds(L, -1, "select: timeout");
  lua_pop(L, 1);
  return seconds;
}

/* Replaces the list by a copy that nobody else has. */
static void copy_list(struct ta_runner *runner, lua_State *L, lua_Integer count) {
  lua_createtable(L, (int)count, 0);
  for (lua_Integer i = 1; i <= count; i++) {
    lua_rawgeti(L, LIST, i);
    if (!find(runner, L, -1))
      luaL_error(L,
                 "select: expected a channel, an event, a task or a stream at index %I, or a "
                 "library's object that can be selected, got %s",
                 (LUAI_UACINT)i, luaL_typename(L, -1));
    if (ta_to_task(runner, L, -1) && lua_touserdata(L, -1) == runner->current)
      luaL_error(L, "select: a task cannot await itself");
    lua_rawseti(L, -2, i);
  }
  lua_replace(L, LIST);
}

/* -------------------------------------------------------------------- result */

/* Returns what became of the thing with the number `index`; `value` is the index
 * where whoever reached its seat may have put a value, or 0.  TA_GONE: nothing has. */
static int give(lua_State *L, size_t index, int value) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  lua_rawgeti(L, LIST, (lua_Integer)index);
  int object = lua_gettop(L);
  lua_pushinteger(L, (lua_Integer)index);
  if (value && !lua_isnil(L, value)) {
    lua_pushvalue(L, value);
    return 2;
  }
  int given = find(runner, L, object)->give(runner, L, object);
  if (given == TA_GONE) lua_settop(L, object - 1);
  return given == TA_GONE ? TA_GONE : 1 + given;
}

static int give_timeout(lua_State *L) {
  lua_pushnil(L);
  lua_pushliteral(L, "timeout");
  return 2;
}

/* The number of the first that is ready, or 0. */
static size_t find_ready(struct ta_runner *runner, lua_State *L, size_t count) {
  for (size_t i = 1; i <= count; i++) {
    lua_rawgeti(L, LIST, (lua_Integer)i);
    bool ready = find(runner, L, -1)->ready(runner, object_at(L, -1));
    lua_pop(L, 1);
    if (ready) return i;
  }
  return 0;
}

/* Gives the first that is ready; TA_GONE: none is. */
static int give_ready(struct ta_runner *runner, lua_State *L, size_t count) {
  for (size_t i = 1; i <= count; i++) {
    lua_rawgeti(L, LIST, (lua_Integer)i);
    bool ready = find(runner, L, -1)->ready(runner, object_at(L, -1));
    lua_pop(L, 1);
    int given = ready ? give(L, i, 0) : TA_GONE;
    if (given != TA_GONE) return given;
  }
  return TA_GONE;
}

/* ---------------------------------------------------------------------- wait */

static void tell_of_waits(const struct select *select) {
  for (const struct place *place = select->places; place < select->places + select->count; place++)
    if (place->waits) place->waits(place->object);
}

static void leave_all(void *subject) {
  struct select *select = subject;
  for (size_t i = 0; i < select->count; i++) ta_list_leave(&select->places[i].seat.waiter.link);
  tell_of_waits(select);
}

static void chosen(struct ta_runner *runner, struct ta_seat *seat) {
  struct select *select = seat->waiter.task->subject;
  (void)runner;
  select->chosen = (size_t)((struct place *)seat - select->places) + 1;
  leave_all(select);
}

static void describe(const void *subject, char *text, size_t size) {
  snprintf(text, size, "of %zu", ((const struct select *)subject)->count);
}

/* Who waits for one task alone is held up by it. */
static struct ta_task *holder(const void *subject) {
  return ((const struct select *)subject)->only;
}

static const struct ta_wait_kind select_kind = {.action = "select",
                                                .describe = describe,
                                                .by_tasks = true,
                                                .disarm = leave_all,
                                                .holder = holder};

static int ask_again(lua_State *L, struct ta_runner *runner, struct select *select);

/* Is what was chosen still to be had?  Somebody may have been faster. */
static bool is_left(struct ta_runner *runner, lua_State *L, size_t chosen) {
  if (!lua_isnil(L, VALUE)) return true;
  lua_rawgeti(L, LIST, (lua_Integer)chosen);
  const struct ta_selectable *selectable = find(runner, L, -1);
  bool left = selectable->woken_has_it || selectable->ready(runner, object_at(L, -1));
  lua_pop(L, 1);
  return left;
}

static int k_selected(lua_State *L, int status, lua_KContext context) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  struct select *select = lua_touserdata(L, SELECT);
  (void)status, (void)context;
  ta_check_cut_short(runner, L);
  if (!select->chosen) return give_timeout(L);
  int given = is_left(runner, L, select->chosen) ? give(L, select->chosen, VALUE) : TA_GONE;
  return given == TA_GONE ? ask_again(L, runner, select) : given;
}

/* It keeps the list, in whose things it will have its seats. */
static struct select *push_select(lua_State *L, size_t count) {
  size_t size = sizeof(struct select) + count * sizeof(struct place);
  struct select *select = lua_newuserdatauv(L, size, 1);
  memset(select, 0, size);
  select->count = count;
  lua_pushvalue(L, LIST);
  lua_setiuservalue(L, -2, 1);
  return select;
}

/* A task's queue is made when somebody first waits in it: to be called before the wait is
 * begun, when nothing is ready.  May raise. */
static void make_queues(struct ta_runner *runner, lua_State *L, const struct select *select) {
  for (size_t i = 0; i < select->count; i++) {
    lua_rawgeti(L, LIST, (lua_Integer)i + 1);
    struct ta_task *task = ta_to_task(runner, L, -1);
    if (task) ta_task_need_more(runner, L, task);
    lua_pop(L, 1);
  }
}

/* Can only tasks end the wait? */
static bool take_seats(struct ta_runner *runner, lua_State *L, struct select *select) {
  bool by_tasks = true;
  for (size_t i = 0; i < select->count; i++) {
    lua_rawgeti(L, LIST, (lua_Integer)i + 1);
    const struct ta_selectable *selectable = find(runner, L, -1);
    void *object = object_at(L, -1);
    struct place *place = &select->places[i];
    struct ta_seat *seat = &place->seat;
    if (select->count == 1) select->only = ta_to_task(runner, L, -1);
    by_tasks = by_tasks && selectable->by_tasks && selectable->by_tasks(object);
    seat->taken = chosen;
    seat->subject_at = SELECT;
    seat->waiter.task = runner->current;
    ta_list_append(selectable->queue(object), &seat->waiter.link);
    place->waits = selectable->waits;
    place->object = object;
    lua_pop(L, 1);
  }
  tell_of_waits(select);
  return by_tasks;
}

static int choose(lua_State *L, lua_Integer count, double timeout);

/* Back from giving up the turn; the time-out lies where the select would. */
static int k_choose(lua_State *L, int status, lua_KContext context) {
  double timeout = lua_tonumber(L, SELECT);
  (void)status, (void)context;
  ta_check_cut_short(ta_upvalue_runner(L), L);
  lua_settop(L, LIST);
  return choose(L, (lua_Integer)lua_rawlen(L, LIST), timeout);
}

/* Has the task to give up its turn before it goes on?  Who looks in vain polls. */
static bool has_gone_on(struct ta_runner *runner, lua_State *L, bool in_vain) {
  bool polls = runner->polls;
  if (!ta_has_to_pause(runner, L)) return false;
  runner->polls = polls && in_vain;
  return true;
}

static int l_select(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  if (!lua_istable(L, LIST))
    return ta_raise_type(L, LIST, "table", "put them in a list: select{a, b}");
  if (lua_isnumber(L, LIST + 1))
    return luaL_error(L, "select: the time-out goes into the list: select{a, b, timeout = 1}");
  ta_check_open(runner, L);
  lua_settop(L, LIST);
  lua_Integer count = (lua_Integer)lua_rawlen(L, LIST);
  double timeout = check_timeout(L);
  check_keys(L, count);
  if (count == 0 && isinf(timeout)) return luaL_error(L, "select: nothing to wait for");
  copy_list(runner, L, count);
  return choose(L, count, timeout);
}

/* Waits for the whole list, of which nothing is ready. */
static int park(lua_State *L, struct ta_runner *runner, struct select *select) {
  make_queues(runner, L, select);
  ta_anchor_wait(runner, L, SELECT, select);
  struct ta_task *task = ta_begin_wait(runner, L, &select_kind, select);
  if (!take_seats(runner, L, select)) ta_count_outside(runner, task);
  if (!isinf(select->until)) ta_arm_wait(runner, task, select->until);
  return ta_park_here(runner, L, 0, k_selected);
}

/* The list at index 1 is a copy. */
static int choose(lua_State *L, lua_Integer count, double timeout) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  ta_enter(runner, L);
  size_t ready = find_ready(runner, L, (size_t)count);
  if ((ready || timeout <= 0) && has_gone_on(runner, L, !ready)) {
    lua_pushnumber(L, timeout);
    return ta_pause(runner, L, 0, k_choose);
  }
  int given = ready ? give_ready(runner, L, (size_t)count) : TA_GONE;
  if (given != TA_GONE) return given;
  if (timeout <= 0) return give_timeout(L);
  ta_check_wait(runner, L, "select");
  struct select *select = push_select(L, (size_t)count);
  lua_pushnil(L); /* for the value */
  ta_check_stack(L, LUA_MINSTACK);
  double now = ta_host_now(runner);
  select->until = isinf(timeout) ? HUGE_VAL : ta_time_after(now, timeout);
  ta_enter(runner, L); /* once more: finalizers, and a clock that is Lua, have run */
  given = give_ready(runner, L, (size_t)count);
  return given == TA_GONE ? park(L, runner, select) : given;
}

/* What was chosen is gone: something else, or the end of the time, may have come. */
static int ask_again(lua_State *L, struct ta_runner *runner, struct select *select) {
  select->chosen = 0;
  ta_check_stack(L, LUA_MINSTACK);
  double now = ta_now(runner);
  ta_check_wait(runner, L, "select");
  int given = give_ready(runner, L, select->count);
  if (given != TA_GONE) return given;
  return select->until <= now ? give_timeout(L) : park(L, runner, select);
}

void ta_select_setup(struct ta_runner *runner, lua_State *L) {
  lua_newtable(L);
  ta_registry_set(runner, L, TA_REGISTRY_KINDS);
}

void ta_open_select(struct ta_runner *runner, lua_State *L) {
  ta_set_function(runner, L, "select", l_select);
  ta_name_action(runner, L, "select");
}
