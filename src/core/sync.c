/* SPDX-License-Identifier: MIT */
#include "core/sync.h"

#include <lauxlib.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/await.h"
#include "core/coroutine.h"
#include "core/describe.h"
#include "core/failure.h"
#include "core/library.h"
#include "core/wait.h"

/* ----------------------------------------------------------- what all share */

void *ta_push_sync(struct ta_runner *runner, lua_State *L, size_t size, int name_index, int which) {
  if (!lua_isnoneornil(L, name_index)) luaL_checktype(L, name_index, LUA_TSTRING);
  const char *name = lua_tostring(L, name_index);
  struct ta_sync *sync = lua_newuserdatauv(L, size, 2);
  memset(sync, 0, size);
  ta_list_init(&sync->waiting);
  sync->name = name;
  if (name) {
    lua_pushvalue(L, name_index);
    lua_setiuservalue(L, -2, 1);
  }
  ta_push_kept(runner, L, which);
  lua_setmetatable(L, -2);
  return sync;
}

void ta_describe_name(const struct ta_sync *sync, char *text, size_t size) {
  snprintf(text, size, "%s%s%s", sync->name ? " '" : "", sync->name ? sync->name : "",
           sync->name ? "'" : "");
}

static void *check(lua_State *L, int which, const char *type) {
  void *object = ta_to_kind(ta_upvalue_runner(L), L, 1, which);
  if (!object) luaL_typeerror(L, 1, type);
  return object;
}

/* Wakes the first who waits, if any: its task. */
static struct ta_task *wake_first(struct ta_runner *runner, struct ta_list *waiting) {
  struct ta_link *link = ta_list_first(waiting);
  if (!link) return NULL;
  struct ta_task *task = TA_HOLDER(link, struct ta_waiter, link)->task;
  ta_wake_waiter(runner, link);
  return task;
}

/* Waits in the object's queue, until it is woken. */
static int wait_for(struct ta_runner *runner, lua_State *L, const struct ta_wait_kind *kind,
                    struct ta_sync *sync, lua_KFunction k) {
  ta_check_wait(runner, L, kind->action);
  ta_check_stack(L, LUA_MINSTACK);
  ta_queue_wait(ta_begin_wait(runner, L, kind, sync), &sync->waiting);
  return ta_park_here(runner, L, 0, k);
}

/* -------------------------------------------------------------------- event */

static struct ta_event_flag *check_event(lua_State *L) {
  return check(L, TA_KEEPS_EVENT, "Event");
}

static int l_event(lua_State *L) {
  ta_push_sync(ta_upvalue_runner(L), L, sizeof(struct ta_event_flag), 1, TA_KEEPS_EVENT);
  return 1;
}

static int l_event_set(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  struct ta_event_flag *event = check_event(L);
  event->is_set = true;
  while (wake_first(runner, &event->sync.waiting)) continue;
  return 0;
}

static int l_event_clear(lua_State *L) {
  check_event(L)->is_set = false;
  return 0;
}

static int l_event_is_set(lua_State *L) {
  lua_pushboolean(L, check_event(L)->is_set);
  return 1;
}

static void describe_event(const void *subject, char *text, size_t size) {
  ta_describe_name(subject, text, size);
}

static const struct ta_wait_kind event_kind = {.action = "event", .describe = describe_event};

static int k_event(lua_State *L, int status, lua_KContext context) {
  (void)status, (void)context;
  ta_check_given_up(ta_upvalue_runner(L), L);
  return 0;
}

static int l_event_wait(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  struct ta_event_flag *event = check_event(L);
  ta_enter(runner, L);
  if (event->is_set) return 0;
  lua_settop(L, 1);
  return wait_for(runner, L, &event_kind, &event->sync, k_event);
}

static int l_event_tostring(lua_State *L) {
  char name[200];
  ta_describe_name(&check_event(L)->sync, name, sizeof name);
  lua_pushfstring(L, "event%s", name);
  return 1;
}

/* ------------------------------------------------------- lock and semaphore */

