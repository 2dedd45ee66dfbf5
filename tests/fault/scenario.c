/* SPDX-License-Identifier: MIT */
#include "fault/scenario.h"

#include <lauxlib.h>
#include <lualib.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_PASSES 10000

static const char script[] =
    "local closes = {__close = closed}\n"
    "local function guard()\n"
    "  local g = setmetatable({n = 0}, closes)\n"
    "  g.n = entered()\n" /* asks for no memory: from here on it must be closed */
    "  return g\n"
    "end\n"
    "package.preload.slow = function(name)\n"
    "  local g <close> = guard()\n"
    "  sleep(0.5)\n"
    "  return {name = name}\n"
    "end\n"
    "package.preload.broken = function() sleep(0.1) error('planned: module', 0) end\n"
    "local callable = setmetatable({}, {__call = function(self, s) sleep(s) log 'called' end})\n"
    "local object = setmetatable({}, {__tostring = function() return 'planned: object' end})\n"
    "local function numbers(n)\n"
    "  return coroutine.wrap(function()\n"
    "    for i = 1, n do sleep(0.1) coroutine.yield(i) end\n"
    "  end)\n"
    "end\n"
    "local function nest(depth)\n"
    "  local g <close> = guard()\n"
    "  if depth == 0 then sleep(1) return 'nested' end\n"
    "  return select(2, coroutine.resume(coroutine.create(nest), depth - 1))\n"
    "end\n"
    "spawn({name = 'nest'}, function() log(nest(3)) end)\n"
    "spawn(function() for i in numbers(3) do log(i) end end)\n"
    "spawn(callable, 0.2)\n"
    "spawn({daemon = true}, function()\n"
    "  local g <close> = guard()\n"
    "  while true do sleep(0.3) end\n"
    "end)\n"
    "spawn(function() local g <close> = guard() error(object) end)\n"
    "spawn(function() local g <close> = guard() sleep(0.1) error('planned: text', 0) end)\n"
    "spawn(function()\n"
    "  local slow <close> = setmetatable({}, {__close = function() sleep(0.1) log 'slow' end})\n"
    "  error('planned: after clean-up that waits', 0)\n"
    "end)\n"
    "spawn(error)\n"
    "for _ = 1, 3 do spawn(function() log(require 'slow'.name) end) end\n"
    "for _ = 1, 2 do spawn(function() log(pcall(require, 'broken')) end) end\n"
    "for i = 1, 20 do\n"
    "  spawn(function(a, b, ...)\n"
    "    local g <close> = guard()\n"
    "    sleep(a % 3 * 0.1)\n"
    "    spawn(async.checkpoint)\n"
    "  end, i, 'x', nil)\n"
    "end\n"
    "pcall(coroutine.yield, 12)\n"
    "pcall(coroutine.yield, {action = 'fly'})\n"
    "pcall(sleep, {})\n"
    "pcall(table.sort, {1, 2}, function() sleep(1) end)\n"
    "pcall(spawn, {unknown = 1}, log)\n"
    "pcall(require, 'no such module')\n"
    "coroutine.yield {action = 'sleep', delay = 0.05}\n"
    "local co = coroutine.create(function() local g <close> = guard() coroutine.yield(1) end)\n"
    "coroutine.resume(co)\n"
    "coroutine.close(co)\n"
    "pcall(coroutine.wrap(function() local g <close> = guard() sleep(0) error(object) end))\n"
    "local t = spawn(function() log(tostring(async.current())) end)\n"
    "sleep(0.7)\n"
    "log(t.name, t.id, (xpcall(error, debug.traceback, 'x')))\n"
    "collectgarbage()\n"
    "sleep(0.7)\n"
    "error('planned: end', 0)\n";

void scenario_fault(struct scenario *scenario, const char *format, ...) {
  va_list arguments;
  if (scenario->fault) return;
  va_start(arguments, format);
  vsnprintf(scenario->words, sizeof scenario->words, format, arguments);
  va_end(arguments);
  scenario->fault = scenario->words;
}

static void add_to_log(struct scenario *scenario, const char *text) {
  size_t length = strlen(scenario->log);
  snprintf(scenario->log + length, sizeof scenario->log - length, "%s ", text);
}

/* ------------------------------------------------------------------ memory */

static bool refuses(struct scenario *scenario) {
  uint64_t number = ++scenario->requests;
  switch (scenario->refusal) {
  case REFUSE_ONE:
    return number == scenario->nth;
  case REFUSE_TWO:
    return number == scenario->nth || number == scenario->nth + 1;
  case REFUSE_REST:
    return number >= scenario->nth;
  default:
    return false;
  }
}

/* Every block really moves, so that a pointer kept too long is noticed. */
static void *allocate(void *data, void *block, size_t old, size_t size) {
  struct scenario *scenario = data;
  if (!block) old = 0; /* it is a type tag then */
  if (size == 0) {
    free(block);
    scenario->bytes -= old;
    return NULL;
  }
  if (size > old && refuses(scenario)) {
    scenario->refused = true;
    return NULL;
  }
  void *moved = malloc(size);
  if (!moved) return NULL;
  if (block) memcpy(moved, block, old < size ? old : size);
  free(block);
  scenario->bytes += size - old;
  return moved;
}

/* Nothing of ours may raise outside a protected call. */
static int on_panic(lua_State *L) {
  struct scenario *scenario;
  lua_getallocf(L, (void **)&scenario);
  scenario_fault(scenario, "panic: %s", lua_tostring(L, -1));
  longjmp(scenario->panic, 1);
}

