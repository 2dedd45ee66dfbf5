/* SPDX-License-Identifier: MIT */
#include "words/failure.h"

#include <lauxlib.h>
#include <string.h>

#include "words/lineage.h"
#include "words/names.h"
#include "words/task_name.h"
#include "words/trace.h"
#include "words/traceback.h"

#define FIELDS_SHOWN 8 /* of a table that is an error */

/* ----------------------------------------------------------------- in words */

static int l_tostring(lua_State *L) {
  luaL_tolstring(L, 1, NULL);
  return 1;
}

/* Integers come before strings; a key of another type is not shown. */
static bool is_shown(lua_State *L, int key) {
  return lua_isinteger(L, key) || lua_type(L, key) == LUA_TSTRING;
}

static bool comes_before(lua_State *L, int key, int other) {
  if (lua_type(L, key) != lua_type(L, other)) return lua_type(L, key) == LUA_TNUMBER;
  return lua_compare(L, key, other, LUA_OPLT);
}

/* Pushes the first keys of the table at `index` in order, at most FIELDS_SHOWN:
 * they stay while memory is asked for and finalizers change the table.  Returns
 * whether there are more. */
static bool push_keys(lua_State *L, int index) {
  int first = lua_gettop(L) + 1;
  bool more = false;
  lua_pushnil(L);
  while (lua_next(L, index)) {
    int key = lua_gettop(L) - 1, place = key;
    lua_pop(L, 1);
    if (is_shown(L, key)) {
      lua_pushvalue(L, key);
      while (place > first && comes_before(L, key + 1, place - 1)) place--;
      lua_insert(L, place);
    }
    if (lua_gettop(L) - first > FIELDS_SHOWN) {
      lua_remove(L, first + FIELDS_SHOWN);
      more = true;
    }
  }
  return more;
}

/* Pushes "code = 5" for the key at `key`. */
static void push_field(lua_State *L, int index, int key) {
  lua_pushvalue(L, key);
  int type = lua_rawget(L, index);
  if (type == LUA_TSTRING)
    lua_pushfstring(L, "\"%s\"", lua_tostring(L, -1));
  else if (type == LUA_TNUMBER || type == LUA_TBOOLEAN)
    luaL_tolstring(L, -1, NULL);
  else
    lua_pushstring(L, luaL_typename(L, -1));
  lua_remove(L, -2);
  const char *format = lua_type(L, key) == LUA_TSTRING ? "%s = " : "[%s] = ";
  lua_pushvalue(L, key);
  lua_pushfstring(L, format, lua_tostring(L, -1));
  lua_replace(L, -2);
  lua_insert(L, -2);
  lua_concat(L, 2);
}

/* Pushes "(error object is a table value: {code = 5})". */
static void push_table_message(lua_State *L, int index) {
  luaL_checkstack(L, FIELDS_SHOWN + LUA_MINSTACK, NULL);
  int top = lua_gettop(L);
  bool more = push_keys(L, index);
  int last = lua_gettop(L);
  lua_pushliteral(L, "(error object is a table value");
  for (int key = top + 1; key <= last; key++) {
    lua_pushstring(L, key > top + 1 ? ", " : ": {");
    push_field(L, index, key);
    lua_concat(L, 3);
  }
  lua_pushstring(L, more ? ", ...})" : last > top ? "})" : ")");
  lua_concat(L, 2);
  lua_insert(L, top + 1);
  lua_settop(L, top + 1);
}

void ta_push_message(lua_State *L, int index) {
  const char *type = luaL_typename(L, index);
  index = lua_absindex(L, index);
  if (lua_isstring(L, index)) {
    luaL_tolstring(L, index, NULL);
  } else if (luaL_getmetafield(L, index, "__tostring") == LUA_TNIL) {
    if (lua_istable(L, index))
      push_table_message(L, index);
    else
      lua_pushfstring(L, "(error object is a %s value)", type);
  } else {
    lua_pop(L, 1);
    lua_pushcfunction(L, l_tostring);
    lua_pushvalue(L, index);
    if (lua_pcall(L, 1, 1, 0) == LUA_OK) return;
    lua_pushfstring(L, "(error object is a %s value, and its __tostring failed: ", type);
    if (lua_isstring(L, -2))
      lua_pushvalue(L, -2);
    else
      lua_pushstring(L, luaL_typename(L, -2));
    lua_pushliteral(L, ")");
    lua_concat(L, 3);
    lua_replace(L, -2);
  }
}