/* A lock has an owner and one place; a semaphore only places. */
struct permits {
  struct ta_sync sync;
  bool is_lock;
  struct ta_task *owner;
  struct ta_link held;   /* among the owner's locks */
  uint64_t acquisitions; /* of a lock, so far */
  lua_Integer free;
  lua_Integer limit;
};

/* What acquire() returns. */
struct guard {
  struct permits *permits; /* NULL once it was closed; kept in the user value */
  uint64_t acquisition;
};

static struct permits *to_permits(lua_State *L, int index) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  struct permits *permits = ta_to_kind(runner, L, index, TA_KEEPS_LOCK);
  return permits ? permits : ta_to_kind(runner, L, index, TA_KEEPS_SEMAPHORE);
}

static struct permits *check_permits(lua_State *L) {
  struct permits *permits = to_permits(L, 1);
  if (!permits) luaL_typeerror(L, 1, "Lock or Semaphore");
  return permits;
}

static int l_lock(lua_State *L) {
  struct permits *lock = ta_push_sync(ta_upvalue_runner(L), L, sizeof *lock, 1, TA_KEEPS_LOCK);
  lock->is_lock = true;
  lock->free = lock->limit = 1;
  return 1;
}

static int l_semaphore(lua_State *L) {
  int is_integer;
  lua_Integer limit = lua_tointegerx(L, 1, &is_integer);
  if (!is_integer || limit < 1)
    return luaL_error(L, "semaphore: the count must be a whole number from 1 on, got %s",
                      ta_push_shown(L, 1));
  struct permits *semaphore =
      ta_push_sync(ta_upvalue_runner(L), L, sizeof *semaphore, 2, TA_KEEPS_SEMAPHORE);
  semaphore->free = semaphore->limit = limit;
  return 1;
}

static void describe_lock(const void *subject, char *text, size_t size) {
  const struct permits *lock = subject;
  char name[200];
  ta_describe_name(&lock->sync, name, sizeof name);
  if (lock->owner)
    snprintf(text, size, "%s held by #%llu %s", name, (unsigned long long)ta_task_id(lock->owner),
             lock->owner->name ? lock->owner->name : "?");
  else
    snprintf(text, size, "%s", name);
}

static struct ta_task *lock_holder(const void *subject) {
  return ((const struct permits *)subject)->owner;
}

static const struct ta_wait_kind lock_kind = {
    .action = "lock", .describe = describe_lock, .holder = lock_holder};

static void describe_semaphore(const void *subject, char *text, size_t size) {
  const struct permits *semaphore = subject;
  char name[200];
  ta_describe_name(&semaphore->sync, name, sizeof name);
  snprintf(text, size, "%s (%lld of %lld)", name, (long long)semaphore->free,
           (long long)semaphore->limit);
}

static const struct ta_wait_kind semaphore_kind = {.action = "semaphore",
                                                   .describe = describe_semaphore};

static void take(struct permits *permits, struct ta_task *task) {
  permits->free--;
  if (!permits->is_lock) return;
  permits->owner = task;
  permits->acquisitions++;
  if (task) ta_list_append(&task->locks, &permits->held);
}

/* Gives one place back, to whoever waits first. */
static void give(struct ta_runner *runner, struct permits *permits) {
  permits->free++;
  permits->owner = NULL;
  ta_list_leave(&permits->held);
  struct ta_task *next = wake_first(runner, &permits->sync.waiting);
  if (next) take(permits, next);
}

/* The guard, on top, is that of the place just taken. */
static int give_guard(lua_State *L, struct permits *permits) {
  struct guard *guard = lua_touserdata(L, -1);
  guard->permits = permits;
  guard->acquisition = permits->acquisitions;
  return 1;
}

static int k_acquired(lua_State *L, int status, lua_KContext context) {
  (void)status, (void)context;
  ta_check_given_up(ta_upvalue_runner(L), L);
  return give_guard(L, lua_touserdata(L, 1));
}

