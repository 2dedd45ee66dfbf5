/* SPDX-License-Identifier: MIT */
#include "core/wait.h"

#include <lauxlib.h>
#include <math.h>
#include <string.h>

#include "core/coroutine.h"
#include "core/describe.h"
#include "core/library.h"
#include "core/trace.h"

/* Their addresses are the marks. */
static const char direct_mark, nested_mark;

/* A coroutine suspended in a Lua function was suspended by a hook. */
static bool is_preempted(lua_State *co) {
  lua_Debug ar;
  return lua_getstack(co, 0, &ar) && lua_getinfo(co, "S", &ar) && *ar.what != 'C';
}

/* The mark that a suspended coroutine has yielded, or NULL.  The stack of one
 * that was preempted is not looked at: it has yielded nothing. */
static const void *mark_of(const struct ta_runner *runner, lua_State *co) {
  if (lua_status(co) != LUA_YIELD || !lua_islightuserdata(co, -1)) return NULL;
  if (TA_UNLIKELY(runner->preempted > 0) && is_preempted(co)) return NULL;
  return lua_touserdata(co, -1);
}

bool ta_is_waiting(const struct ta_runner *runner, lua_State *co) {
  const void *mark = mark_of(runner, co);
  if (mark == &direct_mark || mark == &nested_mark) return true;
  return TA_UNLIKELY(runner->preempted > 0) && lua_status(co) == LUA_YIELD && is_preempted(co);
}

lua_State *ta_waiting_inner(const struct ta_runner *runner, lua_State *co) {
  return mark_of(runner, co) == &nested_mark ? lua_tothread(co, -2) : NULL;
}

void ta_drop_mark(const struct ta_runner *runner, lua_State *co) {
  const void *mark = mark_of(runner, co);
  if (mark == &direct_mark) lua_pop(co, 1);
  if (mark == &nested_mark) lua_pop(co, 2);
}

static void push_mark(lua_State *L, const char *mark) {
  lua_pushlightuserdata(L, (void *)(uintptr_t)mark);
}

int ta_pass_wait_up(struct ta_runner *runner, lua_State *L, int inner, lua_KContext context,
                    lua_KFunction k) {
  runner->waiter = L;
  if (!inner) {
    push_mark(L, &direct_mark);
    return lua_yieldk(L, 1, context, k);
  }
  lua_pushvalue(L, inner);
  push_mark(L, &nested_mark);
  return lua_yieldk(L, 2, context, k);
}

/* -------------------------------------------------------- may it wait? */

static const char *const transparent[] = {
    "pcall", "xpcall", "dofile", "require", "coroutine.resume", "coroutine.wrap",
};

static bool is_transparent(const char *name) {
  for (size_t i = 0; i < sizeof transparent / sizeof *transparent; i++)
    if (strcmp(name, transparent[i]) == 0) return true;
  return false;
}

/* Pushes what to call the function that keeps `co` from yielding, looking from
 * frame `level` outward; false when there is none to name.  Only L, which runs,
 * is used for what may raise. */
static bool push_obstacle(lua_State *L, lua_State *co, int level) {
  lua_Debug ar;
  for (; lua_getstack(co, level, &ar); level++) {
    lua_getinfo(co, "Sn", &ar);
    if (ar.name && *ar.namewhat == 'm' && strcmp(ar.name, "__gc") == 0) {
      lua_pushliteral(L, "__gc, a finalizer");
      return true;
    }
    if (*ar.what != 'C') continue;
    ta_push_c_name(L, co, &ar);
    if (is_transparent(lua_tostring(L, -1))) {
      lua_pop(L, 1);
      continue;
    }
    lua_pushliteral(L, ", a C function that cannot be suspended");
    lua_concat(L, 2);
    return true;
  }
  return false;
}