/* Pushes the place that the traceback at `index` begins with, or nil. */
static void push_place(lua_State *L, int index) {
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

/* The values on the stack that describe a failure. */
enum { MESSAGE = -TA_FAILURE_VALUES, TRACEBACK, SPAWNED, PLACE, ORIGIN };

void ta_push_failure(struct ta_runner *runner, lua_State *L, struct ta_task *task, int index) {
  ta_check_stack(L, LUA_MINSTACK);
  index = lua_absindex(L, index);
  ta_task_push(runner, L, task);
  int object = lua_gettop(L);
  ta_push_known(runner, L, task, index, object);
  int known = object + 1;
  ta_push_message(L, index);
  push_traceback(L, known);
  lua_getiuservalue(L, object, TA_TASK_RECORD);
  ta_push_chain(L);
  push_place(L, known + 2);
  ta_push_known_origin(L, known);
  lua_remove(L, known);
  lua_remove(L, object);
}

int ta_describe_end(struct ta_runner *runner, lua_State *L, struct ta_task *task) {
  int index = lua_gettop(L);
  if (ta_task_is_awaited(task) && !ta_tracing(runner)) {
    ta_check_stack(L, LUA_MINSTACK);
    ta_task_push(runner, L, task);
    ta_push_known(runner, L, task, index, index + 1);
    ta_push_text(L, -1); /* so that no dead coroutine is kept for it */
    lua_settop(L, index);
    if (ta_task_is_awaited(task)) return 1; /* a finalizer may have cancelled who did */
  }
  ta_push_failure(runner, L, task, index);
  return 1 + TA_FAILURE_VALUES;
}

void ta_report_failure_of(struct ta_runner *runner, struct ta_task *task, lua_State *co) {
  bool is_known = task->reported;
  ta_name_shown name;
  struct ta_failure failure = {.kind = is_known ? TA_FAILURE_KNOWN : TA_FAILURE_ERROR,
                               .id = ta_task_id(task),
                               .missed = runner->missed,
                               .name = ta_shown_name(task, name),
                               .traceback = lua_tostring(co, TRACEBACK),
                               .spawned = lua_tostring(co, SPAWNED),
                               .origin = lua_tostring(co, ORIGIN)};
  failure.message = lua_tolstring(co, MESSAGE, &failure.message_length);
  if (ta_tracing(runner)) ta_trace_error(runner, &failure, lua_tostring(co, PLACE));
  bool told = ta_task_is_awaited(task);
  task->reported = is_known || !told;
  if (task->reported) ta_note_reported(runner, task);
  if (!told && runner->failure) runner->failure(runner->failure_data, &failure);
}

/* (task, Runner, error object) -> the values of its failure */
static int l_describe(lua_State *L) {
  ta_push_failure(lua_touserdata(L, 2), L, lua_touserdata(L, 1), 3);
  return TA_FAILURE_VALUES;
}

/* What is left to say when even describing a failure failed. */
static void push_bare_failure(lua_State *L) {
  if (lua_type(L, -1) != LUA_TSTRING) {
    lua_pop(L, 1);
    lua_pushliteral(L, "not enough memory");
  }
  for (int i = 1; i < TA_FAILURE_VALUES; i++) lua_pushnil(L);
}

void ta_report_error(struct ta_runner *runner, struct ta_task *task) {
  lua_State *L = runner->L;
  int top = lua_gettop(L) - 1;
  lua_pushcfunction(L, l_describe);
  lua_pushlightuserdata(L, task);
  lua_pushlightuserdata(L, runner);
  lua_pushvalue(L, top + 1);
  if (lua_pcall(L, 3, TA_FAILURE_VALUES, 0) != LUA_OK) push_bare_failure(L);
  ta_report_failure_of(runner, task, L);
  lua_settop(L, top + 1);
}

void ta_report_refused(struct ta_runner *runner, struct ta_task *task) {
  lua_State *L = runner->L;
  int top = lua_gettop(L);
  lua_pushvalue(L, top);
  push_bare_failure(L);
  ta_report_failure_of(runner, task, L);
  lua_settop(L, top);
}

/* (task object) -> message and text of its failure */
static int l_describe_ended(lua_State *L) {
  lua_getiuservalue(L, 1, TA_TASK_OUTCOME);
  ta_push_message(L, -1);
  ta_push_known_text(L, 1);
  lua_pushliteral(L, "stack traceback:");
  lua_insert(L, -2);
  lua_concat(L, 2);
  return 2;
}

void ta_report_abandoned(struct ta_runner *runner, struct ta_task *task) {
  lua_State *L = runner->L;
  ta_name_shown name;
  task->reported = true;
  if (!runner->failure) return;
  int top = lua_gettop(L);
  lua_pushcfunction(L, l_describe_ended);
  ta_task_push(runner, L, task);
  if (lua_pcall(L, 1, 2, 0) != LUA_OK) lua_settop(L, top);
  size_t length = 0;
  const char *message = lua_gettop(L) > top ? lua_tolstring(L, top + 1, &length) : NULL;
  struct ta_failure failure = {.kind = TA_FAILURE_ERROR,
                               .id = ta_task_id(task),
                               .missed = runner->missed,
                               .name = ta_shown_name(task, name),
                               .message = message ? message : "not enough memory",
                               .message_length = message ? length : strlen("not enough memory"),
                               .traceback = message ? lua_tostring(L, top + 2) : NULL};
  runner->failure(runner->failure_data, &failure);
  lua_settop(L, top);
}

static int l_find_name(lua_State *L) {
  ta_push_task_name(L, 1);
  return 0;
}

void ta_report_other(struct ta_runner *runner, const struct ta_task *task, const char *message,
                     size_t length) {
  ta_name_shown name;
  lua_State *L = runner->L;
  if (!L || !runner->failure) return;
  if (!task->name) {
    lua_pushcfunction(L, l_find_name);
    ta_task_push(runner, L, task);
    if (lua_pcall(L, 1, 0, 0) != LUA_OK) lua_pop(L, 1);
  }
  const struct ta_failure failure = {.kind = TA_FAILURE_OTHER,
                                     .id = ta_task_id(task),
                                     .missed = runner->missed,
                                     .name = ta_shown_name(task, name),
                                     .message = message,
                                     .message_length = length};
  runner->failure(runner->failure_data, &failure);
}
