/* SPDX-License-Identifier: MIT */
#include "words/failure.h"

#include <stdio.h>
#include <string.h>

#include "tinyasync_lib.h"
#include "words/lineage.h"
#include "words/names.h"
#include "words/task_name.h"
#include "words/trace.h"
#include "words/traceback.h"
#include "words/wording.h"

/* ---------------------------------------------------------------- described */

/* Pushes the line that the traceback at `index` begins with, or nil. */
static void push_where(lua_State *L, int index) {
  const char *line = lua_tostring(L, index);
  while (line && (line = strstr(line, "\n\t"))) {
    line += 2;
    const char *end = strstr(line, ": in ");
    if (end && *line != '[') {
      lua_pushlstring(L, line, (size_t)(end - line));
      return;
    }
  }
  lua_pushnil(L);
}

/* Pushes the traceback of the known at `known`, or nil when it has none. */
static void push_traceback(lua_State *L, int known) {
  ta_push_text(L, known);
  if (*lua_tostring(L, -1) == '\0') {
    lua_pop(L, 1);
    lua_pushnil(L);
    return;
  }
  lua_pushliteral(L, "stack traceback:");
  lua_insert(L, -2);
  lua_concat(L, 2);
}

/* A failure in words: a userdata, whose user values are its strings. */
struct description {
  struct ta_failure failure;
  const char *where;
};

enum { MESSAGE = 1, TRACEBACK, SPAWNED, WHERE, ORIGIN, STRINGS = ORIGIN };

/* Pops a string, or nil, and has the description at `index` keep it. */
static const char *keep(lua_State *L, int index, int which) {
  const char *text = lua_tostring(L, -1);
  lua_setiuservalue(L, index, which);
  return text;
}

/* Pushes the description of the failure of the task, whose error object is at `index`.  Runs
 * __tostring. */
static struct description *push_description(struct ta_runner *runner, lua_State *L,
                                            struct ta_task *task, int index) {
  ta_check_stack(L, LUA_MINSTACK);
  index = lua_absindex(L, index);
  struct description *words = lua_newuserdatauv(L, sizeof *words, STRINGS);
  *words = (struct description){.where = NULL};
  int base = lua_gettop(L);
  ta_task_push(runner, L, task);
  ta_push_note(runner, L, task, index, base + 1);
  int known = base + 2;
  ta_push_message(L, index);
  words->failure.message = lua_tolstring(L, -1, &words->failure.message_length);
  keep(L, base, MESSAGE);
  push_traceback(L, known);
  push_where(L, -1);
  words->where = keep(L, base, WHERE);
  words->failure.traceback = keep(L, base, TRACEBACK);
  ta_push_record(runner, L, task);
  ta_push_chain(L);
  words->failure.spawned = keep(L, base, SPAWNED);
  ta_push_note_origin(L, known);
  words->failure.origin = keep(L, base, ORIGIN);
  lua_settop(L, base);
  return words;
}

int ta_describe_end(struct ta_runner *runner, lua_State *L, struct ta_task *task) {
  int index = lua_gettop(L);
  if (ta_task_is_awaited(task) && !ta_tracing(runner)) {
    ta_check_stack(L, LUA_MINSTACK);
    ta_task_push(runner, L, task);
    ta_push_note(runner, L, task, index, index + 1);
    ta_push_text(L, -1); /* so that no dead coroutine is kept for it */
    lua_settop(L, index);
    if (ta_task_is_awaited(task)) return 1; /* a finalizer may have cancelled who did */
  }
  push_description(runner, L, task, index);
  return 2;
}

/* ------------------------------------------------------------------- told */

/* Tells the host, be it for the first time or not. */
static void tell(const struct ta_runner *runner, const struct ta_task *task,
                 struct ta_failure *failure) {
  ta_name_shown name;
  failure->id = ta_task_id(task);
  failure->missed = runner->missed;
  failure->name = ta_shown_name(task, name);
  runner->failure(runner->failure_data, failure);
}

/* Tells of the task's failure if nobody awaits it, and the trace in any case. */
static void report(struct ta_runner *runner, struct ta_task *task, struct ta_failure *failure,
                   const char *where) {
  bool is_known = task->reported;
  failure->kind = is_known ? TA_FAILURE_KNOWN : TA_FAILURE_ERROR;
  if (ta_tracing(runner)) ta_trace_error(runner, task, failure, where);
  bool told = ta_task_is_awaited(task);
  task->reported = is_known || !told;
  if (task->reported) ta_note_reported(runner, task);
  if (!told && runner->failure) tell(runner, task, failure);
}

void ta_report_failure_of(struct ta_runner *runner, struct ta_task *task, lua_State *co) {
  struct description *words = lua_touserdata(co, -1);
  report(runner, task, &words->failure, words->where);
}

