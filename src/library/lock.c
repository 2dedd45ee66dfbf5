/* SPDX-License-Identifier: MIT */
#include "library/lock.h"

#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

#include "core/lasting.h"
#include "core/queue.h"
#include "core/wait.h"
#include "library/named.h"
#include "words/failure.h"
#include "words/names.h"
#include "words/task_name.h"

/* The bytes of a lock or a semaphore.  A lock has an owner and one permit; a semaphore has
 * permits, each with the guard that acquire() made.  Its second user value is a list of those
 * guards, which is kept with the bytes: tasks have what lies in them. */
struct permits {
  struct ta_named named;
  bool is_lock;
  bool finalized;            /* the object was: should another finalizer bring it back */
  struct ta_task *owner;     /* of a lock */
  struct ta_attachment hold; /* among what the owner holds */
  uint64_t acquisitions;     /* so far */
  lua_Integer free;
  lua_Integer limit;
  struct ta_list taken;    /* permits of a semaphore, the one acquired first leads */
  struct ta_list orphaned; /* those whose holder has ended since */
  lua_Integer orphans;     /* how many these are */
};

/* What acquire() returns.  The permit of a semaphore may be given back by release(),
 * and then is somebody else's.  Which one a task has meant that holds none itself
 * shows only when guards are closed; until then it is the oldest. */
struct guard {
  struct permits *permits; /* NULL: nothing to give back any more; user value 1 keeps a lock,
                              and a semaphore's bytes, which are not to keep that */
  uint64_t acquisition;
  struct ta_link link;       /* among the permits of a semaphore, while it is taken */
  bool is_orphan;            /* among those whose holder has ended */
  struct ta_attachment hold; /* among what the holder holds, while that lives */
  struct ta_task *holder;    /* who acquired it, while that lives */
  uint64_t holder_id;
  const char *holder_name; /* kept in user value 2 */
  lua_Integer index;       /* in the semaphore's list */
  uint64_t released_after; /* so many acquisitions by a task that held none; or 0 */
};

/* The stack of acquire() and with(). */
enum { OBJECT = 1, GUARD };

static struct permits *to_permits(lua_State *L, int index) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  const void *lasting = ta_to_kind(runner, L, index, TA_REGISTRY_LOCK);
  return ta_bytes_of(lasting ? lasting : ta_to_kind(runner, L, index, TA_REGISTRY_SEMAPHORE));
}

static struct permits *check_permits(lua_State *L) {
  struct permits *permits = to_permits(L, 1);
  if (!permits) luaL_typeerror(L, 1, "Lock or Semaphore");
  return permits;
}

static int l_lock(lua_State *L) {
  struct permits *lock =
      ta_push_lasting_named(ta_upvalue_runner(L), L, sizeof *lock, 1, TA_REGISTRY_LOCK);
  lock->is_lock = true;
  lock->free = lock->limit = 1;
  return 1;
}

static int l_semaphore(lua_State *L) {
  int is_integer;
  lua_Integer limit = lua_tointegerx(L, 1, &is_integer);
  if (!is_integer && lua_type(L, 1) != LUA_TNUMBER)
    return luaL_error(L, "semaphore: expected a count, got %s; it comes first: semaphore(3, name)",
                      luaL_typename(L, 1));
  if (!is_integer || limit < 1)
    return luaL_error(L, "semaphore: the count must be a whole number from 1 on, got %s",
                      ta_push_shown(L, 1));
  struct permits *semaphore =
      ta_push_lasting_named(ta_upvalue_runner(L), L, sizeof *semaphore, 2, TA_REGISTRY_SEMAPHORE);
  ta_list_init(&semaphore->taken);
  ta_list_init(&semaphore->orphaned);
  semaphore->free = semaphore->limit = limit;
  lua_newtable(L);
  lua_pushvalue(L, -1);
  lua_setiuservalue(L, -3, 2);
  ta_keep_with_bytes(L, -2); /* in the place of the name, which only who waits is told */
  return 1;
}

/* The first of a semaphore's guards, or NULL. */
static struct guard *first_of(const struct ta_list *guards) {
  struct ta_link *link = ta_list_first(guards);
  return link ? TA_HOLDER(link, struct guard, link) : NULL;
}

