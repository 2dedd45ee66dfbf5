/* SPDX-License-Identifier: MIT */
#include "inject/subject.h"

#include <errno.h>
#include <lauxlib.h>
#include <lualib.h>
#include <math.h>
#include <string.h>

#include "kit/fault.h"
#include "library/coroutine.h"

/* A script that does not end by itself is taken to be endless after so many. */
#define MOST_STEPS 200000
#define MOST_PASSES 20000
#define MOST_GRACE 3000 /* passes */

/* --------------------------------------------------------------------- host */

static double read_clock(void *data) {
  return ((struct subject *)data)->now;
}

/* A step that does not end: all is over. */
static void preempted(void *data, lua_State *L) {
  struct subject *subject = data;
  ta_force_end(subject->runner);
  ta_raise_cancellation(subject->runner, L);
}

void subject_look_after(struct subject *subject) {
  if (subject->runner && subject->beats == subject->steps) ta_preempt(subject->runner);
  subject->beats = subject->steps;
}

/* Words that only a mistake of ours could bring. */
static void on_failure(void *data, const struct ta_failure *failure) {
  static const char *const odd[] = {"(tinyasync)", "error in error handling",
                                    "resumed or closed by somebody else"};
  struct subject *subject = data;
  for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
    if (strstr(failure->message, odd[i])) subject->odd++;
}

static void on_event(void *data, const struct ta_trace_event *event) {
  struct subject *subject = data;
  if (event->kind != TA_EVENT_STEP) return;
  if (subject->steps < subject->room) subject->takers[subject->steps] = event->task;
  subject->steps++;
  if (subject->steps == subject->stop_after || subject->steps >= MOST_STEPS)
    ta_interrupt(subject->runner);
}

/* ------------------------------------------------------ what the script calls */

static struct subject *subject_of(lua_State *L) {
  return lua_touserdata(L, lua_upvalueindex(1));
}

static int l_entered(lua_State *L) {
  subject_of(L)->entered++;
  return 0;
}

static int l_closed(lua_State *L) {
  subject_of(L)->closed++;
  return 0;
}

/* Does a task run, and in its own coroutine? */
static int l_in_body(lua_State *L) {
  const struct ta_runner *runner = subject_of(L)->runner;
  lua_pushboolean(L, ta_in_task(runner, L) && runner->level->depth == 1);
  return 1;
}

/* os.exit: all ends, and the caller here. */
static int l_leave(lua_State *L) {
  struct ta_runner *runner = subject_of(L)->runner;
  if (!runner) return 0; /* in a finalizer at the end of the state */
  ta_cancel_all(runner, "exit");
  ta_cancel_running(runner);
  ta_raise_cancellation(runner, L);
  return 0;
}

static void load(lua_State *L, const char *path) {
  if (luaL_loadfilex(L, path, "t") != LUA_OK) lua_error(L);
}

static int l_start(lua_State *L) {
  static const luaL_Reg functions[] = {{"entered", l_entered},
                                       {"closed", l_closed},
                                       {"in_body", l_in_body},
                                       {"leave", l_leave},
                                       {NULL, NULL}};
  struct subject *subject = lua_touserdata(L, 1);
  struct ta_host host = {.data = subject, .now = read_clock, .preempted = preempted};
  luaL_openlibs(L);
  lua_pushglobaltable(L);
  lua_pushvalue(L, 1);
  luaL_setfuncs(L, functions, 1);
  lua_newtable(L);
  lua_setglobal(L, "arg");
  subject->runner = ta_runner_new(L, &host);
  ta_open(subject->runner, L, TA_OPEN_ALL | TA_OPEN_REUSE);
  ta_on_failure(subject->runner, on_failure, subject);
  ta_on_event(subject->runner, on_event, subject);
  load(L, "tests/inject/harness.lua");
  lua_call(L, 0, 1);
  load(L, subject->path);
  ta_add_task(subject->runner, L, 1, NULL);
  return 0;
}

/* Calls with the subject and a number; an error is a fault. */
static bool call(struct subject *subject, lua_CFunction function, lua_Integer number) {
  lua_State *L = subject->L;
  lua_pushcfunction(L, function);
  lua_pushlightuserdata(L, subject);
  lua_pushinteger(L, number);
  bool good = lua_pcall(L, 2, 0, 0) == LUA_OK;
  if (!good) {
    FAULT(subject, "it raised: %s", lua_tostring(L, -1));
    lua_pop(L, 1);
  }
  return good;
}

static int l_report(lua_State *L) {
  const struct subject *subject = lua_touserdata(L, 1);
  ta_push_report(subject->runner, L, (enum ta_report_kind)lua_tointeger(L, 2));
  return 0;
}