static int raise_cannot_wait(struct ta_runner *runner, lua_State *L, const char *action) {
  struct ta_level *level = runner->level;
  if (!runner->current) return luaL_error(L, "%s: only a task can wait", action);
  if (!level || level->co != L)
    return luaL_error(L, "%s: cannot wait in a coroutine that a C function resumed", action);
  /* The obstacle lies in the innermost coroutine that cannot yield: its own
   * first frame is the C function that was called, or that resumed the next. */
  for (; level; level = level->up) {
    if (level->closing)
      return luaL_error(L, "%s: cannot wait in clean-up run by %s", action, level->closing);
    if (!lua_isyieldable(level->co) && push_obstacle(L, level->co, 1))
      return luaL_error(L, "%s: cannot wait inside %s", action, lua_tostring(L, -1));
  }
  return luaL_error(L, "%s: cannot wait here", action);
}

bool ta_can_wait(const struct ta_runner *runner, lua_State *L) {
  const struct ta_level *level = runner->level;
  return level && level->co == L && level->waitable && lua_isyieldable(L);
}

void ta_check_wait(struct ta_runner *runner, lua_State *L, const char *action) {
  if (!ta_can_wait(runner, L)) raise_cannot_wait(runner, L, action);
}

/* ----------------------------------------------------------- park, unpark */

static void begin_wait(struct ta_task *task, const char *action, const char *subject) {
  task->state = TA_TASK_WAITING;
  task->action = action;
  task->subject = subject;
  task->wait = 0; /* a ticket that was taken and not parked is stale now */
}

struct ta_ticket ta_take_ticket(struct ta_runner *runner, lua_State *L, const char *action,
                                const char *subject) {
  ta_check_wait(runner, L, action);
  struct ta_task *task = runner->current;
  task->action = action;
  task->subject = subject;
  task->wait = ++runner->last_wait;
  return (struct ta_ticket){.slot = task->slot, .wait = task->wait};
}

int ta_park(struct ta_runner *runner, lua_State *L, struct ta_ticket ticket, lua_KContext context,
            lua_KFunction k) {
  struct ta_task *task = runner->current;
  if (task->wait != ticket.wait) return k(L, LUA_OK, context); /* completed meanwhile */
  ta_check_wait(runner, L, task->action);
  ta_check_stack(L, 1);
  task->state = TA_TASK_WAITING;
  if (ta_tracing(runner)) ta_trace_yield(runner, task, L);
  return ta_pass_wait_up(runner, L, 0, context, k);
}

void ta_complete_wait(struct ta_runner *runner, struct ta_task *task) {
  task->wait = 0;
  if (task->state != TA_TASK_WAITING) return; /* it has not parked yet */
  task->action = task->subject = NULL;
  if (ta_tracing(runner)) ta_trace_simple(runner, task, TA_EVENT_WAKE);
  ta_make_ready(runner, task);
}

bool ta_unpark(struct ta_runner *runner, struct ta_ticket ticket) {
  if (ticket.wait == 0 || ticket.slot >= runner->slot_capacity) return false;
  struct ta_task *task = runner->slots[ticket.slot];
  if (!task || task->wait != ticket.wait) return false;
  ta_complete_wait(runner, task);
  return true;
}

void ta_drop_wait(struct ta_runner *runner, struct ta_task *task) {
  ta_timers_remove(&runner->timers, &task->timer);
  if (task->endless) runner->endless--;
  task->endless = false;
  task->wait = 0;
}

/* ------------------------------------------------------------------ sleep */

double ta_check_delay(lua_State *L, int index) {
  int is_number;
  double delay = lua_tonumberx(L, index, &is_number);
  if (!is_number)
    luaL_error(L, "sleep: delay must be a number of seconds, got %s", luaL_typename(L, index));
  if (isnan(delay)) luaL_error(L, "sleep: delay must be a number of seconds, got nan");
  return delay;
}

static int k_slept(lua_State *L, int status, lua_KContext context) {
  const struct ta_runner *runner = (const struct ta_runner *)context;
  const struct ta_task *task = runner->current; /* NULL: somebody else resumed it */
  (void)status;
  lua_pushnumber(L, task ? runner->now - task->slept_from : 0);
  return 1;
}

