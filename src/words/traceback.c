/* SPDX-License-Identifier: MIT */
#include "words/traceback.h"

#include <string.h>

#include "core/cancel.h"
#include "core/level.h"
#include "core/where.h"
#include "tinyasync_lib.h"
#include "words/names.h"
#include "words/task_name.h"
#include "words/frames.h"

#define MOST_LINKS 16   /* tasks shown that awaited one another */
#define MOST_TEXT 65536 /* bytes of frames */

/* What is known of an error: NOTE_TEXT are lines of a traceback, each begun by
 * a newline, or the dead coroutine that they can be had from; NOTE_REPORTED is a
 * box that all share who were ended by the error. */
enum { NOTE_ERROR = 1, NOTE_TEXT, NOTE_LINKS, NOTE_ORIGIN, NOTE_REPORTED, NOTE_FIELDS = 5 };

/* ------------------------------------------------------------ what is known */

/* Pushes what is known of the error being raised in the task, or nil. */
static bool push_known(struct ta_runner *runner, lua_State *L, const struct ta_task *task) {
  if (!task->has_note) {
    lua_pushnil(L);
    return false;
  }
  ta_registry_push(runner, L, TA_REGISTRY_NOTES);
  lua_rawgeti(L, -1, (lua_Integer)ta_task_slot(task));
  lua_remove(L, -2);
  return lua_istable(L, -1);
}

static void set_note(struct ta_runner *runner, lua_State *L, struct ta_task *task) {
  ta_registry_push(runner, L, TA_REGISTRY_NOTES);
  lua_insert(L, -2);
  lua_rawseti(L, -2, (lua_Integer)ta_task_slot(task));
  lua_pop(L, 1);
  task->has_note = true;
}

/* Pushes what is known of the error at `object`; of another one, nothing: a new
 * table, whose text is empty. */
static void push_note_of(struct ta_runner *runner, lua_State *L, struct ta_task *task, int object) {
  object = lua_absindex(L, object);
  ta_check_stack(L, LUA_MINSTACK);
  if (push_known(runner, L, task)) {
    lua_rawgeti(L, -1, NOTE_ERROR);
    bool same = lua_rawequal(L, -1, object);
    lua_pop(L, 1);
    if (same) return;
  }
  lua_pop(L, 1);
  lua_createtable(L, NOTE_FIELDS, 0);
  lua_pushvalue(L, object);
  lua_rawseti(L, -2, NOTE_ERROR);
  lua_pushvalue(L, -1);
  set_note(runner, L, task);
}

void ta_push_text(lua_State *L, int index) {
  index = lua_absindex(L, index);
  lua_rawgeti(L, index, NOTE_TEXT);
  if (lua_isstring(L, -1)) return;
  lua_State *co = lua_tothread(L, -1);
  if (co) {
    ta_push_frames(L, co, 0);
    lua_pushvalue(L, -1);
    lua_rawseti(L, index, NOTE_TEXT);
  } else {
    lua_pushliteral(L, "");
  }
  lua_replace(L, -2);
}

static lua_Integer links_of(lua_State *L, int index) {
  lua_rawgeti(L, index, NOTE_LINKS);
  lua_Integer links = lua_tointeger(L, -1);
  lua_pop(L, 1);
  return links;
}

/* Drops the C functions at the head of the frames on top: the wait itself. */
static void drop_c_head(lua_State *L) {
  static const char c_line[] = "\n\t[C]:";
  const char *text = lua_tostring(L, -1);
  const char *line = text;
  while (line && strncmp(line, c_line, sizeof c_line - 1) == 0) line = strchr(line + 1, '\n');
  lua_pushstring(L, line ? line : "");
  lua_replace(L, -2);
}

/* Adds the frames on top to the text of the known below them. */
static void add_frames(lua_State *L) {
  lua_Integer links = links_of(L, -2);
  ta_push_text(L, -2);
  lua_insert(L, -2);
  if (links > 0) drop_c_head(L);
  if (links > MOST_LINKS || lua_rawlen(L, -2) > MOST_TEXT) {
    lua_pop(L, 1);
  } else {
    lua_concat(L, 2);
  }
  lua_rawseti(L, -2, NOTE_TEXT);
  lua_pop(L, 1);
}

/* The message handler of a task's body and of cancel scopes: remembers the frames, and
 * leaves the error object as it is.  Its upvalue is the Runner. */
