/* SPDX-License-Identifier: MIT
 *
 * floor.c -- what any runner of tasks on Lua 5.4 can hope for.
 *
 * The least that runs the workloads: a coroutine a task, a list of those that
 * are ready, a 4-ary heap of those that sleep, channels, scopes that count.  A
 * coroutine that ended is used again.  A task is awaited before it ends, and a
 * cancelled one is closed where it sleeps.  It knows no error, no name, no
 * report, and ends the process at the first thing that goes wrong.
 */
#include <lauxlib.h>
#include <lualib.h>
#include <stdlib.h>
#include <time.h>

#define ARITY 4

struct list {
  struct task *head, *tail;
};

struct task {
  double at; /* when it is due */
  lua_State *co;
  struct task *next;    /* in the list that holds it */
  struct task *awaiter; /* who wants its results */
  struct scope *scope;  /* whose child it is */
  int handed;           /* how many values it is resumed with */
  int cancelled;
};

static struct {
  struct list ready;
  struct task *ended; /* to be used again */
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

static void append(struct list *list, struct task *task) {
  task->next = NULL;
  *(list->head ? &list->tail->next : &list->head) = task;
  list->tail = task;
}

static struct task *take(struct list *list) {
  struct task *task = list->head;
  list->head = task->next;
  return task;
}

static void make_ready(struct task *task) {
  append(&all.ready, task);
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
  struct task *task = calloc(1, sizeof *task);
  if (!task) abort();
  task->co = lua_newthread(L);
  lua_rawseti(L, lua_upvalueindex(1), (lua_Integer)++all.made);
  return task;
}

static struct task *start(lua_State *L) {
  struct task *task = all.ended;
  if (task)
    all.ended = task->next;
  else
    task = make(L);
  lua_xmove(L, task->co, lua_gettop(L));
  task->handed = lua_gettop(task->co) - 1;
  make_ready(task);
  return task;
}

static int l_spawn(lua_State *L) {
  lua_pushlightuserdata(L, start(L));
  return 1;
}

/* await(task), which has not ended. */
static int l_await(lua_State *L) {
  ((struct task *)lua_touserdata(L, 1))->awaiter = all.current;
  return lua_yield(L, 0);
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

/* ----------------------------------------------------------------- scopes */

struct scope {
  struct task *parent; /* once it waits for the children */
  size_t children;
};

static void leave(struct scope *scope) {
  if (--scope->children == 0 && scope->parent) make_ready(scope->parent);
}

static int l_scope_spawn(lua_State *L) {
  struct scope *scope = lua_touserdata(L, 1);
  lua_remove(L, 1);
  struct task *task = start(L);
  task->scope = scope;
  scope->children++;
  lua_pushlightuserdata(L, task);
  return 1;
}

/* Takes all children that sleep out of the heap at once. */
static int l_scope_cancel(lua_State *L) {
  struct scope *scope = lua_touserdata(L, 1);
  size_t count = all.sleeping;
  all.sleeping = 0;
  for (size_t i = 0; i < count; i++) {
    struct task *task = all.heap[i];
    task->cancelled = task->scope == scope;
    if (task->cancelled)
      make_ready(task);
    else
      arm(task);
  }
  return 0;
}

static int k_scope(lua_State *L, int status, lua_KContext context) {
  struct scope *scope = lua_touserdata(L, 2);
  (void)status, (void)context;
  scope->parent = all.current;
  return scope->children ? lua_yield(L, 0) : 0;
}

/* async.scope(fn) */
static int l_scope(lua_State *L) {
  struct scope *scope = lua_newuserdatauv(L, sizeof *scope, 0);
  *scope = (struct scope){0};
  luaL_setmetatable(L, "scope");
  lua_pushvalue(L, 1);
  lua_pushvalue(L, 2);
  lua_callk(L, 1, 0, 0, k_scope);
  return k_scope(L, LUA_OK, 0);
}

/* --------------------------------------------------------------- channels */

/* The buffer is a ring in the user value.  A value is handed from coroutine to
 * coroutine; a sender that waits has it on its stack. */
struct channel {
  struct list senders, receivers;
  lua_Integer capacity, first, count;
  int closed;
};

enum { CHANNEL = 1, VALUE };

static void buffer(lua_State *L, struct channel *channel, int value) {
  lua_getiuservalue(L, CHANNEL, 1);
  lua_pushvalue(L, value);
  lua_rawseti(L, -2, (channel->first + channel->count++) % channel->capacity + 1);
  lua_pop(L, 1);
}

static void hand_over(lua_State *L, struct task *task) {
  lua_xmove(L, task->co, 1);
  task->handed = 1;
  make_ready(task);
}

static void take_from_sender(lua_State *L, struct channel *channel) {
  struct task *sender = take(&channel->senders);
  lua_pushvalue(sender->co, VALUE);
  lua_xmove(sender->co, L, 1);
  make_ready(sender);
}

static int l_send(lua_State *L) {
  struct channel *channel = lua_touserdata(L, CHANNEL);
  if (channel->receivers.head) {
    hand_over(L, take(&channel->receivers));
  } else if (channel->count < channel->capacity) {
    buffer(L, channel, VALUE);
  } else {
    append(&channel->senders, all.current);
    return lua_yield(L, 0);
  }
  return 0;
}

static int l_recv(lua_State *L) {
  struct channel *channel = lua_touserdata(L, CHANNEL);
  if (channel->count) {
    lua_getiuservalue(L, CHANNEL, 1);
    lua_rawgeti(L, -1, channel->first + 1);
    channel->first = (channel->first + 1) % channel->capacity;
    channel->count--;
    if (channel->senders.head) {
      take_from_sender(L, channel);
      buffer(L, channel, lua_gettop(L));
      lua_pop(L, 1);
    }
  } else if (channel->senders.head) {
    take_from_sender(L, channel);
  } else if (channel->closed) {
    return 0;
  } else {
    append(&channel->receivers, all.current);
    return lua_yield(L, 0);
  }
  return 1;
}

static int l_close(lua_State *L) {
  struct channel *channel = lua_touserdata(L, CHANNEL);
  channel->closed = 1;
  while (channel->receivers.head) make_ready(take(&channel->receivers));
  return 0;
}

static int l_channel(lua_State *L) {
  lua_Integer capacity = luaL_checkinteger(L, 1);
  struct channel *channel = lua_newuserdatauv(L, sizeof *channel, 1);
  *channel = (struct channel){.capacity = capacity};
  luaL_setmetatable(L, "channel");
  lua_createtable(L, (int)capacity, 0);
  lua_setiuservalue(L, -2, 1);
  return 1;
}

/* ------------------------------------------------------------------ turns */

static void end(struct task *task, int count) {
  if (task->awaiter) {
    lua_xmove(task->co, task->awaiter->co, count);
    task->awaiter->handed = count;
    make_ready(task->awaiter);
    task->awaiter = NULL;
  }
  if (task->scope) {
    leave(task->scope);
    task->scope = NULL;
  }
  lua_settop(task->co, 0);
  task->next = all.ended;
  all.ended = task;
}

static void step(lua_State *L, struct task *task) {
  int count = 0;
  int handed = task->handed;
  all.current = task;
  task->handed = 0;
  if (task->cancelled) {
    task->cancelled = 0;
    lua_resetthread(task->co);
  } else {
    int status = lua_resume(task->co, L, handed, &count);
    if (status == LUA_YIELD) return;
    if (status != LUA_OK) luaL_error(L, "%s", lua_tostring(task->co, -1));
  }
  end(task, count);
}

/* Steps whoever is ready, then wakes whoever is due or waits for the first. */
static void drive(lua_State *L) {
  while (all.ready.head || all.sleeping) {
    struct task *turn = all.ready.head;
    all.ready.head = NULL;
    for (struct task *next; turn; turn = next) {
      next = turn->next;
      step(L, turn);
    }
    if (!all.sleeping) continue;
    if (!all.ready.head) wait_until(all.heap[0]->at);
    for (double time = now(); all.sleeping && all.heap[0]->at <= time;) make_ready(take_first());
  }
}

/* -------------------------------------------------------------- starting */

static void new_kind(lua_State *L, const char *name, const luaL_Reg *methods) {
  luaL_newmetatable(L, name);
  lua_newtable(L);
  lua_pushvalue(L, -3); /* the table of coroutines */
  luaL_setfuncs(L, methods, 1);
  lua_setfield(L, -2, "__index");
  lua_pop(L, 1);
}

static void open(lua_State *L) {
  static const luaL_Reg scope[] = {{"spawn", l_scope_spawn}, {"cancel", l_scope_cancel}, {0}};
  static const luaL_Reg channel[] = {{"send", l_send}, {"recv", l_recv}, {"close", l_close}, {0}};
  static const luaL_Reg async[] = {{"now", l_now}, {"scope", l_scope}, {"channel", l_channel}, {0}};
  luaL_openlibs(L);
  lua_newtable(L);
  new_kind(L, "scope", scope);
  new_kind(L, "channel", channel);
  lua_pushcclosure(L, l_spawn, 1);
  lua_setglobal(L, "spawn");
  lua_register(L, "sleep", l_sleep);
  lua_register(L, "await", l_await);
  luaL_newlib(L, async);
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