static int k_nothing(lua_State *L, int status, lua_KContext context) {
  (void)L, (void)status, (void)context;
  return 0;
}

int ta_give_turn(struct ta_runner *runner, lua_State *L, const char *action) {
  ta_check_wait(runner, L, action);
  begin_wait(runner->current, action, NULL);
  ta_make_ready(runner, runner->current);
  if (ta_tracing(runner)) ta_trace_yield(runner, runner->current, L);
  return ta_pass_wait_up(runner, L, 0, 0, k_nothing);
}

/* Shorter than this is no time at all: a virtual clock would creep. */
#define SHORTEST_SLEEP 1e-9

/* Lets the current task be stepped again in `delay` seconds. */
static void arm(struct ta_runner *runner, struct ta_task *task, double delay) {
  begin_wait(task, "sleep", NULL);
  double start = delay > 0 ? ta_host_now(runner) : runner->now;
  task->slept_from = start;
  task->timer.at = start + delay;
  if (delay < SHORTEST_SLEEP || task->timer.at <= start) {
    task->timer.at = start;
    ta_make_ready(runner, task);
  } else if (isinf(delay)) {
    task->endless = true;
    runner->endless++;
  } else {
    ta_timers_add(&runner->timers, &task->timer);
  }
}

int ta_sleep(struct ta_runner *runner, lua_State *L, double delay) {
  ta_check_wait(runner, L, "sleep");
  arm(runner, runner->current, delay);
  if (ta_tracing(runner)) ta_trace_sleep(runner, runner->current, L, fmax(0, delay));
  return ta_pass_wait_up(runner, L, 0, (lua_KContext)runner, k_slept);
}

/* --------------------------------------------------- coroutine.yield{...} */

static int raise_not_an_action(lua_State *L, const char *got) {
  return luaL_error(L, "a task must yield a table with an action, got %s", got);
}

/* Raises unless the value at index 1 asks for a wait that there is: a sleep of
 * *delay seconds.  False: for a turn only, and *delay is 0. */
static bool check_request(lua_State *L, double *delay) {
  *delay = 0;
  if (lua_isnoneornil(L, 1)) return false;
  if (!lua_istable(L, 1)) raise_not_an_action(L, lua_pushfstring(L, "a %s", luaL_typename(L, 1)));
  int type = lua_getfield(L, 1, "action");
  if (type == LUA_TNIL) raise_not_an_action(L, "a table without one");
  if (type != LUA_TSTRING)
    raise_not_an_action(L, lua_pushfstring(L, "one that is a %s", lua_typename(L, type)));
  const char *action = lua_tostring(L, -1);
  if (strcmp(action, "sleep") != 0) luaL_error(L, "Unknown async action '%s'.", action);
  lua_getfield(L, 1, "delay");
  *delay = ta_check_delay(L, -1);
  return true;
}

int ta_await_yielded(struct ta_runner *runner, lua_State *L) {
  double delay;
  ta_check_wait(runner, L, "coroutine.yield");
  return check_request(L, &delay) ? ta_sleep(runner, L, delay) : ta_give_turn(runner, L, "turn");
}

/* What a yield that came past our own coroutine.yield asks for: the delay of
 * the sleep, 0 for a turn. */
static int l_read_request(lua_State *L) {
  double delay;
  check_request(L, &delay);
  lua_pushnumber(L, delay);
  return 1;
}

int ta_await_foreign(struct ta_runner *runner, struct ta_task *task, int count) {
  lua_State *L = runner->L;
  lua_pushcfunction(L, l_read_request);
  if (count == 0) {
    lua_pushnil(L);
  } else {
    lua_pop(task->co, count - 1);
    lua_xmove(task->co, L, 1);
  }
  if (lua_pcall(L, 1, 1, 0) != LUA_OK) return -1;
  double delay = lua_tonumber(L, -1);
  lua_pop(L, 1);
  arm(runner, task, delay);
  if (ta_tracing(runner)) ta_trace_sleep(runner, task, task->co, fmax(0, delay));
  return 0;
}
