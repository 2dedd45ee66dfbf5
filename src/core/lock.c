/* SPDX-License-Identifier: MIT */
#include "core/lock.h"

#include <lauxlib.h>
#include <stdio.h>

#include "core/await.h"
#include "core/coroutine.h"
#include "core/failure.h"
#include "core/sync.h"
#include "core/wait.h"

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
  struct ta_link *next = ta_list_first(&permits->sync.waiting);
  permits->free++;
  permits->owner = NULL;
  ta_list_leave(&permits->held);
  if (!next) return;
  take(permits, TA_HOLDER(next, struct ta_waiter, link)->task);
  ta_wake_waiter(runner, next); /* last: the host's call_later may be Lua */
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
  ta_check_open(runner, L);
  struct guard *guard = lua_newuserdatauv(L, sizeof *guard, 1);
  *guard = (struct guard){0};
  lua_pushvalue(L, 1);
  lua_setiuservalue(L, -2, 1);
  ta_check_open(runner, L);
  ta_push_kept(runner, L, TA_KEEPS_GUARD);
  lua_setmetatable(L, -2);
}

static int l_acquire(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  struct permits *permits = check_permits(L);
  char name[200];
  lua_settop(L, 1);
  push_guard(runner, L); /* first: a finalizer may acquire and release */
  ta_enter(runner, L);
  ta_describe_name(&permits->sync, name, sizeof name);
  if (permits->is_lock && !ta_in_task(runner, L))
    return luaL_error(L, "acquire: only a task can hold a lock");
  if (permits->is_lock && permits->owner == runner->current)
    return luaL_error(L, "acquire: lock%s is already held by this task", name);
  if (permits->free > 0 && ta_has_gone_on(runner, L))
    return ta_give_turn_before(runner, L, l_acquire);
  if (permits->free > 0) {
    take(permits, runner->current);
    return give_guard(L, permits);
  }
  return ta_wait_for(runner, L, permits->is_lock ? &lock_kind : &semaphore_kind, &permits->sync,
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
  struct permits *permits = check_permits(L);
  ta_check_open(ta_upvalue_runner(L), L);
  return release(L, permits);
}

static int l_guard_close(lua_State *L) {
  struct guard *guard = ta_check_kind(L, TA_KEEPS_GUARD, "Guard");
  struct permits *permits = guard->permits;
  if (!permits) return 0;
  /* What was released by hand may be somebody else's by now. */
  bool stands = permits->free < permits->limit &&
                (!permits->is_lock || permits->acquisitions == guard->acquisition);
  if (stands) release(L, permits);
  guard->permits = NULL;
  return 0;
}

/* A lock that nobody can reach any more is taken off its owner. */
static int l_lock_gc(lua_State *L) {
  struct permits *lock = ta_to_kind(ta_upvalue_runner(L), L, 1, TA_KEEPS_LOCK);
  if (!lock) return 0;
  if (lock->owner) lock->owner->lost_lock = true;
  if (ta_upvalue_runner(L)->L) ta_list_leave(&lock->held);
  lock->owner = NULL; /* it may be brought back by another finalizer */
  lock->free = lock->limit;
  return 0;
}

void ta_release_locks(struct ta_runner *runner, struct ta_task *task) {
  struct ta_link *link;
  if (task->lost_lock) ta_report_other(runner, task, "ended while it held a lock that is gone");
  while ((link = ta_list_first(&task->locks))) {
    struct permits *lock = TA_HOLDER(link, struct permits, held);
    char name[200], message[256];
    ta_describe_name(&lock->sync, name, sizeof name);
    snprintf(message, sizeof message, "ended while it held lock%s", name);
    give(runner, lock);
    ta_report_other(runner, task, message); /* may be Lua, and collect the lock */
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
  if (!lua_checkstack(L, LUA_MINSTACK)) { /* no room to close the guard */
    lua_settop(L, 2);
    return luaL_error(L, "with: too many results");
  }
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

int ta_l_with(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  struct permits *permits = check_permits(L);
  ta_check_callable(L, 2, "with(work, ...)");
  push_guard(runner, L);
  ta_enter(runner, L);
  if (permits->is_lock && permits->owner == runner->current) return l_acquire(L);
  if (permits->free > 0 && ta_has_gone_on(runner, L)) {
    lua_pop(L, 1); /* the guard is made again */
    return ta_give_turn_before(runner, L, ta_l_with);
  }
  if (permits->free <= 0)
    return ta_wait_for(runner, L, permits->is_lock ? &lock_kind : &semaphore_kind, &permits->sync,
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

/* ------------------------------------------------------------------- opening */

void ta_open_locks(struct ta_runner *runner, lua_State *L) {
  static const struct ta_function methods[] = {
      {"acquire", l_acquire},
      {"release", l_release},
      {"with", ta_l_with},
      {NULL, NULL},
  };
  ta_new_sync_kind(runner, L, "Lock", methods);
  ta_set_function(runner, L, "__tostring", l_permits_tostring);
  ta_set_function(runner, L, "__gc", l_lock_gc);
  ta_keep_sync_kind(runner, L, TA_KEEPS_LOCK);
  ta_new_sync_kind(runner, L, "Semaphore", methods);
  ta_set_function(runner, L, "__tostring", l_permits_tostring);
  ta_keep_sync_kind(runner, L, TA_KEEPS_SEMAPHORE);
  ta_new_kind(runner, L, "Guard", NULL);
  ta_set_function(runner, L, "__close", l_guard_close);
  ta_keep(runner, L, TA_KEEPS_GUARD);
  ta_set_function(runner, L, "lock", l_lock);
  ta_set_function(runner, L, "semaphore", l_semaphore);
}