/* --------------------------------------------------------------------- host */

static double read_clock(void *data) {
  return ((struct scenario *)data)->now;
}

static bool nothing_pending(void *data) {
  (void)data;
  return false;
}

static bool is_expected(const char *message) {
  return strstr(message, "planned") || strstr(message, "not enough memory") ||
         strcmp(message, "(error object is a nil value)") == 0;
}

static void on_failure(void *data, const struct ta_failure *failure) {
  struct scenario *scenario = data;
  if (!is_expected(failure->message))
    scenario_fault(scenario, "unexpected failure of #%d: %s", (int)failure->id, failure->message);
  if (strlen(failure->message) != failure->message_length)
    scenario_fault(scenario, "a message's length is wrong");
  add_to_log(scenario, failure->message);
}

/* Reads all strings of an event, so that a bad one is noticed. */
static void on_event(void *data, const struct ta_event *event) {
  struct scenario *scenario = data;
  const char *const texts[] = {event->name, event->action, event->detail, event->where};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    if (texts[i] && strlen(texts[i]) > 4096) scenario_fault(scenario, "a strange event");
  if (event->kind == TA_EVENT_STEP && ++scenario->steps == scenario->stop_at)
    ta_interrupt(scenario->runner);
}

/* ------------------------------------------------------ what the script calls */

static struct scenario *scenario_of(lua_State *L) {
  return lua_touserdata(L, lua_upvalueindex(1));
}

static int l_log(lua_State *L) {
  for (int i = 1, count = lua_gettop(L); i <= count; i++)
    add_to_log(scenario_of(L), luaL_tolstring(L, i, NULL));
  return 0;
}

static int l_entered(lua_State *L) {
  lua_pushinteger(L, scenario_of(L)->entered++);
  return 1;
}

static int l_closed(lua_State *L) {
  lua_getfield(L, 1, "n");
  scenario_of(L)->closed[lua_tointeger(L, -1) % GUARDS]++;
  return 0;
}

static int l_start(lua_State *L) {
  static const luaL_Reg functions[] = {
      {"log", l_log}, {"entered", l_entered}, {"closed", l_closed}, {NULL, NULL}};
  struct scenario *scenario = lua_touserdata(L, 1);
  struct ta_host host = {.data = scenario, .now = read_clock, .pending = nothing_pending};
  luaL_openlibs(L);
  lua_pushglobaltable(L);
  lua_pushvalue(L, 1);
  luaL_setfuncs(L, functions, 1);
  scenario->runner = ta_runner_new(L, &host);
  ta_open(scenario->runner, L, TA_OPEN_ALL);
  ta_on_failure(scenario->runner, on_failure, scenario);
  ta_on_event(scenario->runner, on_event, scenario);
  if (luaL_loadbuffer(L, script, sizeof script - 1, "=scenario") != LUA_OK) return lua_error(L);
  ta_add_task(scenario->runner, L, 0, NULL);
  return 0;
}

/* ------------------------------------------------------------------ running */

static bool start(struct scenario *scenario) {
  lua_State *L = scenario->L;
  lua_pushcfunction(L, l_start);
  lua_pushlightuserdata(L, scenario);
  if (lua_pcall(L, 1, 0, 0) == LUA_OK) return true;
  const char *message = lua_tostring(L, -1);
  if (!message || !strstr(message, "not enough memory"))
    scenario_fault(scenario, "not started: %s", message ? message : "an error that is no string");
  lua_pop(L, 1);
  return false;
}

static enum outcome drive(struct scenario *scenario) {
  double deadline;
  for (int passes = 0; passes < MOST_PASSES; passes++) {
    enum ta_pass_result result = ta_pass(scenario->runner, &deadline);
    if (lua_gettop(scenario->L) != 0) scenario_fault(scenario, "a pass left values on the stack");
    if (result == TA_DONE) return ENDED;
    if (result == TA_INTERRUPTED) return STOPPED;
    if (result == TA_WAITING) scenario->now = deadline;
    if (result == TA_STUCK || result == TA_REENTERED) {
      scenario_fault(scenario, "a pass returned %d", (int)result);
      return ENDED;
    }
  }
  scenario_fault(scenario, "it never ends");
  return ENDED;
}

enum outcome scenario_run(struct scenario *scenario) {
  scenario->L = lua_newstate(allocate, scenario);
  if (!scenario->L) return NOT_STARTED;
  lua_atpanic(scenario->L, on_panic);
  if (setjmp(scenario->panic)) return ENDED;
  return start(scenario) ? drive(scenario) : NOT_STARTED;
}

void scenario_end(struct scenario *scenario) {
  if (scenario->L && !scenario->fault) {
    if (setjmp(scenario->panic)) return;
    if (scenario->runner) {
      ta_cancel_all(scenario->runner);
      if (ta_live(scenario->runner)) scenario_fault(scenario, "tasks are left after cancelling");
      ta_runner_free(scenario->runner);
    }
    lua_close(scenario->L);
  }
  if (!scenario->fault && scenario->bytes)
    scenario_fault(scenario, "%zu bytes are lost", scenario->bytes);
}

int scenario_unclosed(const struct scenario *scenario) {
  int count = 0;
  for (int i = 0; i < GUARDS; i++) count += scenario->closed[i] != (i < scenario->entered);
  return count;
}
