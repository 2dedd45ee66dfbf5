/* SPDX-License-Identifier: MIT */
#include "library/coroutine.h"

#include <lauxlib.h>
#include <lualib.h>
#include <stdbool.h>

#include "core/cancel.h"
#include "core/preempt.h"
#include "core/replace.h"
#include "core/wait.h"
#include "library/protocol.h"
#include "library/require.h"
#include "library/scope.h"
#include "words/traceback.h"

/* Where a host has left the extra space of coroutines to the Runner, it lies there. */
static struct ta_runner **space_of(lua_State *L) {
  return (struct ta_runner **)lua_getextraspace(L);
}

#define MAX_DEPTH 200 /* as Lua's own limit of nested C calls */

/* ---------------------------------------------------------- resume and wrap */

/* lua_resume() one level further in. */
static inline int resume(struct ta_runner *runner, lua_State *co, lua_State *from, int nargs,
                         int *nres, bool awaits) {
  struct ta_level *up = runner->level;
  struct ta_level level = {.co = co, .up = up, .awaits = awaits, .depth = up ? up->depth + 1 : 1};
  /* At the bottom it is the host's own coroutine, not a task's. */
  level.waitable =
      up ? up->waitable && up->co == from && lua_isyieldable(from) : runner->current != NULL;
  atomic_signal_fence(memory_order_seq_cst);
  runner->level = &level;
  if (ta_wants_preemption(runner)) ta_preempt_coroutine(runner, co);
  int status = lua_resume(co, from, nargs, nres);
  runner->level = up;
  if (up && ta_wants_preemption(runner)) ta_preempt_coroutine(runner, up->co);
  return status;
}

static lua_State *check_coroutine(lua_State *L, int index) {
  lua_State *co = lua_tothread(L, index);
  if (TA_UNLIKELY(!co)) luaL_checktype(L, index, LUA_TTHREAD); /* raises */
  return co;
}

/* A resume in progress: coroutine.resume, whose coroutine is argument 1; a
 * function made by coroutine.wrap, whose coroutine is upvalue 2; or await, whose
 * coroutine runs an object's __await and is at index 1. */
enum form { RESUME, WRAP, AWAIT };

static int coroutine_index(enum form form) {
  return form == WRAP ? lua_upvalueindex(2) : 1;
}

/* Error objects of wrapped coroutines get the position of the call in front, as
 * in Lua. */
static int raise_from_wrap(lua_State *L, int status) {
  if (status != LUA_ERRMEM && lua_type(L, -1) == LUA_TSTRING) {
    luaL_where(L, 1);
    lua_insert(L, -2);
    lua_concat(L, 2);
    ta_note_replaced(ta_upvalue_runner(L), L);
  }
  return lua_error(L);
}

/* Ends a resume with `count` results on top of L. */
static int end_resume(lua_State *L, enum form form, int count) {
  if (form != RESUME) return count;
  lua_pushboolean(L, true);
  lua_insert(L, -(count + 1));
  return count + 1;
}

/* Ends a resume with the error object on top of L. */
static int fail_resume(lua_State *L, enum form form, int status) {
  if (form == WRAP) return raise_from_wrap(L, status);
  if (form == AWAIT) return lua_error(L);
  lua_pushboolean(L, false);
  lua_insert(L, -2);
  return 2;
}

/* A coroutine that nobody else can close is closed when it has died.  Its error
 * object, on top of L, is replaced by that of its clean-up. */
static int close_dead(struct ta_runner *runner, lua_State *L, lua_State *co, int status,
                      const char *by) {
  lua_pushvalue(L, -1);
  lua_xmove(L, co, 1); /* clean-up is told of the error */
  int closed = ta_close_coroutine(runner, co, L, by);
  if (closed == LUA_OK) return status; /* as older Lua 5.4 has it */
  lua_pop(L, 1);
  lua_xmove(co, L, 1);
  return closed;
}

static const char *const closers[] = {
    [RESUME] = "coroutine.resume", [WRAP] = "coroutine.wrap", [AWAIT] = "await"};

/* The coroutine has died of the error object on top of L: a cancellation in force
 * closes it and goes on. */
static int end_died(struct ta_runner *runner, lua_State *L, lua_State *co, enum form form) {
  int status = lua_status(co);
  bool cancelled = ta_is_in_force(runner, L, -1);
  if (runner->current) runner->current->rethrown = false;
  ta_forget_loading(runner, co);
  if (!cancelled) ta_note_death(runner, L, co, form != RESUME);
  ta_abandon_cancel_scopes_of(runner, co);
  if (cancelled || form != RESUME) status = close_dead(runner, L, co, status, closers[form]);
  if (ta_is_in_force(runner, L, -1)) return ta_rethrow(runner, L);
  return fail_resume(L, form, status);
}

