/* SPDX-License-Identifier: MIT */
#include "callback/subject.h"

#include <lauxlib.h>
#include <lualib.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "library/channel.h"
#include "core/runner.h"
#include "library/event.h"
#include "library/named.h"
#include "core/task.h"
#include "kit/compiled.h"
#include "kit/fault.h"
#include "machine/machine.h"

int luaopen_tinyasync(lua_State *L);

const char *const point_names[POINT_COUNT] = {"request", "clock", "callback"};

/* ------------------------------------------------------------------- memory */

/* The collector, which has been stopped, runs a whole cycle after the n-th request:
 * it finds what arm() was given. */
static void count_request(struct subject *subject) {
  uint64_t seen = ++subject->seen[POINT_REQUEST];
  if (subject->point == POINT_REQUEST && seen == subject->nth) lua_gc(subject->L, LUA_GCRESTART);
}

static bool grants(void *data, size_t old, size_t size) {
  struct subject *subject = data;
  (void)old, (void)size;
  if (subject->armed) count_request(subject);
  return true;
}

/* ------------------------------------------------------ what world.lua calls */

static struct subject *subject_of(lua_State *L) {
  return lua_touserdata(L, lua_upvalueindex(1));
}

/* point(kind): is this where the action is to be? */
static int l_point(lua_State *L) {
  struct subject *subject = subject_of(L);
  enum point point = strcmp(luaL_checkstring(L, 1), "clock") == 0 ? POINT_CLOCK : POINT_CALLBACK;
  uint64_t seen = subject->armed ? ++subject->seen[point] : 0;
  lua_pushboolean(L, seen > 0 && subject->point == point && seen == subject->nth);
  return 1;
}

/* arm(value): nobody has the value any more. */
static int l_arm(lua_State *L) {
  lua_settop(L, 0);
  subject_of(L)->armed = true;
  return 0;
}

static int l_disarm(lua_State *L) {
  subject_of(L)->armed = false;
  lua_gc(L, LUA_GCSTOP);
  return 0;
}

static int l_fault(lua_State *L) {
  FAULT(subject_of(L), "%s", luaL_checkstring(L, 1));
  return 0;
}

static void ignore_event(void *data, const struct ta_trace_event *event) {
  (void)data, (void)event;
}

/* adopt(function of the library, traced?): the Runner whose it is. */
static int l_adopt(lua_State *L) {
  struct subject *subject = subject_of(L);
  lua_getupvalue(L, 1, 1);
  subject->runner = lua_touserdata(L, -1);
  lua_setfield(L, LUA_REGISTRYINDEX, "callback.runner");
  subject->runner->reuses = subject->runner->guarded;
  if (lua_toboolean(L, 2)) ta_on_event(subject->runner, ignore_event, NULL);
  return 0;
}

/* wants(): is a task runnable, and when does the earliest sleeper wake? */
static int l_wants(lua_State *L) {
  const struct ta_runner *runner = subject_of(L)->runner;
  const struct ta_timer *first = runner->L ? ta_timers_first(&runner->timers) : NULL;
  lua_pushboolean(L, runner->L && runner->ready.head);
  lua_pushnumber(L, first ? first->at : HUGE_VAL);
  return 2;
}

/* -------------------------------------------------------------------- looking */

/* Does somebody wait for what is there? */
static const char *find_lost(const struct ta_task *task) {
  const struct ta_wait_kind *kind = task->kind;
  char words[256] = "";
  if (task->state != TA_TASK_WAITING || !kind || !kind->describe) return NULL;
  kind->describe(task->subject, words, sizeof words);
  if (strcmp(kind->action, "lock") == 0) return kind->holder(task->subject) ? NULL : "a lock";
  if (strcmp(kind->action, "semaphore") == 0) return strstr(words, "(0 of") ? NULL : "a place";
  return NULL;
}

static bool event_is_lost(const struct ta_event_flag *event) {
  return event->is_set && !ta_list_empty(&event->named.waiting);
}

static bool channel_is_lost(const struct ta_channel *channel) {
  bool receivers = !ta_list_empty(&channel->named.waiting);
  bool senders = !ta_list_empty(&channel->senders);
  bool room = channel->count < channel->capacity || channel->closed;
  bool ready = channel->count > 0 || channel->closed || senders;
  return (receivers && ready) || (senders && room);
}

static void look_for_lost(struct subject *subject, lua_State *L) {
  const struct ta_event_flag *event = lua_touserdata(L, 1);
  const struct ta_channel *channels[] = {lua_touserdata(L, 2), lua_touserdata(L, 3)};
  if (event && event_is_lost(event)) FAULT(subject, "somebody waits for an event that is set");
  for (int i = 0; i < 2; i++)
    if (channels[i] && channel_is_lost(channels[i]))
      FAULT(subject, "somebody waits for a channel that is ready");
  for (struct ta_task *task = subject->runner->oldest; task;
       task = ta_task_newer(subject->runner, task)) {
    const char *lost = find_lost(task);
    if (lost) FAULT(subject, "somebody waits for a lock or a place that is free");
  }
}

/* How many of the Runner's coroutines nobody uses. */
static lua_Integer count_idle(struct ta_runner *runner, lua_State *L) {
  lua_Integer count = 0;
  ta_registry_push(runner, L, TA_REGISTRY_THREADS);
  lua_pushnil(L);
  for (; lua_next(L, -2); lua_pop(L, 1)) count += lua_isthread(L, -1);
  lua_pop(L, 1);
  for (const struct ta_task *task = runner->oldest; task; task = ta_task_newer(runner, task))
    count -= task->co != NULL;
  return count;
}