static int l_keep_traceback(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  struct ta_task *task = ta_in_task(runner, L) ? runner->current : NULL;
  lua_settop(L, 1);
  if (!task || ta_is_in_force(runner, L, 1)) return 1;
  push_note_of(runner, L, task, 1);
  bool has_frames = lua_rawgeti(L, -1, NOTE_TEXT) != LUA_TNIL;
  lua_pop(L, 1);
  if (!has_frames || !task->rethrown) {
    ta_push_frames(L, L, 1);
    add_frames(L);
  }
  task->rethrown = false;
  lua_settop(L, 1);
  return 1;
}

void ta_note_death(struct ta_runner *runner, lua_State *L, lua_State *co, bool closing) {
  struct ta_task *task = ta_in_task(runner, L) ? runner->current : NULL;
  if (!task) return;
  push_note_of(runner, L, task, -1);
  lua_rawgeti(L, -1, NOTE_TEXT);
  bool fresh = lua_isnil(L, -1);
  lua_pop(L, 1);
  if (fresh && !closing && lua_checkstack(co, 1)) {
    lua_pushthread(co);
    lua_xmove(co, L, 1);
    lua_rawseti(L, -2, NOTE_TEXT);
    lua_pop(L, 1);
  } else {
    ta_push_frames(L, co, 0);
    add_frames(L);
  }
}

/* What is known of the task's error lies nowhere any more. */
static void forget_note(struct ta_runner *runner, lua_State *L, struct ta_task *task) {
  ta_registry_push(runner, L, TA_REGISTRY_NOTES);
  lua_pushnil(L);
  lua_rawseti(L, -2, (lua_Integer)ta_task_slot(task));
  lua_pop(L, 1);
  task->has_note = false;
}

void ta_note_caught(struct ta_runner *runner, lua_State *L) {
  struct ta_task *task = runner->current;
  if (!task) return;
  task->rethrown = false;
  if (!task->has_note || !lua_checkstack(L, LUA_MINSTACK)) return;
  /* What another task has raised stays known, unless it is text. */
  push_known(runner, L, task);
  bool of_others = lua_type(L, -2) != LUA_TSTRING && links_of(L, -1) > 0;
  lua_pop(L, 1);
  if (!of_others) forget_note(runner, L, task);
}

void ta_note_replaced(struct ta_runner *runner, lua_State *L) {
  struct ta_task *task = ta_in_task(runner, L) ? runner->current : NULL;
  if (!task) return;
  if (push_known(runner, L, task)) {
    lua_pushvalue(L, -2);
    lua_rawseti(L, -2, NOTE_ERROR);
  }
  lua_pop(L, 1);
}

/* ------------------------------------------------------------ awaited errors */

/* Pushes "#4 fetch" for the task at `index`. */
static void push_title(lua_State *L, int index) {
  index = lua_absindex(L, index);
  ta_name_shown name;
  ta_clean_name(ta_push_task_name(L, index), name);
  lua_pushfstring(L, "#%I %s", (LUAI_UACINT)ta_task_id(lua_touserdata(L, index)), name);
  lua_replace(L, -2);
}

/* Pushes "\nawaited at PLACE by #1 NAME" for the running task. */
static void push_link(struct ta_runner *runner, lua_State *L) {
  ta_where_shown where;
  bool found = ta_where(L, 0, where);
  ta_task_push(runner, L, runner->current);
  push_title(L, -1);
  lua_pushfstring(L, "\nawaited%s%s by %s", found ? " at " : "", found ? where : "",
                  lua_tostring(L, -1));
  lua_replace(L, -3);
  lua_pop(L, 1);
}

/* Copies a field of the known at `from` to the one on top. */
static void copy_field(lua_State *L, int from, int field) {
  lua_rawgeti(L, from, field);
  lua_rawseti(L, -2, field);
}

/* Puts the origin into the known on top unless it is there: the task whose
 * object is at `object`. */
static void set_origin(lua_State *L, int object) {
  lua_rawgeti(L, -1, NOTE_ORIGIN);
  if (lua_isnil(L, -1)) {
    push_title(L, object);
    lua_rawseti(L, -3, NOTE_ORIGIN);
    lua_createtable(L, 1, 0);
    lua_pushboolean(L, false);
    lua_rawseti(L, -2, 1);
    lua_rawseti(L, -3, NOTE_REPORTED);
  }
  lua_pop(L, 1);
}