/* The coroutine could not be resumed, or died: its error object is on its top. */
static int end_failed(struct ta_runner *runner, lua_State *L, lua_State *co, enum form form) {
  int status = lua_status(co);
  lua_xmove(co, L, 1);
  if (status == LUA_OK || status == LUA_YIELD) return fail_resume(L, form, status);
  return end_died(runner, L, co, form);
}

/* It yielded past our own coroutine.yield, and left a cancel scope open. */
static int end_open(struct ta_runner *runner, lua_State *L, lua_State *co, enum form form) {
  ta_abandon_cancel_scopes_of(runner, co);
  lua_settop(co, 0);
  ta_close_coroutine(runner, co, L, closers[form]);
  lua_pushliteral(L, "cannot yield out of a scope, deadline or shield");
  return fail_resume(L, form, LUA_ERRRUN);
}

/* Ends a resume with the `count` values on top of the coroutine. */
static int end_given(lua_State *L, lua_State *co, enum form form, int count) {
  if (!lua_checkstack(L, count + 1)) {
    lua_pop(co, count);
    lua_pushliteral(L, "too many results to resume");
    return fail_resume(L, form, LUA_OK);
  }
  lua_xmove(co, L, count);
  return end_resume(L, form, count);
}

static int k_resume(lua_State *L, int status, lua_KContext context);

/* Resumes with the `nargs` arguments that are on the coroutine's stack.  When
 * it waits, the wait is passed on to whoever resumed L. */
static inline int do_resume(struct ta_runner *runner, lua_State *L, lua_State *co, enum form form,
                            int nargs) {
  int count;
  int status = resume(runner, co, L, nargs, &count, form == AWAIT);
  if (status == LUA_YIELD && ta_take_wait(runner, co))
    return ta_pass_wait_up(runner, L, coroutine_index(form), form, k_resume);
  if (TA_UNLIKELY(status == LUA_YIELD && ta_cancel_scope_open_in(runner, co)))
    return end_open(runner, L, co, form);
  if (status == LUA_OK || status == LUA_YIELD) return end_given(L, co, form, count);
  return end_failed(runner, L, co, form);
}

/* The wait was completed: on into the coroutine that waits. */
static int k_resume(lua_State *L, int status, lua_KContext context) {
  (void)status;
  enum form form = (enum form)context;
  lua_State *co = lua_tothread(L, coroutine_index(form));
  ta_drop_mark(co);
  return do_resume(ta_upvalue_runner(L), L, co, form, 0);
}

/* Is it worth asking?  What a generator has yielded was taken off its stack. */
static bool may_wait(lua_State *co) {
  return lua_status(co) == LUA_YIELD && lua_gettop(co) > 0;
}

/* It is in a wait of its own, or there is no room for the arguments. */
static int refuse_resume(lua_State *L, lua_State *co, enum form form) {
  lua_pushstring(L, ta_is_waiting(co) ? "cannot resume non-suspended coroutine"
                                      : "too many arguments to resume");
  return fail_resume(L, form, LUA_OK);
}

/* Starts a resume with all that is on L's stack from `first` on. */
static inline int begin_resume(struct ta_runner *runner, lua_State *L, lua_State *co,
                               enum form form, int first) {
  int nargs = lua_gettop(L) - first + 1;
  if (TA_UNLIKELY((may_wait(co) && ta_is_waiting(co)) || !lua_checkstack(co, nargs)))
    return refuse_resume(L, co, form);
  lua_xmove(L, co, nargs);
  return do_resume(runner, L, co, form, nargs);
}

static int l_resume(lua_State *L) {
  return begin_resume(ta_upvalue_runner(L), L, check_coroutine(L, 1), RESUME, 2);
}

static int l_wrapped(lua_State *L) {
  lua_State *co = lua_tothread(L, lua_upvalueindex(2));
  return begin_resume(ta_upvalue_runner(L), L, co, WRAP, 1);
}

/* The same where the Runner lies in the extra space of each coroutine: to look it up
 * as an upvalue is a good part of what a generator's step costs beside Lua's own. */
static int l_resume_quickly(lua_State *L) {
  return begin_resume(*space_of(L), L, check_coroutine(L, 1), RESUME, 2);
}

static int l_wrapped_quickly(lua_State *L) {
  lua_State *co = lua_tothread(L, lua_upvalueindex(2));
  return begin_resume(*space_of(L), L, co, WRAP, 1);
}

int ta_resume_awaiting(lua_State *L, lua_State *co) {
  return do_resume(ta_upvalue_runner(L), L, co, AWAIT, 1);
}

static int wrap(lua_State *L, lua_CFunction wrapped) {
  luaL_checktype(L, 1, LUA_TFUNCTION);
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_State *co = lua_newthread(L);
  lua_pushvalue(L, 1);
  lua_xmove(L, co, 1);
  lua_pushcclosure(L, wrapped, 2);
  return 1;
}