/* Is the Runner as it must be outside of passes?  Its L seems to be empty. */
static void walk(struct subject *subject, lua_State *L, bool ended) {
  struct ta_runner *runner = subject->runner;
  char why[sizeof subject->fault] = "";
  lua_settop(L, 0);
  if (!runner->L || runner->loading) return;
  if (ended ? !walk_ended_runner(runner, why, sizeof why) : !walk_runner(runner, why, sizeof why))
    FAULT(subject, "%s", why);
  if (count_idle(runner, L) != (lua_Integer)runner->pool.count)
    FAULT(subject, "a coroutine is nobody's");
}

/* look(event, channel, channel) */
static int l_look(lua_State *L) {
  struct subject *subject = subject_of(L);
  if (subject->runner->L) look_for_lost(subject, L);
  walk(subject, L, false);
  return 0;
}

static int l_look_at_end(lua_State *L) {
  walk(subject_of(L), L, true);
  return 0;
}

/* ------------------------------------------------------------------- scripts */

/* The two scripts, compiled once. */
static struct {
  const char *path;
  struct compiled compiled;
} scripts[] = {{.path = "tests/callback/world.lua"}, {.path = "tests/callback/calls.lua"}};

static void load_file(lua_State *L, const void *path) {
  if (luaL_loadfilex(L, path, "t") != LUA_OK) lua_error(L);
}

static void push_script(lua_State *L, int which) {
  const char *path = scripts[which].path;
  compiled_push(&scripts[which].compiled, L, path, load_file, path);
}

/* Pushes what world.lua returns. */
static void push_world(lua_State *L, struct subject *subject) {
  static const luaL_Reg functions[] = {
      {"point", l_point}, {"arm", l_arm},     {"disarm", l_disarm}, {"fault", l_fault},
      {"adopt", l_adopt}, {"wants", l_wants}, {"look", l_look},     {"look_at_end", l_look_at_end},
      {NULL, NULL}};
  push_script(L, 0);
  lua_newtable(L);
  lua_pushlightuserdata(L, subject);
  luaL_setfuncs(L, functions, 1);
  luaL_requiref(L, "tinyasync", luaopen_tinyasync, 0);
  push_script(L, 1);
  lua_call(L, 0, 1);
  lua_call(L, 3, 1);
}

/* ------------------------------------------------------------------- running */

/* (subject) */
static int l_run(lua_State *L) {
  struct subject *subject = lua_touserdata(L, 1);
  luaL_openlibs(L);
  push_world(L, subject);
  lua_getfield(L, -1, "run");
  lua_pushinteger(L, subject->call);
  lua_pushinteger(L, subject->action);
  lua_call(L, 2, 0);
  return 0;
}

/* A state whose collector does nothing, and then all at once. */
static bool open_state(struct subject *subject) {
  subject->memory = (struct memory){.grants = grants, .data = subject};
  subject->L = lua_newstate(memory_allocate, &subject->memory);
  if (!subject->L) return false;
  lua_gc(subject->L, LUA_GCINC, 100, 1000, 100);
  lua_gc(subject->L, LUA_GCSTOP);
  return true;
}

static bool attempt(struct subject *subject, lua_CFunction function) {
  lua_State *L = subject->L;
  lua_pushcfunction(L, function);
  lua_pushlightuserdata(L, subject);
  bool good = lua_pcall(L, 1, 0, 0) == LUA_OK;
  subject->armed = false;
  if (!good) FAULT(subject, "%s", luaL_tolstring(L, -1, NULL));
  lua_settop(L, 0);
  return good;
}

void subject_run(struct subject *subject) {
  memset(subject->seen, 0, sizeof subject->seen);
  subject->fault[0] = '\0';
  if (!open_state(subject)) return;
  attempt(subject, l_run);
  lua_close(subject->L);
  if (subject->memory.bytes) FAULT(subject, "bytes are lost");
}

/* --------------------------------------------------------------------- names */

static char *copy(const char *text) {
  size_t size = strlen(text) + 1;
  char *made = malloc(size);
  if (!made) abort();
  return memcpy(made, text, size);
}

static void copy_names(lua_State *L, const char *field, const char **names, size_t room) {
  size_t count = 0;
  lua_getfield(L, -1, field);
  for (; count + 1 < room && lua_rawgeti(L, -1, (lua_Integer)count + 1) == LUA_TSTRING; count++) {
    names[count] = copy(lua_tostring(L, -1));
    lua_pop(L, 1);
  }
  names[count] = NULL;
  lua_settop(L, 2);
}

struct lists {
  struct subject *subject;
  const char **calls;
  const char **actions;
  size_t room;
};

static int l_names(lua_State *L) {
  const struct lists *lists = *(struct lists **)lua_touserdata(L, 1);
  luaL_openlibs(L);
  push_world(L, lists->subject);
  copy_names(L, "calls", lists->calls, lists->room);
  copy_names(L, "actions", lists->actions, lists->room);
  return 0;
}

void subject_names(const char **calls, const char **actions, size_t room) {
  static struct subject subject;
  struct lists lists = {&subject, calls, actions, room};
  if (!open_state(&subject)) abort();
  lua_pushcfunction(subject.L, l_names);
  *(struct lists **)lua_newuserdatauv(subject.L, sizeof(void *), 0) = &lists;
  if (lua_pcall(subject.L, 1, 0, 0) != LUA_OK) {
    fprintf(stderr, "%s\n", lua_tostring(subject.L, -1));
    exit(EXIT_FAILURE);
  }
  lua_close(subject.L);
}