void ta_note_origin(struct ta_runner *runner, lua_State *L, int index) {
  ta_check_stack(L, LUA_MINSTACK);
  index = lua_absindex(L, index);
  int object = lua_gettop(L);
  lua_getiuservalue(L, index, TA_TASK_NOTE);
  if (!lua_istable(L, -1)) { /* it was cancelled: there is no more to tell than who */
    lua_pop(L, 1);
    lua_createtable(L, NOTE_FIELDS, 0);
    set_origin(L, index);
  }
  if (runner->current) {
    int from = lua_gettop(L);
    lua_Integer links = links_of(L, from) + 1;
    lua_createtable(L, NOTE_FIELDS, 0);
    lua_pushvalue(L, object);
    lua_rawseti(L, -2, NOTE_ERROR);
    ta_push_text(L, from);
    if (links <= MOST_LINKS) {
      push_link(runner, L);
      lua_concat(L, 2);
    }
    lua_rawseti(L, -2, NOTE_TEXT);
    lua_pushinteger(L, links);
    lua_rawseti(L, -2, NOTE_LINKS);
    copy_field(L, from, NOTE_ORIGIN);
    copy_field(L, from, NOTE_REPORTED);
    set_note(runner, L, runner->current);
  }
  lua_settop(L, object);
}

int ta_raise_error_of(struct ta_runner *runner, lua_State *L, int index) {
  lua_getiuservalue(L, index, TA_TASK_OUTCOME);
  ta_note_origin(runner, L, index);
  return ta_raise(runner, L);
}

void ta_push_note_text(lua_State *L, int index) {
  lua_getiuservalue(L, index, TA_TASK_NOTE);
  if (lua_istable(L, -1))
    ta_push_text(L, -1);
  else
    lua_pushliteral(L, "");
  lua_replace(L, -2);
}

void ta_push_text_of(struct ta_runner *runner, lua_State *L, int object) {
  push_note_of(runner, L, runner->current, object);
  ta_push_text(L, -1);
  lua_replace(L, -2);
}

void ta_set_note_text(struct ta_runner *runner, lua_State *L) {
  push_note_of(runner, L, runner->current, -2);
  lua_insert(L, -2);
  lua_rawseti(L, -2, NOTE_TEXT);
  lua_pop(L, 1);
}

void ta_add_frames(struct ta_runner *runner, lua_State *L) {
  if (ta_in_task(runner, L))
    ta_set_note_text(runner, L);
  else
    lua_pop(L, 1);
}

void ta_keep_note(struct ta_runner *runner, lua_State *L, struct ta_task *task) {
  push_known(runner, L, task);
  lua_setiuservalue(L, -2, TA_TASK_NOTE); /* nil when nothing is known */
  if (task->has_note) forget_note(runner, L, task);
}

/* ------------------------------------------------------------------- the end */

static bool is_reported(lua_State *L, int known) {
  lua_rawgeti(L, known, NOTE_REPORTED);
  if (lua_istable(L, -1)) {
    lua_rawgeti(L, -1, 1);
    lua_remove(L, -2);
  }
  bool reported = lua_toboolean(L, -1);
  lua_pop(L, 1);
  return reported;
}

void ta_note_reported(struct ta_runner *runner, const struct ta_task *task) {
  lua_State *L = runner->L;
  int top = lua_gettop(L);
  if (push_known(runner, L, task) && lua_rawgeti(L, -1, NOTE_REPORTED) == LUA_TTABLE) {
    lua_pushboolean(L, true);
    lua_rawseti(L, -2, 1); /* asks for no memory */
  }
  lua_settop(L, top);
}

void ta_push_note(struct ta_runner *runner, lua_State *L, struct ta_task *task, int error,
                  int object) {
  push_note_of(runner, L, task, error);
  task->reported = is_reported(L, -1);
  set_origin(L, object);
}

void ta_push_note_origin(lua_State *L, int known) {
  lua_rawgeti(L, known, NOTE_ORIGIN);
}

void ta_traceback_setup(struct ta_runner *runner, lua_State *L) {
  ta_push_function(runner, L, l_keep_traceback);
  ta_registry_set(runner, L, TA_REGISTRY_HANDLER);
  lua_newtable(L);
  ta_registry_set(runner, L, TA_REGISTRY_NOTES);
}
