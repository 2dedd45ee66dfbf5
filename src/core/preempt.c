/* SPDX-License-Identifier: MIT */
#include "core/preempt.h"

#include "core/coroutine.h"
#include "core/task.h"

/* Under its address the registry holds the Runner that a hook, which is told of
 * a lua_State only, belongs to: the newest one of that state. */
static const char hooked_runner;

static struct ta_runner *find_runner(lua_State *L) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &hooked_runner);
  struct ta_runner *runner = lua_touserdata(L, -1);
  lua_pop(L, 1);
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

/* The host may raise. */
static void on_hook(lua_State *L, lua_Debug *ar) {
  struct ta_runner *runner = find_runner(L);
  (void)ar;
  if (!runner) {
    lua_sethook(L, NULL, 0, 0);
    return;
  }
  restore_hook(runner, L);
  if (!atomic_load_explicit(&runner->preempt, memory_order_relaxed)) return;
  atomic_store_explicit(&runner->preempt, 0, memory_order_relaxed);
  if (!runner->current || !runner->host.preempted) return;
  runner->in_hook = true;
  runner->host.preempted(runner->host.data, L);
  runner->in_hook = false;
}

void ta_preempt_coroutine(struct ta_runner *runner, lua_State *co) {
  lua_Hook hook = lua_gethook(co);
  if (hook != on_hook && hook)
    runner->old_hook = (struct ta_old_hook){
        .co = co, .hook = hook, .mask = lua_gethookmask(co), .count = lua_gethookcount(co)};
  lua_sethook(co, on_hook, LUA_MASKCOUNT, 1);
}

void ta_preempt(struct ta_runner *runner) {
  if (!runner->current) return;
  atomic_store_explicit(&runner->preempt, 1, memory_order_relaxed);
  atomic_signal_fence(memory_order_seq_cst);
  if (runner->level) ta_preempt_coroutine(runner, runner->level->co);
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
  lua_pushlightuserdata(L, runner);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &hooked_runner);
}

void ta_preempt_close(struct ta_runner *runner, lua_State *L) {
  if (find_runner(L) != runner) return;
  lua_pushnil(L);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &hooked_runner);
}