static int l_cancel(lua_State *L) {
  lua_getglobal(L, "async");
  lua_getfield(L, -1, "tasks");
  lua_call(L, 0, 1);
  for (lua_Integer i = 1; lua_rawgeti(L, -1, i) != LUA_TNIL; i++) {
    lua_getfield(L, -1, "id");
    bool found = lua_tointeger(L, -1) == lua_tointeger(L, 2);
    lua_pop(L, 1);
    if (found) {
      lua_getfield(L, -1, "cancel");
      lua_pushvalue(L, -2);
      lua_pushliteral(L, "injected");
      lua_call(L, 2, 0);
      return 0;
    }
    lua_pop(L, 1);
  }
  return 0;
}

void subject_cancel(struct subject *subject, uint64_t id) {
  call(subject, l_cancel, (lua_Integer)id);
}

/* ------------------------------------------------------------------ running */

/* Passes, the clock jumping, until nothing more is to come. */
static enum reached drive(struct subject *subject, int passes) {
  double deadline;
  while (passes-- > 0 && subject->steps < MOST_STEPS) {
    enum ta_pass_result result = ta_pass(subject->runner, &deadline);
    if (lua_gettop(subject->L) != 0) FAULT(subject, "a pass left values on the stack");
    if (result == TA_INTERRUPTED) return SUBJECT_STOPPED;
    if (result == TA_STUCK || result == TA_DONE) return SUBJECT_ENDED;
    if (result == TA_WAITING && isinf(deadline)) return SUBJECT_ENDED;
    if (result == TA_WAITING) subject->now = deadline;
  }
  return SUBJECT_ENDED;
}

enum reached subject_run(struct subject *subject) {
  subject->L = lua_newstate(memory_allocate, &subject->memory);
  if (!subject->L || !call(subject, l_start, 0)) return SUBJECT_NOT_STARTED;
  return drive(subject, MOST_PASSES);
}

void subject_go_on(struct subject *subject) {
  subject->stop_after = 0;
  drive(subject, MOST_PASSES);
}

/* Passes until all have unwound, or nothing can wake what is left. */
static void unwind(struct subject *subject) {
  double deadline;
  for (int passes = 0; passes < MOST_GRACE && ta_live(subject->runner); passes++) {
    enum ta_pass_result result = ta_pass(subject->runner, &deadline);
    if (result == TA_STUCK || (result == TA_WAITING && isinf(deadline))) return;
    if (result == TA_WAITING || result == TA_DONE) subject->now = fmax(subject->now, deadline);
  }
}

static void check_nothing_left(struct subject *subject) {
  const struct ta_runner *runner = subject->runner;
  if (ta_live(runner)) FAULT(subject, "%zu tasks are left", ta_live(runner));
  if (runner->timers.count) FAULT(subject, "%zu timers are armed", runner->timers.count);
  if (runner->endless) FAULT(subject, "%zu endless sleeps are left", runner->endless);
  if (runner->deadlines) FAULT(subject, "%zu deadlines are left", runner->deadlines);
  if (runner->daemons) FAULT(subject, "%zu daemons are left", runner->daemons);
  if (runner->loading) FAULT(subject, "a module is still being loaded");
  if (runner->ready.head || runner->turn.head) FAULT(subject, "an ended task is queued");
}

/* What is kept for each task or cancellation is gone. */
static int l_check_kept(lua_State *L) {
  static const struct {
    int which;
    const char *what;
  } kept[] = {{TA_REGISTRY_CAUSES, "cancellations"},
              {TA_REGISTRY_NOTES, "errors"},
              {TA_REGISTRY_LOCALS, "task-locals"}};
  struct subject *subject = lua_touserdata(L, 1);
  for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
    int count = 0;
    ta_registry_push(subject->runner, L, kept[i].which);
    lua_pushnil(L);
    for (; lua_next(L, -2); lua_pop(L, 1))
      count += !lua_islightuserdata(L, -2) || lua_touserdata(L, -2) != subject->runner;
    if (count) FAULT(subject, "%d %s are still kept", count, kept[i].what);
  }
  return 0;
}

void subject_end(struct subject *subject) {
  if (!subject->runner) {
    if (subject->L) lua_close(subject->L);
    return;
  }
  for (int kind = TA_REPORT_TREE; kind <= TA_REPORT_NAMES; kind++) call(subject, l_report, kind);
  ta_cancel_all(subject->runner, "injected");
  unwind(subject);
  while (ta_close_all(subject->runner) == -EINTR) continue; /* interrupted after a step */
  check_nothing_left(subject);
  call(subject, l_check_kept, 0);
  ta_runner_free(subject->runner);
  subject->runner = NULL;
  lua_close(subject->L);
  if (subject->memory.bytes) FAULT(subject, "%zu bytes are lost", subject->memory.bytes);
}