/* The subject of a wait is the object, which is on the stack. */
static void describe_lock(const void *subject, char *text, size_t size) {
  const struct permits *lock = ta_bytes_of(subject);
  char name[200];
  ta_describe_name(&lock->named, name, sizeof name);
  ta_title_shown title;
  if (lock->owner)
    snprintf(text, size, "%s held by %s", name, ta_task_title(lock->owner, title));
  else
    snprintf(text, size, "%s", name);
}

static struct ta_task *lock_holder(const void *subject) {
  return ((const struct permits *)ta_bytes_of(subject))->owner;
}

static const struct ta_wait_kind lock_kind = {
    .action = "lock", .describe = describe_lock, .holder = lock_holder, .by_tasks = true};

static void describe_permits(const struct permits *semaphore, char *text, size_t size) {
  char name[200];
  ta_describe_name(&semaphore->named, name, sizeof name);
  snprintf(text, size, "%s (%lld of %lld)", name, (long long)semaphore->free,
           (long long)semaphore->limit);
}

/* A permit whose holder has ended is as a rule the reason why somebody waits. */
static void describe_semaphore(const void *subject, char *text, size_t size) {
  const struct permits *semaphore = ta_bytes_of(subject);
  char counts[256], more[48] = "";
  ta_name_shown name;
  describe_permits(semaphore, counts, sizeof counts);
  if (semaphore->orphans > 1)
    snprintf(more, sizeof more, ", and %lld more", (long long)semaphore->orphans - 1);
  const struct guard *orphan = first_of(&semaphore->orphaned);
  if (!orphan)
    snprintf(text, size, "%s", counts);
  else
    snprintf(text, size, "%s, a place held by #%llu %s, which has ended%s", counts,
             (unsigned long long)orphan->holder_id, ta_clean_name(orphan->holder_name, name), more);
}

static const struct ta_wait_kind semaphore_kind = {
    .action = "semaphore", .describe = describe_semaphore, .by_tasks = true};

/* ------------------------------------------------------------ taking, giving */

static void lock_holder_ended(struct ta_runner *runner, struct ta_task *task,
                              struct ta_attachment *hold);
static void permit_holder_ended(struct ta_runner *runner, struct ta_task *task,
                                struct ta_attachment *hold);

static void lock_holder_forgotten(struct ta_attachment *hold) {
  TA_HOLDER(hold, struct permits, hold)->owner = NULL;
}

const struct ta_attachment_kind ta_lock_hold = {lock_holder_ended, lock_holder_forgotten};
static const struct ta_attachment_kind permit_hold = {permit_holder_ended, NULL};

static void take_lock(struct permits *lock, struct ta_task *task) {
  lock->free--;
  lock->owner = task;
  lock->acquisitions++;
  lock->hold.kind = &ta_lock_hold;
  ta_list_append(&task->more->attached, &lock->hold.link);
}

/* The guard, which the semaphore's list has at `index` now, has a permit. */
static void take_permit(struct permits *semaphore, struct guard *guard, lua_Integer index) {
  semaphore->free--;
  guard->permits = semaphore;
  guard->index = index;
  guard->acquisition = ++semaphore->acquisitions;
  ta_list_append(&semaphore->taken, &guard->link);
  guard->hold.kind = &permit_hold;
  if (guard->holder) ta_list_append(&guard->holder->more->attached, &guard->hold.link);
}

static void leave_permit(struct guard *guard) {
  guard->permits->orphans -= guard->is_orphan;
  ta_list_leave(&guard->link);
  ta_list_leave(&guard->hold.link);
  guard->permits->free++;
}

/* Who waits first, or NULL.  May run Lua unless it was called just before. */
static struct ta_task *first_waiting(struct ta_runner *runner, struct permits *permits) {
  struct ta_waiter *waiter = ta_first_standing(runner, &permits->named.waiting);
  return waiter ? waiter->task : NULL;
}

/* To be called before it is looked at what is given back, and to whom: first_waiting() runs
 * no Lua then. */
static void send_robbed_away(struct ta_runner *runner, struct permits *permits) {
  first_waiting(runner, permits);
}

/* The last thing to be done: the host's call_later may be Lua. */
static void wake(struct ta_runner *runner, struct ta_task *next) {
  if (next) ta_wake_waiter(runner, &next->waiter.link);
}

