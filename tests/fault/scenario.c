/* SPDX-License-Identifier: MIT */
#include "fault/scenario.h"

#include <lauxlib.h>
#include <lualib.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_PASSES 10000
#define MOST_GRACE 1000 /* passes */

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

static bool grants(void *data, size_t old, size_t size) {
  struct scenario *scenario = data;
  (void)old, (void)size;
  bool refused = refuses(scenario);
  scenario->refused |= refused;
  return !refused;
}

/* Nothing of ours may raise outside a protected call. */
static int on_panic(lua_State *L) {
  struct memory *memory;
  lua_getallocf(L, (void **)&memory);
  struct scenario *scenario = memory->data;
  scenario_fault(scenario, "panic: %s", lua_tostring(L, -1));
  longjmp(scenario->panic, 1);
}

/* --------------------------------------------------------------------- host */

static double read_clock(void *data) {
  return ((struct scenario *)data)->now;
}

static bool is_expected(const struct ta_failure *failure) {
  const char *message = failure->message;
  if (strstr(message, "ended while it held")) return failure->kind == TA_FAILURE_OTHER;
  return strstr(message, "planned") || strstr(message, "not enough memory") ||
         strcmp(message, "(error object is a nil value)") == 0;
}

static void check_text(struct scenario *scenario, const char *text) {
  if (text && strlen(text) > 16384) scenario_fault(scenario, "a strange text");
}

static void on_failure(void *data, const struct ta_failure *failure) {
  struct scenario *scenario = data;
  if (!is_expected(failure) && scenario->ending != END_BY_CLOSING)
    scenario_fault(scenario, "unexpected failure of #%d: %s", (int)failure->id, failure->message);
  if (strlen(failure->message) != failure->message_length)
    scenario_fault(scenario, "a message's length is wrong");
  check_text(scenario, failure->name);
  check_text(scenario, failure->traceback);
  check_text(scenario, failure->spawned);
  check_text(scenario, failure->origin);
  add_to_log(scenario, failure->message);
}

