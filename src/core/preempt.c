/* SPDX-License-Identifier: MIT */
#include "core/preempt.h"

#include "core/level.h"
#include "core/task.h"

/* Under its address the registry holds the newest Runner of a state, and that
 * knows the older ones: a hook is told of a lua_State only. */
static const char newest_runner;

struct ta_runner *ta_newest_runner(lua_State *L) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &newest_runner);
  struct ta_runner *runner = lua_touserdata(L, -1);
  lua_pop(L, 1);
  return runner;
}

struct ta_runner *ta_runner_of(lua_State *L) {
  struct ta_runner *newest = ta_newest_runner(L);
  for (struct ta_runner *runner = newest; runner; runner = runner->older)
    if (runner->level && runner->level->co == L) return runner;
  return newest;
}

static void set_newest(lua_State *L, struct ta_runner *runner) {
  if (runner)
    lua_pushlightuserdata(L, runner);
  else
    lua_pushnil(L);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &newest_runner);
}

/* The Runner whose innermost coroutine is L. */
static struct ta_runner *find_runner(lua_State *L) {
  struct ta_runner *runner = ta_newest_runner(L);
  while (runner && !(runner->level && runner->level->co == L)) runner = runner->older;
  return runner;
}

/* Takes our hook off again; one of the script's own comes back. */
static void restore_hook(struct ta_runner *runner, lua_State *L) {
  struct ta_old_hook *old = &runner->old_hook;
  if (old->co == L)
    lua_sethook(L, old->hook, old->mask, old->count);
  else
    lua_sethook(L, NULL, 0, 0);
  old->co = NULL;
}

static int wish_of(const struct ta_runner *runner) {
  return atomic_load_explicit(&runner->preempt, memory_order_relaxed);
}

/* Has the task's own function returned?  Then the step ends by itself, and has no
 * place left in which to raise. */
static bool is_over(const struct ta_runner *runner, lua_State *L, const lua_Debug *event) {
  lua_Debug ar;
  return event->event == LUA_HOOKRET && L == runner->current->co && !lua_getstack(L, 1, &ar);
}

/* Is the host to be called?  A look at the next instruction is the last one. */
static bool is_wanted(struct ta_runner *runner, lua_State *L, const lua_Debug *ar) {
  int wish = wish_of(runner);
  if (wish == 0 || !runner->current || ar->event == LUA_HOOKCOUNT) restore_hook(runner, L);
  if (ar->event == LUA_HOOKCOUNT) ta_end_preemption(runner);
  return wish != 0 && runner->current && runner->host.preempted && !is_over(runner, L, ar);
}

/* The host may raise. */
static void on_hook(lua_State *L, lua_Debug *ar) {
  struct ta_runner *runner = find_runner(L);
  if (!runner) {
    lua_sethook(L, NULL, 0, 0);
    return;
  }
  if (!is_wanted(runner, L, ar)) return;
  runner->in_hook = true;
  runner->host.preempted(runner->host.data, L);
  runner->in_hook = false;
}

/* The mask for what is wanted.  A script's own hook gives way to ours. */
static int mask_of(const struct ta_runner *runner) {
  int wish = wish_of(runner);
  return (wish & TA_PREEMPT_NEXT ? LUA_MASKCOUNT : 0) |
         (wish & TA_PREEMPT_CALLS ? LUA_MASKCALL | LUA_MASKRET : 0);
}

void ta_preempt_coroutine(struct ta_runner *runner, lua_State *co) {
  lua_Hook hook = lua_gethook(co);
  if (hook != on_hook && hook)
    runner->old_hook = (struct ta_old_hook){
        .co = co, .hook = hook, .mask = lua_gethookmask(co), .count = lua_gethookcount(co)};
  lua_sethook(co, on_hook, mask_of(runner), 1);
}

static void preempt(struct ta_runner *runner, int wish) {
  if (!runner->current) return;
  atomic_fetch_or_explicit(&runner->preempt, wish, memory_order_relaxed);
  atomic_signal_fence(memory_order_seq_cst);
  if (runner->level) ta_preempt_coroutine(runner, runner->level->co);
}

void ta_preempt(struct ta_runner *runner) {
  preempt(runner, TA_PREEMPT_NEXT);
}

void ta_preempt_calls(struct ta_runner *runner) {
  preempt(runner, TA_PREEMPT_CALLS);
}

/* A wait that a C function began was given up: it cannot raise by itself. */
static void on_resumed(lua_State *L, lua_Debug *ar) {
  struct ta_runner *runner = find_runner(L);
  (void)ar;
  lua_sethook(L, NULL, 0, 0);
  if (runner) ta_raise_cancellation(runner, L);
}

void ta_preempt_to_raise(lua_State *co) {
  lua_sethook(co, on_resumed, LUA_MASKCOUNT, 1);
}

void ta_preempt_setup(struct ta_runner *runner, lua_State *L) {
  runner->older = ta_newest_runner(L);
  set_newest(L, runner);
}

void ta_preempt_close(struct ta_runner *runner, lua_State *L) {
  struct ta_runner *newest = ta_newest_runner(L);
  if (newest == runner) {
    set_newest(L, runner->older);
    return;
  }
  while (newest && newest->older != runner) newest = newest->older;
  if (newest) newest->older = runner->older;
}

void ta_interrupt(struct ta_runner *runner) {
  atomic_store_explicit(&runner->interrupt, 1, memory_order_relaxed);
}

void ta_take_interrupt(struct ta_runner *runner) {
  ta_end_preemption(runner);
  atomic_store_explicit(&runner->interrupt, 0, memory_order_relaxed);
}
