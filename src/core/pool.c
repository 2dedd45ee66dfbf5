/* SPDX-License-Identifier: MIT */
#include "core/pool.h"

#include <lauxlib.h>
#include <string.h>

/* So many idle coroutines are kept: some megabytes. */
#define MOST_SPARE 4096
#define LEAST_SPARE 16

/* Of all tasks so many go without a coroutine before memory is asked for once more. */
#define PART_REFUSED 8

void ta_pool_push(struct ta_runner *runner, lua_State *L) {
  lua_State *co = lua_newthread(L);
  ta_registry_push(runner, co, TA_REGISTRY_HANDLER);
  ta_registry_push(runner, co, TA_REGISTRY_BODY);
}

void ta_pool_keep(struct ta_runner *runner, lua_State *L, struct ta_task *task) {
  lua_State *co = lua_tothread(L, -1);
  ta_registry_push(runner, L, TA_REGISTRY_THREADS);
  lua_insert(L, -2);
  task->ref = (uint32_t)luaL_ref(L, -2);
  task->co = co;
  lua_pop(L, 1);
}

static int l_make(lua_State *L) {
  struct ta_runner *runner = lua_touserdata(L, 1);
  struct ta_task *task = lua_touserdata(L, 2);
  ta_pool_push(runner, L);
  ta_pool_keep(runner, L, task);
  if (lua_gethook(task->co)) lua_sethook(task->co, NULL, 0, 0); /* that of the Runner's L */
  return 0;
}

/* Idle coroutines are worth less than memory. */
static void empty(struct ta_runner *runner) {
  struct ta_pool *pool = &runner->pool;
  ta_registry_push(runner, runner->L, TA_REGISTRY_THREADS);
  while (pool->count > 0) luaL_unref(runner->L, -1, (int)pool->spare[--pool->count].ref);
  lua_pop(runner->L, 1);
}

/* A refusal has cost a whole collection.  When tens of thousands are about to start, each
 * of them must not pay for one: the next ones are refused at once, more and more of
 * them, and what they leave makes room for those after them. */
void ta_pool_note_refusal(struct ta_runner *runner) {
  struct ta_pool *pool = &runner->pool;
  empty(runner);
  size_t most = runner->live / PART_REFUSED;
  pool->to_refuse = pool->refused < most ? pool->refused : most;
  pool->refused = 2 * pool->to_refuse + 1;
}

bool ta_pool_refuses(struct ta_runner *runner) {
  struct ta_pool *pool = &runner->pool;
  bool refuses = pool->to_refuse > 0;
  if (refuses) pool->to_refuse--;
  return refuses;
}

void ta_pool_begin_pass(struct ta_runner *runner) {
  runner->pool.refused = runner->pool.to_refuse = 0;
}

bool ta_pool_take(struct ta_runner *runner, struct ta_task *task) {
  struct ta_pool *pool = &runner->pool;
  lua_State *L = runner->L;
  if (TA_UNLIKELY(ta_pool_refuses(runner))) return false;
  if (pool->count > 0) {
    const struct ta_spare *spare = &pool->spare[--pool->count];
    task->co = spare->co;
    task->ref = spare->ref;
    return true;
  }
  lua_pushcfunction(L, l_make);
  lua_pushlightuserdata(L, runner);
  lua_pushlightuserdata(L, task);
  if (lua_pcall(L, 2, 0, 0) == LUA_OK) return true;
  lua_pop(L, 1);
  ta_pool_note_refusal(runner);
  return false;
}

/* Is there room for one more?  Without memory there is not. */
static bool has_room(struct ta_runner *runner) {
  struct ta_pool *pool = &runner->pool;
  size_t size = sizeof *pool->spare;
  if (pool->count < pool->capacity) return true;
  if (pool->capacity == MOST_SPARE) return false;
  size_t capacity = pool->capacity ? pool->capacity * 4 : LEAST_SPARE;
  void *spare =
      runner->alloc(runner->alloc_data, pool->spare, pool->capacity * size, capacity * size);
  if (!spare) return false;
  pool->spare = spare;
  pool->capacity = capacity;
  return true;
}

/* Can nobody tell it from a new one? */
static bool is_unseen(const struct ta_runner *runner, const struct ta_task *task) {
  return runner->reuses && !task->exposed && lua_status(task->co) == LUA_OK &&
         lua_gettop(task->co) >= TA_POOL_BOTTOM && !lua_gethook(task->co);
}

static void drop(struct ta_runner *runner, struct ta_task *task) {
  lua_settop(task->co, 0); /* whoever holds the coroutine finds it dead */
  ta_registry_push(runner, runner->L, TA_REGISTRY_THREADS);
  luaL_unref(runner->L, -1, (int)task->ref);
  lua_pop(runner->L, 1);
}

void ta_pool_give_back(struct ta_runner *runner, struct ta_task *task) {
  struct ta_pool *pool = &runner->pool;
  if (!task->co) return;
  if (is_unseen(runner, task) && has_room(runner)) {
    lua_settop(task->co, TA_POOL_BOTTOM);
    pool->spare[pool->count++] = (struct ta_spare){.co = task->co, .ref = task->ref};
  } else {
    drop(runner, task);
  }
  task->co = NULL;
}

void ta_pool_setup(struct ta_runner *runner, lua_State *L) {
  lua_newtable(L);
  lua_pushboolean(L, true);
  int first = luaL_ref(L, -2);
  luaL_unref(L, -1, first); /* some Lua asks for memory at the first one */
  ta_registry_set(runner, L, TA_REGISTRY_THREADS);
}

void ta_pool_close(struct ta_runner *runner) {
  struct ta_pool *pool = &runner->pool;
  if (pool->spare)
    runner->alloc(runner->alloc_data, pool->spare, pool->capacity * sizeof *pool->spare, 0);
  *pool = (struct ta_pool){0};
}