/* Gives the lock to whoever waits first: who is then to be woken, or NULL. */
static struct ta_task *give_lock(struct ta_runner *runner, struct permits *lock) {
  lock->free++;
  lock->owner = NULL;
  ta_list_leave(&lock->hold.link);
  struct ta_task *next = first_waiting(runner, lock);
  if (next) take_lock(lock, next);
  return next;
}

/* Fills the gap that a guard leaves in the list on top with the last one. */
static void close_gap(lua_State *L, lua_Integer gap, lua_Integer count) {
  lua_rawgeti(L, -1, count);
  struct guard *last = lua_touserdata(L, -1);
  last->index = gap;
  lua_rawseti(L, -2, gap);
  lua_pushnil(L);
  lua_rawseti(L, -2, count);
}

/* Gives the guard's permit to whoever waits first, who is then to be woken, or NULL: the
 * guard may be gone then.  The semaphore's list is on top, and popped.  Asks for no memory. */
static struct ta_task *give_permit(struct ta_runner *runner, lua_State *L, struct guard *guard) {
  struct permits *semaphore = guard->permits;
  lua_Integer count = semaphore->limit - semaphore->free;
  leave_permit(guard);
  struct ta_task *first = first_waiting(runner, semaphore);
  if (first) {
    lua_pushvalue(ta_task_stopped(first), GUARD);
    lua_xmove(ta_task_stopped(first), L, 1);
    struct guard *next = lua_touserdata(L, -1);
    lua_rawseti(L, -2, guard->index);
    take_permit(semaphore, next, guard->index);
  } else {
    close_gap(L, guard->index, count);
  }
  lua_pop(L, 1);
  return first;
}

/* The running task will hold what the guard, on top, gives back. */
static void note_holder(struct ta_runner *runner, lua_State *L, struct guard *guard) {
  int top = lua_gettop(L);
  guard->holder = runner->current;
  guard->holder_id = ta_task_id(runner->current);
  ta_task_push(runner, L, runner->current);
  ta_push_known_name(runner, L, -1);
  lua_getiuservalue(L, top + 1, TA_TASK_FUNCTION);
  guard->holder_name = lua_tostring(L, -1);
  lua_setiuservalue(L, top, 2);
  lua_settop(L, top);
}

/* Makes a guard that has no permit yet; the object is at OBJECT. */
static struct guard *push_guard(struct ta_runner *runner, lua_State *L,
                                const struct permits *permits) {
  ta_check_open(runner, L);
  struct guard *guard = lua_newuserdatauv(L, sizeof *guard, permits->is_lock ? 1 : 2);
  *guard = (struct guard){0};
  if (permits->is_lock)
    lua_pushvalue(L, OBJECT);
  else
    lua_getiuservalue(L, OBJECT, TA_NAMED_BYTES);
  lua_setiuservalue(L, -2, 1);
  ta_check_open(runner, L);
  ta_registry_push(runner, L, TA_REGISTRY_GUARD);
  lua_setmetatable(L, -2);
  if (runner->current) ta_task_need_more(runner, L, runner->current); /* to hang it on that */
  if (!permits->is_lock && runner->current) note_holder(runner, L, guard);
  return guard;
}

/* The object, at OBJECT, will have been finalized for nothing: tasks are to have its bytes. */
static void revive(lua_State *L, struct permits *permits) {
  ta_use_lasting(L, OBJECT);
  permits->finalized = false;
}

/* Takes a permit that is free for the guard at GUARD. */
static void take(struct ta_runner *runner, lua_State *L, struct permits *permits) {
  struct guard *guard = lua_touserdata(L, GUARD);
  if (TA_UNLIKELY(permits->finalized)) revive(L, permits);
  if (permits->is_lock) {
    take_lock(permits, runner->current);
    guard->permits = permits;
    guard->acquisition = permits->acquisitions;
    return;
  }
  lua_Integer index = permits->limit - permits->free + 1;
  lua_getiuservalue(L, OBJECT, 2);
  lua_pushvalue(L, GUARD);
  lua_rawseti(L, -2, index);
  lua_pop(L, 1);
  take_permit(permits, guard, index);
}

/* The permit was handed over: a semaphore's guard knows already. */
static void note_taken(lua_State *L) {
  struct permits *permits = ta_bytes_of(lua_touserdata(L, OBJECT));
  struct guard *guard = lua_touserdata(L, GUARD);
  guard->permits = permits;
  if (permits->is_lock) guard->acquisition = permits->acquisitions;
}