static void push_guard(struct ta_runner *runner, lua_State *L) {
  struct guard *guard = lua_newuserdatauv(L, sizeof *guard, 1);
  *guard = (struct guard){0};
  lua_pushvalue(L, 1);
  lua_setiuservalue(L, -2, 1);
  ta_push_kept(runner, L, TA_KEEPS_GUARD);
  lua_setmetatable(L, -2);
}

static int l_acquire(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  struct permits *permits = check_permits(L);
  char name[200];
  ta_enter(runner, L);
  lua_settop(L, 1);
  ta_describe_name(&permits->sync, name, sizeof name);
  if (permits->is_lock && !ta_in_task(runner, L))
    return luaL_error(L, "acquire: only a task can hold a lock");
  if (permits->is_lock && permits->owner == runner->current)
    return luaL_error(L, "acquire: lock%s is already held by this task", name);
  push_guard(runner, L);
  if (permits->free > 0) {
    take(permits, runner->current);
    return give_guard(L, permits);
  }
  return wait_for(runner, L, permits->is_lock ? &lock_kind : &semaphore_kind, &permits->sync,
                  k_acquired);
}

static int release(lua_State *L, struct permits *permits) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  char name[200];
  ta_describe_name(&permits->sync, name, sizeof name);
  if (permits->is_lock && (!permits->owner || permits->owner != runner->current))
    return luaL_error(L, "release: lock%s is not held by this task", name);
  if (permits->free == permits->limit)
    return luaL_error(L, "release: semaphore%s has all its %I", name, (LUAI_UACINT)permits->limit);
  give(runner, permits);
  return 0;
}

static int l_release(lua_State *L) {
  return release(L, check_permits(L));
}

static int l_guard_close(lua_State *L) {
  struct guard *guard = check(L, TA_KEEPS_GUARD, "Guard");
  struct permits *permits = guard->permits;
  if (!permits) return 0;
  /* A lock that was released by hand may be somebody else's by now. */
  bool stands =
      !permits->is_lock || (permits->owner && permits->acquisitions == guard->acquisition);
  if (stands) release(L, permits);
  guard->permits = NULL;
  return 0;
}

/* A lock that nobody can reach any more is taken off its owner. */
static int l_lock_gc(lua_State *L) {
  struct permits *lock = lua_touserdata(L, 1);
  if (ta_upvalue_runner(L)->L) ta_list_leave(&lock->held);
  return 0;
}

void ta_release_locks(struct ta_runner *runner, struct ta_task *task) {
  struct ta_link *link;
  while ((link = ta_list_first(&task->locks))) {
    struct permits *lock = TA_HOLDER(link, struct permits, held);
    char name[200], message[256];
    ta_describe_name(&lock->sync, name, sizeof name);
    snprintf(message, sizeof message, "ended while it held lock%s", name);
    ta_report_other(runner, task, message);
    give(runner, lock);
  }
}

void ta_drop_locks(struct ta_task *task) {
  struct ta_link *link;
  while ((link = ta_list_first(&task->locks))) {
    TA_HOLDER(link, struct permits, held)->owner = NULL;
    ta_list_leave(link);
  }
}

/* The stack of with(): object, guard, results. */
static int k_with(lua_State *L, int status, lua_KContext context) {
  (void)status, (void)context;
  return lua_gettop(L) - 2;
}

/* (object, function, arguments..., guard) */
static int call_guarded(lua_State *L) {
  lua_insert(L, 2);
  lua_toclose(L, 2);
  lua_callk(L, lua_gettop(L) - 3, LUA_MULTRET, 0, k_with);
  return k_with(L, LUA_OK, 0);
}

static int k_with_acquired(lua_State *L, int status, lua_KContext context) {
  (void)status, (void)context;
  ta_check_given_up(ta_upvalue_runner(L), L);
  give_guard(L, lua_touserdata(L, 1));
  return call_guarded(L);
}

static int l_with(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  struct permits *permits = check_permits(L);
  if (!ta_is_callable(L, 2)) return luaL_typeerror(L, 2, "function");
  ta_check_wait(runner, L, "with");
  if (permits->is_lock && permits->owner == runner->current) return l_acquire(L);
  push_guard(runner, L);
  if (permits->free <= 0)
    return wait_for(runner, L, permits->is_lock ? &lock_kind : &semaphore_kind, &permits->sync,
                    k_with_acquired);
  take(permits, runner->current);
  give_guard(L, permits);
  return call_guarded(L);
}

