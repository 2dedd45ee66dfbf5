/* SPDX-License-Identifier: MIT */
#include "words/task_name.h"

#include <string.h>

#include "core/where.h"
#include "words/names.h"

/* ------------------------------------------------------------------- a name */

void ta_find_task_name(lua_State *L, int task_index) {
  ta_push_task_name(L, task_index);
  lua_pop(L, 1);
}

const char *ta_push_task_name(lua_State *L, int task_index) {
  task_index = lua_absindex(L, task_index);
  struct ta_task *task = lua_touserdata(L, task_index);
  ta_check_stack(L, LUA_MINSTACK);
  if (!ta_task_name(task)) {
    ta_task_push_function(L, task_index);
    ta_push_function_name(L, lua_gettop(L));
    ta_set_task_name(L, task_index);
    lua_pop(L, 1);
  }
  ta_push_kept_name(L, task_index);
  return task->name;
}

/* ------------------------------------------------------------- known definitions */

/* Where a Lua function is defined, as far as its name depends on it. */
struct definition {
  const char *source;
  int line;
  bool is_main;
};

static struct definition definition_of(lua_Debug *ar) {
  return (struct definition){ar->short_src, ar->linedefined, *ar->what == 'm'};
}

static struct ta_named_definition *find_entry(struct ta_runner *runner,
                                              const struct definition *definition) {
  return &runner->named_definitions[(unsigned)definition->line % TA_NAMED_DEFINITIONS];
}

static bool fits(const struct ta_named_definition *entry, const struct definition *definition) {
  return entry->kind != TA_NAMED_UNKNOWN && entry->line == definition->line &&
         entry->is_main == definition->is_main && strcmp(entry->source, definition->source) == 0;
}

/* Pushes what is known to be the name of the function on top of L, which is of that
 * definition; false when nothing is.  Asks for no memory. */
static bool push_known(struct ta_runner *runner, lua_State *L,
                       const struct definition *definition) {
  const struct ta_named_definition *entry = find_entry(runner, definition);
  if (!fits(entry, definition)) return false;
  ta_registry_push(runner, L, TA_REGISTRY_NAMES);
  lua_rawgeti(L, -1, entry - runner->named_definitions + 1);
  lua_remove(L, -2);
  if (entry->kind == TA_NAMED_ITSELF) return true;
  lua_pushglobaltable(L); /* the function may be a global no longer */
  lua_pushvalue(L, -2);
  lua_rawget(L, -2);
  bool same = lua_rawequal(L, -1, -4);
  lua_pop(L, same ? 2 : 3);
  return same;
}

/* Is there a global function of that definition? */
static bool has_global(lua_State *L, const struct definition *definition) {
  lua_Debug ar;
  bool found = false;
  lua_pushglobaltable(L);
  lua_pushnil(L);
  while (!found && lua_next(L, -2)) {
    if (!lua_isfunction(L, -1) || lua_iscfunction(L, -1)) {
      lua_pop(L, 1);
      continue;
    }
    lua_getinfo(L, ">S", &ar);
    found = definition->line == ar.linedefined && strcmp(definition->source, ar.short_src) == 0;
  }
  lua_pop(L, found ? 2 : 1);
  return found;
}

static bool is_global(lua_State *L, int function, int name) {
  lua_pushglobaltable(L);
  lua_pushvalue(L, name);
  lua_rawget(L, -2);
  bool same = lua_rawequal(L, -1, function);
  lua_pop(L, 2);
  return same;
}

/* Remembers the name on top, of the function below it. */
static void learn(struct ta_runner *runner, lua_State *L, const struct definition *definition) {
  struct ta_named_definition *entry = find_entry(runner, definition);
  int name = lua_gettop(L);
  entry->kind = TA_NAMED_UNKNOWN;
  bool global = is_global(L, name - 1, name);
  if (!global && has_global(L, definition))
    return; /* of several such functions: each is asked for */
  if (strlen(lua_tostring(L, name)) < lua_rawlen(L, name)) return; /* it has zeros */
  ta_registry_push(runner, L, TA_REGISTRY_NAMES);
  lua_pushvalue(L, name);
  lua_rawseti(L, -2, entry - runner->named_definitions + 1);
  lua_settop(L, name);
  strcpy(entry->source, definition->source);
  entry->line = definition->line;
  entry->is_main = definition->is_main;
  entry->kind = global ? TA_NAMED_GLOBAL : TA_NAMED_ITSELF;
}