static const struct ta_wait_kind *kind_of(const struct permits *permits) {
  return permits->is_lock ? &lock_kind : &semaphore_kind;
}

/* `by` is the method that waits, in the function whose return this is. */
static int wait_for(struct ta_runner *runner, lua_State *L, const char *by, struct permits *permits,
                    lua_KFunction k) {
  void *object = lua_touserdata(L, OBJECT);
  return ta_wait_in(runner, L, by, kind_of(permits), object, &permits->named.waiting, k);
}

/* `by` is the method that wants the lock. */
static void check_owner(struct ta_runner *runner, lua_State *L, const char *by,
                        const struct permits *permits) {
  char name[200];
  if (!permits->is_lock) return;
  if (!ta_in_task(runner, L)) luaL_error(L, "%s: only a task can hold a lock", by);
  ta_describe_name(&permits->named, name, sizeof name);
  if (permits->owner == runner->current)
    luaL_error(L, "%s: lock%s is already held by this task", by, name);
}

static int k_acquired(lua_State *L, int status, lua_KContext context) {
  (void)status, (void)context;
  ta_check_cut_short(ta_upvalue_runner(L), L);
  note_taken(L);
  lua_settop(L, GUARD);
  return 1;
}

static int l_acquire(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  struct permits *permits = check_permits(L);
  ta_check_open(runner, L);
  lua_settop(L, OBJECT);
  push_guard(runner, L, permits); /* first: a finalizer may acquire and release */
  ta_enter(runner, L);
  check_owner(runner, L, "acquire", permits);
  if (permits->free <= 0) return wait_for(runner, L, "acquire", permits, k_acquired);
  if (ta_has_to_pause(runner, L)) return ta_give_turn_before(runner, L, l_acquire);
  take(runner, L, permits);
  return 1;
}

static struct ta_task *release_lock(struct ta_runner *runner, lua_State *L, struct permits *lock) {
  char name[200];
  ta_describe_name(&lock->named, name, sizeof name);
  if (!lock->owner || lock->owner != runner->current)
    luaL_error(L, "release: lock%s is not held by this task", name);
  return give_lock(runner, lock);
}

/* The permit that the running task has acquired last, or NULL. */
static struct guard *own_permit(const struct ta_runner *runner, const struct permits *semaphore) {
  if (!runner->current || !runner->current->more) return NULL;
  const struct ta_list *holds = &runner->current->more->attached;
  for (struct ta_link *link = holds->ring.prev; link != &holds->ring; link = link->prev) {
    struct ta_attachment *hold = TA_HOLDER(link, struct ta_attachment, link);
    struct guard *guard = TA_HOLDER(hold, struct guard, hold);
    if (hold->kind == &permit_hold && guard->permits == semaphore) return guard;
  }
  return NULL;
}

static struct ta_task *release_permit(struct ta_runner *runner, lua_State *L,
                                      struct permits *semaphore) {
  char name[200];
  ta_describe_name(&semaphore->named, name, sizeof name);
  if (semaphore->free == semaphore->limit)
    luaL_error(L, "release: semaphore%s has all its %I", name, (LUAI_UACINT)semaphore->limit);
  struct guard *guard = own_permit(runner, semaphore);
  bool is_own = guard != NULL;
  if (!guard) guard = first_of(&semaphore->orphaned);
  if (!guard) guard = first_of(&semaphore->taken);
  uint64_t so_far = semaphore->acquisitions; /* without that of who comes in */
  lua_getiuservalue(L, OBJECT, 2);
  struct ta_task *next = give_permit(runner, L, guard);
  if (is_own)
    guard->permits = NULL;
  else
    guard->released_after = so_far;
  return next;
}

static int l_release(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  struct permits *permits = check_permits(L);
  ta_check_open(runner, L);
  send_robbed_away(runner, permits);
  ta_check_open(runner, L);
  wake(runner,
       permits->is_lock ? release_lock(runner, L, permits) : release_permit(runner, L, permits));
  return 0;
}

/* Another permit that the release may have meant which gave back the guard's. */
static struct guard *released_instead(const struct guard *guard) {
  struct guard *other = first_of(&guard->permits->orphaned);
  if (!other || other->acquisition > guard->released_after)
    other = first_of(&guard->permits->taken);
  return other && other->acquisition <= guard->released_after ? other : NULL;
}