/* Reads all strings of an event, so that a bad one is noticed. */
static void on_event(void *data, const struct ta_trace_event *event) {
  struct scenario *scenario = data;
  check_text(scenario, event->name);
  check_text(scenario, event->by_name);
  check_text(scenario, event->action);
  check_text(scenario, event->subject);
  check_text(scenario, event->message);
  check_text(scenario, event->origin);
  check_text(scenario, event->where);
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

/* The text of a script, read once and outside the state's memory. */
static const char *script_text(const char *name) {
  static struct {
    const char *name;
    char text[8192];
  } texts[16];
  size_t i = 0;
  while (texts[i].name && strcmp(texts[i].name, name) != 0) i++;
  if (texts[i].name) return texts[i].text;
  char path[256];
  snprintf(path, sizeof path, "tests/fault/%s.lua", name);
  FILE *file = fopen(path, "r");
  if (!file) {
    perror(path);
    exit(EXIT_FAILURE);
  }
  texts[i].text[fread(texts[i].text, 1, sizeof texts[i].text - 1, file)] = '\0';
  fclose(file);
  texts[i].name = name;
  return texts[i].text;
}

static void load(lua_State *L, const char *name) {
  const char *text = script_text(name);
  char chunk[64];
  snprintf(chunk, sizeof chunk, "=%s", name);
  if (luaL_loadbuffer(L, text, strlen(text), chunk) != LUA_OK) lua_error(L);
}

static int l_start(lua_State *L) {
  static const luaL_Reg functions[] = {
      {"log", l_log}, {"entered", l_entered}, {"closed", l_closed}, {NULL, NULL}};
  struct scenario *scenario = lua_touserdata(L, 1);
  struct ta_host host = {.data = scenario, .now = read_clock};
  struct ta_task_options options = {.name = "main", .origin = scenario->chapter};
  luaL_openlibs(L);
  lua_pushglobaltable(L);
  lua_pushvalue(L, 1);
  luaL_setfuncs(L, functions, 1);
  scenario->runner = ta_runner_new(L, &host);
  ta_open(scenario->runner, L, TA_OPEN_ALL | TA_OPEN_REUSE);
  ta_on_failure(scenario->runner, on_failure, scenario);
  ta_on_event(scenario->runner, on_event, scenario);
  load(L, "common");
  lua_call(L, 0, 0);
  load(L, scenario->chapter);
  scenario->begun_at = scenario->requests;
  ta_add_task(scenario->runner, L, 0, &options);
  return 0;
}

/* ------------------------------------------------------------------ running */

/* Does what may raise; only memory may be why. */
static bool attempt(struct scenario *scenario, lua_CFunction function) {
  lua_State *L = scenario->L;
  lua_pushcfunction(L, function);
  lua_pushlightuserdata(L, scenario);
  if (lua_pcall(L, 1, 0, 0) == LUA_OK) return true;
  const char *message = lua_tostring(L, -1);
  if (!message || !strstr(message, "not enough memory"))
    scenario_fault(scenario, "it raised: %s", message ? message : "an error that is no string");
  lua_pop(L, 1);
  return false;
}

/* All reports, one after the other. */
static int l_report(lua_State *L) {
  struct scenario *scenario = lua_touserdata(L, 1);
  for (int kind = TA_REPORT_TREE; kind <= TA_REPORT_NAMES; kind++) {
    ta_push_report(scenario->runner, L, (enum ta_report_kind)kind);
    if (lua_rawlen(L, -1) == 0) scenario_fault(scenario, "an empty report");
  }
  return 0;
}

/* Nothing can wake the tasks: they are cancelled, and at last closed. */
static void get_unstuck(struct scenario *scenario, unsigned times) {
  bool reported = attempt(scenario, l_report);
  add_to_log(scenario, reported ? "stuck" : "stuck: not enough memory");
  if (times == 1)
    ta_cancel_all(scenario->runner, "deadlock");
  else
    ta_close_all(scenario->runner);
}

static enum outcome drive(struct scenario *scenario, int passes) {
  double deadline;
  unsigned stuck = 0;
  while (passes-- > 0) {
    enum ta_pass_result result = ta_pass(scenario->runner, &deadline);
    if (lua_gettop(scenario->L) != 0) scenario_fault(scenario, "a pass left values on the stack");
    if (result == TA_DONE) return ENDED;
    if (result == TA_INTERRUPTED) return STOPPED;
    if (result == TA_REENTERED) scenario_fault(scenario, "a pass was refused");
    if (result == TA_WAITING) scenario->now = deadline;
    if (result == TA_STUCK) get_unstuck(scenario, ++stuck);
  }
  scenario_fault(scenario, "it never ends");
  return ENDED;
}

enum outcome scenario_run(struct scenario *scenario) {
  scenario->memory = (struct memory){.moves = true, .grants = grants, .data = scenario};
  scenario->L = lua_newstate(memory_allocate, &scenario->memory);
  if (!scenario->L) return NOT_STARTED;
  lua_atpanic(scenario->L, on_panic);
  if (setjmp(scenario->panic)) return ENDED;
  return attempt(scenario, l_start) ? drive(scenario, MOST_PASSES) : NOT_STARTED;
}

/* Lets all unwind, daemons too. */
static void cancel(struct scenario *scenario) {
  ta_cancel_all(scenario->runner, "the end");
  for (int passes = 0; passes < MOST_GRACE && ta_live(scenario->runner); passes++)
    drive(scenario, MOST_GRACE);
}

static void end_runner(struct scenario *scenario) {
  if (scenario->ending == END_WITH_STATE) return;
  if (scenario->ending == END_BY_CANCELLING) cancel(scenario);
  if (scenario->ending != END_BY_FREEING) {
    ta_close_all(scenario->runner);
    if (ta_live(scenario->runner)) scenario_fault(scenario, "tasks are left after closing");
  }
  ta_runner_free(scenario->runner);
  if (scenario->refusal == REFUSE_NONE) lua_gc(scenario->L, LUA_GCCOLLECT);
}

void scenario_end(struct scenario *scenario) {
  if (scenario->L && !scenario->fault) {
    if (setjmp(scenario->panic)) return;
    if (scenario->runner) end_runner(scenario);
    lua_close(scenario->L);
  }
  if (!scenario->fault && scenario->memory.bytes)
    scenario_fault(scenario, "%zu bytes are lost", scenario->memory.bytes);
}

int scenario_unclosed(const struct scenario *scenario) {
  int count = 0;
  for (int i = 0; i < GUARDS; i++) count += scenario->closed[i] != (i < scenario->entered);
  return count;
}

bool scenario_overclosed(const struct scenario *scenario) {
  for (int i = 0; i < GUARDS; i++)
    if (scenario->closed[i] > (i < scenario->entered)) return true;
  return false;
}