static int l_wrap(lua_State *L) {
  return wrap(L, l_wrapped);
}

static int l_wrap_quickly(lua_State *L) {
  return wrap(L, l_wrapped_quickly);
}

/* ---------------------------------------------------- yield, status, close */

static void refuse_in_require(struct ta_runner *runner, lua_State *L) {
  const char *module = ta_loading_in(runner, L);
  if (module) luaL_error(L, "cannot yield out of require '%s'", module);
}

static inline int yield(struct ta_runner *runner, lua_State *L) {
  const struct ta_level *level = runner->level;
  bool asks = ta_in_task(runner, L) && (level->depth == 1 || level->awaits);
  if (asks && !level->closing) return ta_await_yielded(runner, L, "coroutine.yield");
  if (TA_UNLIKELY(ta_cancel_scope_open_in(runner, L) && !level->closing))
    return ta_raise_cancel_scope_open(L);
  if (TA_UNLIKELY(runner->loading != NULL)) refuse_in_require(runner, L);
  return lua_yield(L, lua_gettop(L));
}

static int l_yield(lua_State *L) {
  return yield(ta_upvalue_runner(L), L);
}

static int l_yield_quickly(lua_State *L) {
  return yield(*space_of(L), L);
}

/* Calls Lua's own function, upvalue 2, with the arguments of this one. */
static int call_own(lua_State *L) {
  lua_pushvalue(L, lua_upvalueindex(2));
  lua_insert(L, 1);
  lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
  return lua_gettop(L);
}

/* As Lua's own, to which the script is the main program; what a script can name is
 * not used again for another task. */
static int l_running(lua_State *L) {
  struct ta_task *task = ta_task_running_on(ta_upvalue_runner(L), L);
  if (task) task->exposed = true;
  bool main = lua_pushthread(L);
  lua_pushboolean(L, main || (task && task->program));
  return 2;
}

static int l_status(lua_State *L) {
  if (!ta_is_waiting(check_coroutine(L, 1))) return call_own(L);
  lua_pushliteral(L, "normal");
  return 1;
}

/* Is it neither running nor the resumer of one that runs, nor in a wait? */
static bool can_close(const struct ta_runner *runner, lua_State *L, lua_State *co) {
  lua_Debug ar;
  if (co == L || ta_is_waiting(co)) return false;
  for (const struct ta_level *level = runner->level; level; level = level->up)
    if (level->co == co) return false;
  return lua_status(co) != LUA_OK || !lua_getstack(co, 0, &ar);
}

static int l_close(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  lua_State *co = check_coroutine(L, 1);
  if (!can_close(runner, L, co))
    return luaL_error(L, "cannot close a %s coroutine", co == L ? "running" : "normal");
  if (runner->level && runner->level->depth >= MAX_DEPTH) return luaL_error(L, "C stack overflow");
  if (ta_close_coroutine(runner, co, L, "coroutine.close") == LUA_OK) {
    lua_pushboolean(L, true);
    return 1;
  }
  lua_pushboolean(L, false);
  lua_xmove(co, L, 1);
  return ta_is_in_force(runner, L, -1) ? ta_rethrow(runner, L) : 2;
}

/* ------------------------------------------------------------------ opening */

static void replace(struct ta_runner *runner, lua_State *L, const char *key,
                    lua_CFunction function) {
  ta_push_runner(runner, L);
  lua_getfield(L, -2, key);
  lua_pushcclosure(L, function, 2);
  ta_replace(runner, L, lua_gettop(L) - 1, key);
}

/* Coroutines made from now on have it in theirs. */
static void take_space(struct ta_runner *runner, lua_State *L) {
  lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_MAINTHREAD);
  *space_of(lua_tothread(L, -1)) = runner;
  *space_of(L) = runner;
  lua_pop(L, 1);
}

void ta_open_coroutine(struct ta_runner *runner, lua_State *L, bool has_space) {
  if (has_space) take_space(runner, L);
  lua_getfield(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  if (lua_getfield(L, -1, LUA_COLIBNAME) == LUA_TTABLE) {
    replace(runner, L, "resume", has_space ? l_resume_quickly : l_resume);
    replace(runner, L, "wrap", has_space ? l_wrap_quickly : l_wrap);
    replace(runner, L, "yield", has_space ? l_yield_quickly : l_yield);
    replace(runner, L, "running", l_running);
    replace(runner, L, "status", l_status);
    replace(runner, L, "close", l_close);
    runner->guarded = true;
    ta_lets_wait(runner, L, has_space ? l_resume_quickly : l_resume);
    ta_lets_wait(runner, L, has_space ? l_wrapped_quickly : l_wrapped);
  }
  lua_pop(L, 2);
}