static struct ta_task *close_permit(struct ta_runner *runner, lua_State *L, struct guard *guard) {
  struct guard *left = guard;
  if (!ta_in_list(&guard->link)) left = released_instead(guard);
  if (!left) return NULL;
  left->released_after = guard->released_after;
  lua_getiuservalue(L, 1, 1);
  lua_getiuservalue(L, -1, 1);
  return give_permit(runner, L, left);
}

/* Has nobody else the lock by now? */
static bool has_lock(const struct guard *guard) {
  const struct permits *lock = guard->permits;
  return lock->free == 0 && lock->acquisitions == guard->acquisition;
}

static int l_guard_close(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  struct guard *guard = ta_check_kind(L, TA_REGISTRY_GUARD, "Guard");
  struct ta_task *next = NULL;
  lua_settop(L, 1);
  if (guard->permits && runner->L) send_robbed_away(runner, guard->permits);
  if (!guard->permits || !runner->L) return 0;
  if (!guard->permits->is_lock)
    next = close_permit(runner, L, guard);
  else if (has_lock(guard))
    next = release_lock(runner, L, guard->permits);
  guard->permits = NULL;
  wake(runner, next);
  return 0;
}

/* ---------------------------------------------------------------- left behind */

/* A lock that nobody can reach any more is taken off its owner, who is to hear of
 * it when it ends. */
static int l_lock_gc(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  struct permits *lock = ta_bytes_of(ta_to_kind(runner, L, 1, TA_REGISTRY_LOCK));
  if (!lock) return 0;
  struct ta_task *owner = lock->owner;
  lock->owner = NULL; /* it may be brought back by another finalizer */
  lock->free = lock->limit;
  lock->finalized = true;
  ta_list_leave(&lock->hold.link);
  ta_end_lasting(L, 1);
  if (!owner || !runner->L) return 0;
  owner->lost_lock = true;
  ta_registry_push(runner, L, TA_REGISTRY_LOST);
  lua_getiuservalue(L, 1, 1);
  lua_rawseti(L, -2, (lua_Integer)ta_task_slot(owner));
  return 0;
}

static void forget_permits(struct ta_list *guards) {
  struct ta_link *link;
  while ((link = ta_list_first(guards))) {
    struct guard *guard = TA_HOLDER(link, struct guard, link);
    ta_list_leave(link);
    ta_list_leave(&guard->hold.link);
    guard->permits = NULL;
  }
}

/* Nobody can reach the semaphore any more: its permits are nobody's. */
static int l_semaphore_gc(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  struct permits *semaphore = ta_bytes_of(ta_to_kind(runner, L, 1, TA_REGISTRY_SEMAPHORE));
  if (!semaphore) return 0;
  forget_permits(&semaphore->taken);
  forget_permits(&semaphore->orphaned);
  semaphore->orphans = 0;
  semaphore->free = semaphore->limit;
  semaphore->finalized = true;
  ta_end_lasting(L, 1);
  return 0;
}

static void report_lock(struct ta_runner *runner, const struct ta_task *task, const char *before,
                        const char *name, const char *after) {
  char message[256];
  snprintf(message, sizeof message, "ended while it held %s%s%s", before, name, after);
  ta_report_other(runner, task, message, strlen(message));
}

static void lock_holder_ended(struct ta_runner *runner, struct ta_task *task,
                              struct ta_attachment *hold) {
  struct permits *lock = TA_HOLDER(hold, struct permits, hold);
  char name[200];
  ta_describe_name(&lock->named, name, sizeof name);
  send_robbed_away(runner, lock);
  if (lock->owner == task) wake(runner, give_lock(runner, lock));
  report_lock(runner, task, "lock", name, ""); /* may be Lua, and collect the lock */
}

static void permit_holder_ended(struct ta_runner *runner, struct ta_task *task,
                                struct ta_attachment *hold) {
  struct guard *guard = TA_HOLDER(hold, struct guard, hold);
  (void)runner, (void)task;
  ta_list_leave(&guard->link);
  ta_list_append(&guard->permits->orphaned, &guard->link);
  guard->permits->orphans++;
  guard->is_orphan = true;
  guard->holder = NULL;
}