static int l_permits_tostring(lua_State *L) {
  const struct permits *permits = check_permits(L);
  char text[256];
  if (permits->is_lock)
    ta_describe_name(&permits->sync, text, sizeof text);
  else
    describe_semaphore(permits, text, sizeof text);
  lua_pushfstring(L, "%s%s", permits->is_lock ? "lock" : "semaphore", text);
  return 1;
}

/* --------------------------------------------------------------- task_local */

/* What a task has of its own lies in a table by local, and the tables by the
 * tasks' slots.  A child shares the table until one of the two changes it. */

static bool push_locals(struct ta_runner *runner, lua_State *L, const struct ta_task *task) {
  ta_push_kept(runner, L, TA_KEEPS_LOCALS);
  lua_rawgeti(L, -1, (lua_Integer)task->slot);
  lua_remove(L, -2);
  return lua_istable(L, -1);
}

static void set_locals(struct ta_runner *runner, lua_State *L, const struct ta_task *task) {
  ta_push_kept(runner, L, TA_KEEPS_LOCALS);
  lua_insert(L, -2);
  lua_rawseti(L, -2, (lua_Integer)task->slot);
  lua_pop(L, 1);
}

void ta_inherit_locals(struct ta_runner *runner, lua_State *L, const struct ta_task *task) {
  if (!runner->has_locals || !runner->current) return;
  if (push_locals(runner, L, runner->current))
    set_locals(runner, L, task);
  else
    lua_pop(L, 1);
}

void ta_forget_locals(struct ta_runner *runner, const struct ta_task *task) {
  lua_State *L = runner->L;
  lua_pushnil(L);
  set_locals(runner, L, task);
}

/* A local is a userdata whose second user value is its default. */
static int l_task_local(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  lua_settop(L, 1);
  lua_newuserdatauv(L, 1, 1);
  lua_pushvalue(L, 1);
  lua_setiuservalue(L, -2, 1);
  ta_push_kept(runner, L, TA_KEEPS_LOCAL);
  lua_setmetatable(L, -2);
  return 1;
}

static int l_local_get(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  check(L, TA_KEEPS_LOCAL, "TaskLocal");
  if (runner->current && push_locals(runner, L, runner->current)) {
    lua_pushvalue(L, 1);
    if (lua_rawget(L, -2) != LUA_TNIL) {
      lua_rawgeti(L, -1, 1);
      return 1;
    }
  }
  lua_getiuservalue(L, 1, 1);
  return 1;
}

static int l_local_set(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  check(L, TA_KEEPS_LOCAL, "TaskLocal");
  luaL_checkany(L, 2);
  lua_settop(L, 2);
  if (!runner->current) return luaL_error(L, "task_local: only a task has values of its own");
  lua_newtable(L);
  if (push_locals(runner, L, runner->current)) {
    lua_pushnil(L);
    while (lua_next(L, 4)) {
      lua_pushvalue(L, -2);
      lua_insert(L, -2);
      lua_rawset(L, 3);
    }
  }
  lua_settop(L, 3);
  lua_pushvalue(L, 1);
  lua_createtable(L, 1, 0); /* a box: the value may be nil */
  lua_pushvalue(L, 2);
  lua_rawseti(L, -2, 1);
  lua_rawset(L, 3);
  runner->has_locals = true;
  set_locals(runner, L, runner->current);
  return 0;
}

/* -------------------------------------------------------------------- defer */

static int l_defer(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  if (!ta_is_callable(L, 1)) return luaL_typeerror(L, 1, "function");
  lua_settop(L, 1);
  lua_newuserdatauv(L, 1, 1);
  lua_insert(L, 1);
  lua_setiuservalue(L, 1, 1);
  ta_push_kept(runner, L, TA_KEEPS_DEFER);
  lua_setmetatable(L, 1);
  return 1;
}