/* What is left to say when even describing a failure failed: the error object on top. */
static void report_bare(struct ta_runner *runner, struct ta_task *task) {
  struct ta_failure failure = {.message = "not enough memory"};
  failure.message_length = strlen(failure.message);
  if (lua_type(runner->L, -1) == LUA_TSTRING)
    failure.message = lua_tolstring(runner->L, -1, &failure.message_length);
  report(runner, task, &failure, NULL);
}

/* (task, Runner, error object) -> its description */
static int l_describe(lua_State *L) {
  push_description(lua_touserdata(L, 2), L, lua_touserdata(L, 1), 3);
  return 1;
}

void ta_report_error(struct ta_runner *runner, struct ta_task *task) {
  lua_State *L = runner->L;
  int top = lua_gettop(L);
  lua_pushcfunction(L, l_describe);
  lua_pushlightuserdata(L, task);
  lua_pushlightuserdata(L, runner);
  lua_pushvalue(L, top);
  if (lua_pcall(L, 3, 1, 0) == LUA_OK)
    ta_report_failure_of(runner, task, L);
  else
    report_bare(runner, task);
  lua_settop(L, top);
}

void ta_report_refused(struct ta_runner *runner, struct ta_task *task) {
  report_bare(runner, task);
}

/* (task object) -> message and text of its failure */
static int l_describe_ended(lua_State *L) {
  lua_getiuservalue(L, 1, TA_TASK_OUTCOME);
  ta_push_message(L, -1);
  ta_push_note_text(L, 1);
  lua_pushliteral(L, "stack traceback:");
  lua_insert(L, -2);
  lua_concat(L, 2);
  return 2;
}

void ta_report_abandoned(struct ta_runner *runner, struct ta_task *task) {
  lua_State *L = runner->L;
  struct ta_failure failure = {.kind = TA_FAILURE_ERROR, .message = "not enough memory"};
  failure.message_length = strlen(failure.message);
  task->reported = true;
  if (!runner->failure) return;
  int top = lua_gettop(L);
  lua_pushcfunction(L, l_describe_ended);
  ta_task_push(runner, L, task);
  if (lua_pcall(L, 1, 2, 0) == LUA_OK) {
    failure.message = lua_tolstring(L, top + 1, &failure.message_length);
    failure.traceback = lua_tostring(L, top + 2);
  }
  tell(runner, task, &failure);
  lua_settop(L, top);
}

static int l_find_name(lua_State *L) {
  ta_push_task_name(L, 1);
  return 0;
}

void ta_report_other(struct ta_runner *runner, const struct ta_task *task, const char *message,
                     size_t length) {
  lua_State *L = runner->L;
  if (!L || !runner->failure) return;
  if (!ta_task_name(task)) {
    lua_pushcfunction(L, l_find_name);
    ta_task_push(runner, L, task);
    if (lua_pcall(L, 1, 0, 0) != LUA_OK) lua_pop(L, 1);
  }
  struct ta_failure failure = {
      .kind = TA_FAILURE_OTHER, .message = message, .message_length = length};
  tell(runner, task, &failure);
}

/* ------------------------------------------------------------ for who prints */

static void write_string(ta_write_fn *write, void *data, const char *text) {
  write(data, text, strlen(text));
}

static void write_line(ta_write_fn *write, void *data, const char *text) {
  if (!text) return;
  write_string(write, data, text);
  write_string(write, data, "\n");
}

static void write_task(const char *before, uint64_t id, ta_write_fn *write, void *data) {
  char text[48];
  snprintf(text, sizeof text, "%s#%llu ", before, (unsigned long long)id);
  write_string(write, data, text);
}

static void write_known(const struct ta_failure *failure, ta_write_fn *write, void *data) {
  write_task(" (", failure->id, write, data);
  write_string(write, data, failure->name);
  write_string(write, data, " awaited ");
  write_string(write, data, failure->origin ? failure->origin : "a task");
  write_string(write, data, ", reported above)");
}

void ta_write_failure(const struct ta_failure *failure, ta_write_fn *write, void *data) {
  write_string(write, data, "Error in task: ");
  write(data, failure->message, failure->message_length);
  if (failure->kind == TA_FAILURE_KNOWN) write_known(failure, write, data);
}

void ta_write_failure_lines(const struct ta_failure *failure, ta_write_fn *write, void *data) {
  if (failure->kind == TA_FAILURE_KNOWN) return;
  if (failure->origin)
    write_string(write, data, "task ");
  else
    write_task("task ", failure->id, write, data);
  write_line(write, data, failure->origin ? failure->origin : failure->name);
  write_line(write, data, failure->traceback);
  write_line(write, data, failure->spawned);
}