void ta_report_lost_lock(struct ta_runner *runner, struct ta_task *task) {
  lua_State *L = runner->L;
  ta_registry_push(runner, L, TA_REGISTRY_LOST);
  if (lua_rawgeti(L, -1, (lua_Integer)ta_task_slot(task)) == LUA_TSTRING) {
    char name[200];
    ta_quote_name(lua_tostring(L, -1), lua_rawlen(L, -1), name, sizeof name);
    report_lock(runner, task, "lock", name, ", which is gone");
  } else {
    report_lock(runner, task, "a lock", "", " that is gone");
  }
  lua_pop(L, 1);
  lua_pushnil(L);
  lua_rawseti(L, -2, (lua_Integer)ta_task_slot(task));
  lua_pop(L, 1);
}

/* ---------------------------------------------------------------------- with */

/* The stack of with(): object, guard, results. */
static int k_with(lua_State *L, int status, lua_KContext context) {
  (void)status, (void)context;
  if (!lua_checkstack(L, LUA_MINSTACK)) { /* no room to close the guard */
    lua_settop(L, GUARD);
    return luaL_error(L, "with: too many results");
  }
  return lua_gettop(L) - GUARD;
}

/* (object, guard, function, arguments...) */
static int call_guarded(lua_State *L) {
  lua_toclose(L, GUARD);
  lua_callk(L, lua_gettop(L) - GUARD - 1, LUA_MULTRET, 0, k_with);
  return k_with(L, LUA_OK, 0);
}

static int k_with_acquired(lua_State *L, int status, lua_KContext context) {
  (void)status, (void)context;
  ta_check_cut_short(ta_upvalue_runner(L), L);
  note_taken(L);
  return call_guarded(L);
}

/* The method `with` of both. */
static int l_with(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  struct permits *permits = check_permits(L);
  ta_check_callable(L, 2, "with(work, ...)");
  ta_check_stack(L, LUA_MINSTACK);
  push_guard(runner, L, permits);
  lua_insert(L, GUARD);
  ta_enter(runner, L);
  check_owner(runner, L, "with", permits);
  if (permits->free > 0 && ta_has_to_pause(runner, L)) {
    lua_remove(L, GUARD); /* it is made again */
    return ta_give_turn_before(runner, L, l_with);
  }
  if (permits->free <= 0) return wait_for(runner, L, "with", permits, k_with_acquired);
  take(runner, L, permits);
  return call_guarded(L);
}

static int l_permits_tostring(lua_State *L) {
  const struct permits *permits = check_permits(L);
  char text[256];
  if (permits->is_lock)
    ta_describe_name(&permits->named, text, sizeof text);
  else
    describe_permits(permits, text, sizeof text);
  lua_pushfstring(L, "%s%s", permits->is_lock ? "lock" : "semaphore", text);
  return 1;
}

/* ------------------------------------------------------------------- opening */

void ta_open_locks(struct ta_runner *runner, lua_State *L) {
  static const struct ta_function methods[] = {
      {"acquire", l_acquire},
      {"release", l_release},
      {"with", l_with},
      {NULL, NULL},
  };
  ta_new_named_kind(runner, L, "Lock", methods);
  ta_set_function(runner, L, "__tostring", l_permits_tostring);
  ta_set_function(runner, L, "__gc", l_lock_gc);
  ta_keep_named_kind(runner, L, TA_REGISTRY_LOCK, NULL);
  ta_new_named_kind(runner, L, "Semaphore", methods);
  ta_set_function(runner, L, "__tostring", l_permits_tostring);
  ta_set_function(runner, L, "__gc", l_semaphore_gc);
  ta_keep_named_kind(runner, L, TA_REGISTRY_SEMAPHORE, NULL);
  ta_new_kind(runner, L, "Guard", NULL);
  ta_set_function(runner, L, "__close", l_guard_close);
  ta_registry_set(runner, L, TA_REGISTRY_GUARD);
  lua_newtable(L);
  ta_registry_set(runner, L, TA_REGISTRY_LOST);
  ta_set_function(runner, L, "lock", l_lock);
  ta_set_function(runner, L, "semaphore", l_semaphore);
  ta_lets_wait(runner, L, l_with);
  ta_name_action(runner, L, "lock");
  ta_name_action(runner, L, "semaphore");
}