/* Pushes the name of the function on top, which is popped, and remembers it. */
static void push_name_of(struct ta_runner *runner, lua_State *L) {
  lua_Debug ar;
  bool is_lua = lua_isfunction(L, -1) && !lua_iscfunction(L, -1);
  if (is_lua) {
    lua_pushvalue(L, -1);
    lua_getinfo(L, ">S", &ar);
  }
  struct definition definition = is_lua ? definition_of(&ar) : (struct definition){0};
  if (!is_lua || !push_known(runner, L, &definition)) {
    ta_push_function_name(L, lua_gettop(L));
    /* All chunks of the library have one source. */
    if (is_lua && strcmp(ar.source, TA_CHUNK_SOURCE) != 0) learn(runner, L, &definition);
  }
  lua_replace(L, -2);
}

void ta_push_known_name(struct ta_runner *runner, lua_State *L, int task_index) {
  task_index = lua_absindex(L, task_index);
  const struct ta_task *task = lua_touserdata(L, task_index);
  ta_check_stack(L, LUA_MINSTACK);
  if (!ta_task_name(task)) {
    ta_task_push_function(L, task_index);
    push_name_of(runner, L);
    ta_set_task_name(L, task_index);
  }
  ta_push_kept_name(L, task_index);
}

/* ------------------------------------------------------- functions spawned often */

/* So many names are kept for ended tasks: those of more are kept by each of them. */
#define MOST_TEXTS 1000

static struct ta_called *find_called(struct ta_runner *runner, const void *function) {
  return &runner->called[((uintptr_t)function >> 4) % TA_CALLED_FUNCTIONS];
}

static int number_of(const struct ta_runner *runner, const struct ta_called *called) {
  return (int)(called - runner->called) + 1;
}

/* No task keeps the function: it may be gone, and another one lie at its address. */
static bool is_gone(struct ta_runner *runner, lua_State *L, const struct ta_called *called) {
  ta_registry_push(runner, L, TA_REGISTRY_CALLED);
  lua_rawgeti(L, -1, number_of(runner, called));
  bool gone = lua_topointer(L, -1) != called->function;
  lua_pop(L, 2);
  return gone;
}

/* The function at `function` gets the entry if it comes for the second time. */
static bool take_called(struct ta_runner *runner, lua_State *L, int function,
                        struct ta_called *called) {
  const void *seen = called->seen;
  called->seen = lua_topointer(L, function);
  if (called->tasks > 0 || called->seen != seen) return false;
  ta_registry_push(runner, L, TA_REGISTRY_CALLED);
  lua_pushvalue(L, function);
  lua_rawseti(L, -2, number_of(runner, called));
  lua_pop(L, 1);
  called->function = seen;
  called->name = NULL;
  return true;
}

void ta_note_function(struct ta_runner *runner, lua_State *L, int function, struct ta_task *task) {
  const void *pointer = lua_topointer(L, function);
  struct ta_called *called = find_called(runner, pointer);
  bool known = called->function == pointer && (called->tasks > 0 || !is_gone(runner, L, called));
  if (!known && !take_called(runner, L, function, called)) return;
  if (called->tasks++ > 0 && !called->kept) {
    called->kept = true;
    lua_pushvalue(L, function);
    lua_rawseti(L, LUA_REGISTRYINDEX, called->reference);
  }
  task->called = called;
  task->is_counted = true;
  task->borrows = called->kept;
}

/* (name, Runner, called): the name is kept for those who run the function from now on. */
static int l_keep_text(lua_State *L) {
  struct ta_runner *runner = lua_touserdata(L, 2);
  struct ta_called *called = lua_touserdata(L, 3);
  ta_registry_push(runner, L, TA_REGISTRY_TEXTS);
  lua_pushvalue(L, 1);
  lua_pushboolean(L, true);
  lua_rawset(L, -3);
  lua_pushvalue(L, 1);
  lua_rawseti(L, -2, number_of(runner, called));
  runner->texts++;
  called->name = lua_tostring(L, 1);
  return 0;
}

/* The name on top is one that tasks which run the function have, as it was found out. */
static void keep_text(struct ta_runner *runner, lua_State *L, struct ta_called *called,
                      bool is_global) {
  if (runner->texts >= MOST_TEXTS) return;
  called->is_global = is_global;
  lua_pushcfunction(L, l_keep_text);
  lua_pushvalue(L, -2);
  lua_pushlightuserdata(L, runner);
  lua_pushlightuserdata(L, called);
  if (lua_pcall(L, 3, 0, 0) != LUA_OK) lua_pop(L, 1);
}

