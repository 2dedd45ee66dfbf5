/* SPDX-License-Identifier: MIT
 *
 * floor.c -- what any runner of tasks on Lua 5.4 can hope for.
 *
 * The least that runs the workloads: a coroutine a task, a list of those that
 * are ready, a 4-ary heap of those that sleep.  A coroutine that ended is used
 * again.  It knows no error, no cancellation, no name, no event but time, and
 * ends the process at the first thing that goes wrong.
 */
#include <lauxlib.h>
#include <lualib.h>
#include <stdlib.h>
#include <time.h>

#define ARITY 4

struct task {
  double at; /* when it is due */
  lua_State *co;
  struct task *next; /* in the list that holds it */
};

static struct {
  struct task *head, *tail; /* ready */
  struct task *ended;       /* to be used again */
  struct task *current;
  struct task **heap;
  size_t sleeping, capacity, made;
} all;

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static void wait_until(double at) {
  struct timespec time = {.tv_sec = (time_t)at};
  time.tv_nsec = (long)((at - (double)time.tv_sec) * 1e9);
  clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL);
}

static void make_ready(struct task *task) {
  task->next = NULL;
  *(all.head ? &all.tail->next : &all.head) = task;
  all.tail = task;
}

/* ------------------------------------------------------------------- heap */

static void arm(struct task *task) {
  if (all.sleeping == all.capacity) {
    all.capacity = all.capacity ? all.capacity * 2 : 1024;
    all.heap = realloc(all.heap, all.capacity * sizeof *all.heap);
    if (!all.heap) abort();
  }
  size_t index = all.sleeping++;
  while (index > 0 && task->at < all.heap[(index - 1) / ARITY]->at) {
    all.heap[index] = all.heap[(index - 1) / ARITY];
    index = (index - 1) / ARITY;
  }
  all.heap[index] = task;
}

static size_t first_child(size_t index) {
  size_t best = index * ARITY + 1;
  size_t end = best + ARITY < all.sleeping ? best + ARITY : all.sleeping;
  for (size_t child = best + 1; child < end; child++)
    if (all.heap[child]->at < all.heap[best]->at) best = child;
  return best;
}

static struct task *take_first(void) {
  struct task *first = all.heap[0];
  struct task *last = all.heap[--all.sleeping];
  size_t index = 0, child;
  while ((child = first_child(index)) < all.sleeping && all.heap[child]->at < last->at) {
    all.heap[index] = all.heap[child];
    index = child;
  }
  all.heap[index] = last;
  return first;
}

/* ------------------------------------------------------------------ tasks */

/* A task and its coroutine, kept for ever by the table in upvalue 1. */
static struct task *make(lua_State *L) {
  struct task *task = malloc(sizeof *task);
  if (!task) abort();
  task->co = lua_newthread(L);
  lua_rawseti(L, lua_upvalueindex(1), (lua_Integer)++all.made);
  return task;
}

static int l_spawn(lua_State *L) {
  struct task *task = all.ended;
  if (task)
    all.ended = task->next;
  else
    task = make(L);
  lua_xmove(L, task->co, lua_gettop(L));
  make_ready(task);
  return 0;
}

static int l_sleep(lua_State *L) {
  double delay = luaL_checknumber(L, 1);
  if (delay > 0) {
    all.current->at = now() + delay;
    arm(all.current);
  } else {
    make_ready(all.current);
  }
  return lua_yield(L, 0);
}

static int l_now(lua_State *L) {
  lua_pushnumber(L, now());
  return 1;
}

static void step(lua_State *L, struct task *task) {
  int count;
  all.current = task;
  int nargs = lua_status(task->co) == LUA_OK ? lua_gettop(task->co) - 1 : 0;
  int status = lua_resume(task->co, L, nargs, &count);
  if (status == LUA_YIELD) return;
  if (status != LUA_OK) luaL_error(L, "%s", lua_tostring(task->co, -1));
  lua_settop(task->co, 0);
  task->next = all.ended;
  all.ended = task;
}

/* Steps whoever is ready, then wakes whoever is due or waits for the first. */
static void drive(lua_State *L) {
  while (all.head || all.sleeping) {
    struct task *turn = all.head;
    all.head = NULL;
    for (struct task *next; turn; turn = next) {
      next = turn->next;
      step(L, turn);
    }
    if (!all.sleeping) continue;
    if (!all.head) wait_until(all.heap[0]->at);
    for (double time = now(); all.sleeping && all.heap[0]->at <= time;) make_ready(take_first());
  }
}

/* -------------------------------------------------------------- starting */

static void open(lua_State *L) {
  luaL_openlibs(L);
  lua_newtable(L);
  lua_pushcclosure(L, l_spawn, 1);
  lua_setglobal(L, "spawn");
  lua_register(L, "sleep", l_sleep);
  lua_newtable(L);
  lua_pushcfunction(L, l_now);
  lua_setfield(L, -2, "now");
  lua_setglobal(L, "async");
}

/* floor SCRIPT [arguments]: the script is the first task. */
static int l_main(lua_State *L) {
  char **argv = lua_touserdata(L, 1);
  open(L);
  lua_getglobal(L, "spawn");
  if (luaL_loadfile(L, argv[1]) != LUA_OK) return lua_error(L);
  int nargs = 0;
  for (; argv[nargs + 2]; nargs++) lua_pushstring(L, argv[nargs + 2]);
  lua_call(L, nargs + 1, 0);
  drive(L);
  return 0;
}

int main(int argc, char **argv) {
  lua_State *L = luaL_newstate();
  if (!L || argc < 2) return 2;
  lua_pushcfunction(L, l_main);
  lua_pushlightuserdata(L, argv);
  int status = lua_pcall(L, 1, 0, 0);
  if (status != LUA_OK) lua_writestringerror("floor: %s\n", lua_tostring(L, -1));
  lua_close(L);
  return status != LUA_OK;
}