static int k_deferred(lua_State *L, int status, lua_KContext context) {
  (void)L, (void)status, (void)context;
  return 0;
}

/* (defer, error) */
static int l_defer_close(lua_State *L) {
  check(L, TA_KEEPS_DEFER, "Defer");
  lua_settop(L, 2);
  lua_getiuservalue(L, 1, 1);
  lua_insert(L, 2);
  lua_callk(L, 1, 0, 0, k_deferred);
  return 0;
}

/* ------------------------------------------------------------------- opening */

/* Makes the kind's metatable with its methods, and leaves it on top. */
static void begin_kind(struct ta_runner *runner, lua_State *L, const char *name,
                       const struct ta_function *methods) {
  ta_new_kind(runner, L, name);
  lua_getfield(L, -1, "__index");
  ta_set_functions(runner, L, methods);
  lua_pop(L, 1);
}

/* A method from the table that is upvalue 2, or the field `name`. */
static int l_index(lua_State *L) {
  lua_settop(L, 2);
  lua_pushvalue(L, 2);
  if (lua_rawget(L, lua_upvalueindex(2)) != LUA_TNIL) return 1;
  bool wants_name = lua_type(L, 2) == LUA_TSTRING && strcmp(lua_tostring(L, 2), "name") == 0;
  if (wants_name && lua_isuserdata(L, 1)) lua_getiuservalue(L, 1, 1);
  return 1;
}

void ta_new_sync_kind(struct ta_runner *runner, lua_State *L, const char *name,
                      const struct ta_function *methods) {
  begin_kind(runner, L, name, methods);
  ta_push_runner(runner, L);
  lua_getfield(L, -2, "__index");
  lua_pushcclosure(L, l_index, 2);
  lua_setfield(L, -2, "__index");
}

static const struct ta_function event_methods[] = {
    {"set", l_event_set},   {"clear", l_event_clear},
    {"wait", l_event_wait}, {"is_set", l_event_is_set},
    {NULL, NULL},
};

static const struct ta_function permits_methods[] = {
    {"acquire", l_acquire},
    {"release", l_release},
    {"with", l_with},
    {NULL, NULL},
};

static const struct ta_function local_methods[] = {
    {"get", l_local_get},
    {"set", l_local_set},
    {NULL, NULL},
};

static const struct ta_function no_methods[] = {{NULL, NULL}};

static const struct ta_function functions[] = {
    {"event", l_event},           {"lock", l_lock},   {"semaphore", l_semaphore},
    {"task_local", l_task_local}, {"defer", l_defer}, {NULL, NULL},
};

void ta_open_sync(struct ta_runner *runner, lua_State *L) {
  ta_new_sync_kind(runner, L, "Event", event_methods);
  ta_set_function(runner, L, "__tostring", l_event_tostring);
  ta_keep(runner, L, TA_KEEPS_EVENT);
  ta_new_sync_kind(runner, L, "Lock", permits_methods);
  ta_set_function(runner, L, "__tostring", l_permits_tostring);
  ta_set_function(runner, L, "__gc", l_lock_gc);
  ta_keep(runner, L, TA_KEEPS_LOCK);
  ta_new_sync_kind(runner, L, "Semaphore", permits_methods);
  ta_set_function(runner, L, "__tostring", l_permits_tostring);
  ta_keep(runner, L, TA_KEEPS_SEMAPHORE);
  begin_kind(runner, L, "Guard", no_methods);
  ta_set_function(runner, L, "__close", l_guard_close);
  ta_keep(runner, L, TA_KEEPS_GUARD);
  begin_kind(runner, L, "TaskLocal", local_methods);
  ta_keep(runner, L, TA_KEEPS_LOCAL);
  begin_kind(runner, L, "Defer", no_methods);
  ta_set_function(runner, L, "__close", l_defer_close);
  ta_keep(runner, L, TA_KEEPS_DEFER);
  lua_newtable(L);
  ta_keep(runner, L, TA_KEEPS_LOCALS);
  ta_set_functions(runner, L, functions);
}