/* Is there a name that still fits? */
static bool has_text(struct ta_runner *runner, lua_State *L, struct ta_called *called) {
  if (!called->name || !called->is_global) return called->name;
  lua_pushglobaltable(L);
  ta_registry_push(runner, L, TA_REGISTRY_TEXTS);
  lua_rawgeti(L, -1, number_of(runner, called));
  lua_rawget(L, -3);
  if (lua_topointer(L, -1) != called->function) called->name = NULL;
  lua_pop(L, 3);
  return called->name;
}

/* -------------------------------------------------------------------- the end */

/* A C function without values of its own, or ours, holds nothing. */
static bool is_light(struct ta_runner *runner, lua_State *L) {
  if (!lua_getupvalue(L, -1, 1)) return true;
  bool ours = lua_touserdata(L, -1) == runner;
  lua_pop(L, 1);
  return ours;
}

/* Names the task, whose object is below the function on top, without asking for
 * memory, if that can be; or nothing needs to be done. */
static bool name_at_once(struct ta_runner *runner, lua_State *L, struct ta_task *task,
                         struct ta_called *called) {
  lua_Debug ar;
  if (lua_iscfunction(L, -1)) return is_light(runner, L);
  if (!lua_isfunction(L, -1)) return false;
  lua_pushvalue(L, -1);
  lua_getinfo(L, ">S", &ar);
  struct definition definition = definition_of(&ar);
  if (!push_known(runner, L, &definition)) return false;
  if (called)
    keep_text(runner, L, called, find_entry(runner, &definition)->kind == TA_NAMED_GLOBAL);
  ta_task_leave_called(L, task);
  task->name = lua_tostring(L, -1);
  lua_setiuservalue(L, -3, TA_TASK_FUNCTION);
  return true;
}

/* (task, Runner) */
static int l_name(lua_State *L) {
  ta_push_known_name(lua_touserdata(L, 2), L, 1);
  return 0;
}

/* The same by asking for all that it takes. */
static void name_by_force(struct ta_runner *runner, lua_State *L, int object) {
  lua_settop(L, object);
  lua_pushcfunction(L, l_name);
  lua_pushvalue(L, object);
  lua_pushlightuserdata(L, runner);
  if (lua_pcall(L, 2, 0, 0) == LUA_OK) return;
  lua_pushnil(L); /* it has no name that memory was left for */
  lua_setiuservalue(L, object, TA_TASK_FUNCTION);
}

/* Names the task whose object is at `object`, if its function holds anything. */
static void name_anew(struct ta_runner *runner, lua_State *L, struct ta_task *task, int object) {
  ta_task_push_function(L, object);
  if (!name_at_once(runner, L, task, task->is_counted ? task->called : NULL)) {
    name_by_force(runner, L, object);
  } else if (!ta_task_name(task)) {
    lua_pushvalue(L, object + 1);
    lua_setiuservalue(L, object, TA_TASK_FUNCTION);
  }
  lua_settop(L, object);
}

void ta_forget_function(struct ta_runner *runner, struct ta_task *task) {
  lua_State *L = runner->L;
  int object = lua_gettop(L);
  if (ta_task_name(task)) return;
  if (!task->is_counted || !has_text(runner, L, task->called)) {
    name_anew(runner, L, task, object);
    ta_task_leave_called(L, task);
    return;
  }
  const char *name = task->called->name;
  if (!task->borrows) {
    lua_pushnil(L);
    lua_setiuservalue(L, object, TA_TASK_FUNCTION);
  }
  ta_task_leave_called(L, task);
  task->name = name;
}

/* A table that has an array of so many slots. */
static void push_list(lua_State *L, int count) {
  lua_createtable(L, count, 0);
  for (int i = 1; i <= count; i++) {
    lua_pushboolean(L, false);
    lua_rawseti(L, -2, i);
  }
}

void ta_naming_setup(struct ta_runner *runner, lua_State *L) {
  push_list(L, TA_NAMED_DEFINITIONS);
  ta_registry_set(runner, L, TA_REGISTRY_NAMES);
  push_list(L, TA_CALLED_FUNCTIONS);
  ta_registry_set(runner, L, TA_REGISTRY_TEXTS);
  push_list(L, TA_CALLED_FUNCTIONS);
  lua_createtable(L, 0, 1);
  lua_pushliteral(L, "v");
  lua_setfield(L, -2, "__mode");
  lua_setmetatable(L, -2);
  ta_registry_set(runner, L, TA_REGISTRY_CALLED);
  for (int i = 0; i < TA_CALLED_FUNCTIONS; i++)
    runner->called[i].reference = runner->references[TA_REGISTRY_FUNCTIONS + i];
}
