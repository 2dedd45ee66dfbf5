/* SPDX-License-Identifier: MIT */
#include "words/inspect.h"

#include <stdio.h>
#include <string.h>

#include "core/cancel.h"
#include "core/chunk.h"
#include "core/kit.h"
#include "core/level.h"
#include "core/ready.h"
#include "core/wait.h"
#include "core/where.h"
#include "words/lineage.h"
#include "words/names.h"
#include "words/task_name.h"
#include "words/traceback.h"
#include "words/frames.h"

extern const char *const ta_chunk_report[];

#define MOST_NAMED 20 /* in a line of names */
#define FRAMES_SEARCHED 16

void ta_describe_wait(const struct ta_task *task, ta_wait_words text) {
  char more[sizeof(ta_wait_words) - 64] = "";
  const struct ta_wait_kind *kind = task->kind;
  if (kind && kind->describe) kind->describe(task->subject, more, sizeof more);
  snprintf(text, sizeof(ta_wait_words), "%.60s%s%s", kind ? kind->action : "?",
           *more && *more != ' ' ? " " : "", more);
  ta_clean_text(text);
}

/* -------------------------------------------------------------------- facts */

const char *ta_state_word(const struct ta_task *task) {
  static const char *const words[] = {
      [TA_TASK_RUNNABLE] = "runnable", [TA_TASK_RUNNING] = "running",
      [TA_TASK_WAITING] = "waiting",   [TA_TASK_DONE] = "done",
      [TA_TASK_FAILED] = "failed",     [TA_TASK_CANCELLED] = "cancelled",
  };
  return words[task->state];
}

static void set_string(lua_State *L, const char *key, const char *value) {
  lua_pushstring(L, value);
  lua_setfield(L, -2, key);
}

static void set_id(lua_State *L, const char *key, uint64_t id) {
  if (id == 0) return;
  lua_pushinteger(L, (lua_Integer)id);
  lua_setfield(L, -2, key);
}

/* Where a suspended task waits, seen through its nested coroutines. */
static bool where_waiting(const struct ta_task *task, ta_where_shown where) {
  bool found = false;
  for (lua_State *co = task->co; co; co = ta_waiting_inner(co)) found |= ta_where(co, 0, where);
  return found;
}

/* Where the running task is: its innermost line that is a script's. */
static bool where_running(const struct ta_runner *runner, ta_where_shown where) {
  for (const struct ta_level *level = runner->level; level; level = level->up)
    if (ta_where(level->co, 0, where)) return true;
  return false;
}

/* Above a script's frames lie those of l_report() and of whoever asked for the report. */
#define OWN_FRAMES 2

/* Pushes the frames of a task's coroutines, the innermost first. */
static void push_task_frames(struct ta_runner *runner, lua_State *L, const struct ta_task *task) {
  lua_pushliteral(L, "");
  if (task == runner->current) {
    for (const struct ta_level *level = runner->level; level; level = level->up) {
      ta_push_frames(L, level->co, level->co == L ? OWN_FRAMES : 0);
      lua_concat(L, 2);
    }
  } else if (task->steps > 0) {
    for (lua_State *co = task->co; co; co = ta_waiting_inner(co)) {
      ta_push_frames(L, co, 0);
      lua_insert(L, -2);
      lua_concat(L, 2);
    }
  }
}

/* What is read of a task before memory is asked for: a finalizer that runs then
 * may change it. */
struct facts {
  ta_where_shown where;
  ta_name_shown name;
  ta_wait_words words;
  const char *state;
  const char *advice;
  double seconds;
  uint64_t holder;
  uint64_t scope_parent;
  bool has_where;
  bool waits;
};

static void read_facts(struct ta_runner *runner, const struct ta_task *task, struct facts *facts) {
  double now = ta_host_now(runner); /* first: it may be Lua */
  *facts = (struct facts){.state = ta_state_word(task), .waits = false};
  ta_clean_name(ta_task_name(task), facts->name);
  facts->has_where = task == runner->current ? where_running(runner, facts->where)
                                             : where_waiting(task, facts->where);
  if (task->scope) facts->scope_parent = ta_task_id(task->scope->cancel_scope.task);
  if (task->state != TA_TASK_WAITING || !task->kind) return;
  const struct ta_task *holder = task->kind->holder ? task->kind->holder(task->subject) : NULL;
  if (holder) facts->holder = ta_task_id(holder);
  ta_describe_wait(task, facts->words);
  facts->advice = task->kind->advice;
  facts->seconds = now - task->since;
  facts->waits = true;
}

/* Pushes a table with the facts about the task whose object is on top, which is
 * popped. */
static void push_facts(struct ta_runner *runner, lua_State *L, const struct ta_task *task,
                       bool frames) {
  struct facts facts;
  int object = lua_gettop(L);
  read_facts(runner, task, &facts);
  lua_newtable(L);
  set_id(L, "id", ta_task_id(task));
  set_string(L, "name", facts.name);
  set_string(L, "state", facts.state);
  lua_pushboolean(L, task->daemon);
  lua_setfield(L, -2, "daemon");
  if (facts.has_where) set_string(L, "where", facts.where);
  if (facts.waits) {
    set_string(L, "wait", facts.words);
    if (facts.advice) set_string(L, "advice", facts.advice);
    lua_pushnumber(L, facts.seconds);
    lua_setfield(L, -2, "seconds");
    set_id(L, "holder", facts.holder);
  }
  ta_push_record(runner, L, task);
  uint64_t spawner = (uint64_t)ta_record_spawner(L, -1);
  ta_push_chain(L);
  lua_setfield(L, -2, "spawned");
  set_id(L, "parent", facts.scope_parent ? facts.scope_parent : spawner);
  if (frames) {
    push_task_frames(runner, L, task);
    lua_setfield(L, -2, "frames");
  }
  lua_replace(L, object);
}

/* Finds out every task's name: those who hold something are named by others. */
static void name_all(struct ta_runner *runner, lua_State *L, size_t most) {
  for (struct ta_task *task = runner->oldest; task && most-- > 0;
       task = ta_task_newer(runner, task)) {
    if (ta_task_name(task)) continue;
    ta_task_push(runner, L, task);
    ta_push_task_name(L, -1);
    lua_pop(L, 2);
  }
}

/* Pushes a list of the facts about the first `most` tasks.  Finalizers that run
 * meanwhile may spawn tasks, at the end; none can end while passes are held off. */
static void push_all_facts(struct ta_runner *runner, lua_State *L, size_t most, bool frames) {
  lua_Integer count = 0;
  name_all(runner, L, most);
  lua_newtable(L);
  for (struct ta_task *task = runner->oldest; task && most-- > 0;
       task = ta_task_newer(runner, task)) {
    if (!ta_task_name(task)) continue;
    ta_task_push(runner, L, task);
    push_facts(runner, L, task, frames);
    lua_rawseti(L, -2, ++count);
  }
}

/* ------------------------------------------------------------------ reports */

static const char *const reports[] = {
    [TA_REPORT_TREE] = "tree",
    [TA_REPORT_DUMP] = "dump",
    [TA_REPORT_DEADLOCK] = "deadlock",
    [TA_REPORT_NAMES] = "names",
};

/* (Runner, kind) */
static int l_report(lua_State *L) {
  struct ta_runner *runner = lua_touserdata(L, 1);
  enum ta_report_kind kind = (enum ta_report_kind)lua_tointeger(L, 2);
  ta_own_chunk(runner, L, ta_chunk_report);
  ta_push_chunk(runner, L, ta_chunk_report);
  lua_getfield(L, -1, reports[kind]);
  push_all_facts(runner, L, kind == TA_REPORT_NAMES ? MOST_NAMED : SIZE_MAX,
                 kind == TA_REPORT_DUMP);
  lua_pushinteger(L, (lua_Integer)runner->live);
  lua_call(L, 2, 1);
  return 1;
}

/* Meanwhile no pass begins and nobody frees the Runner, which finalizers could do. */
void ta_push_report(struct ta_runner *runner, lua_State *L, enum ta_report_kind kind) {
  ta_check_open(runner, L);
  ta_check_stack(L, LUA_MINSTACK);
  lua_pushcfunction(L, l_report);
  lua_pushlightuserdata(L, runner);
  lua_pushinteger(L, (lua_Integer)kind);
  bool held = ta_hold_passes(runner);
  int status = lua_pcall(L, 2, 1, 0);
  ta_allow_passes(runner, held);
  if (status != LUA_OK) lua_error(L);
}

void ta_push_running_where(struct ta_runner *runner, lua_State *L) {
  ta_where_shown where;
  ta_check_stack(L, LUA_MINSTACK);
  lua_pushstring(L, where_running(runner, where) ? where : "?");
}

void ta_push_name_of(struct ta_runner *runner, lua_State *L, const struct ta_task *task) {
  ta_check_stack(L, LUA_MINSTACK);
  ta_task_push(runner, L, task);
  ta_name_shown name;
  ta_clean_name(ta_push_task_name(L, -1), name);
  lua_pushfstring(L, "#%I %s", (LUAI_UACINT)ta_task_id(task), name);
  lua_replace(L, -3);
  lua_pop(L, 1);
}

void ta_push_running_name(struct ta_runner *runner, lua_State *L) {
  ta_check_stack(L, LUA_MINSTACK);
  if (runner->current)
    ta_push_name_of(runner, L, runner->current);
  else
    lua_pushliteral(L, "?");
}

static bool is_finalizer(const lua_Debug *ar) {
  return *ar->namewhat == 'm' && ar->name && strcmp(ar->name, "__gc") == 0;
}

/* What the innermost function is, in words: a C function by the name it was called by,
 * unless a finalizer lies further out. */
static void describe_innermost(lua_State *L, char *text, size_t size) {
  lua_Debug ar;
  bool in_c = true;
  snprintf(text, size, "a function");
  for (int level = 0; level < FRAMES_SEARCHED && lua_getstack(L, level, &ar); level++) {
    lua_getinfo(L, "Sn", &ar);
    if (is_finalizer(&ar)) {
      snprintf(text, size, "a finalizer");
      return;
    }
    if (in_c && *ar.what == 'C' && ar.name) {
      snprintf(text, size, "'%.40s'", ar.name);
      in_c = false;
    }
    in_c = in_c && *ar.what == 'C';
  }
}

bool ta_write_running_where(const struct ta_runner *runner, char *text, size_t size) {
  ta_where_shown where;
  char name[64];
  *text = '\0';
  if (!runner->current || !runner->level) return false;
  lua_State *L = runner->level->co;
  describe_innermost(L, name, sizeof name);
  snprintf(text, size, "%s at %s", name, ta_where(L, 0, where) ? where : "?");
  return true;
}

/* Does an error pass all frames of the coroutine? */
static bool lets_pass(lua_State *co, bool (*passes)(void *data, lua_CFunction function),
                      void *data) {
  lua_Debug ar;
  if (!lua_checkstack(co, 1)) return false;
  for (int level = 0; lua_getstack(co, level, &ar); level++) {
    lua_getinfo(co, "nf", &ar);
    lua_CFunction function = lua_tocfunction(co, -1);
    lua_pop(co, 1);
    if (is_finalizer(&ar) || (function && !passes(data, function))) return false;
  }
  return true;
}

bool ta_reaches_task(const struct ta_runner *runner, lua_State *L,
                     bool (*passes)(void *data, lua_CFunction function), void *data) {
  const struct ta_level *level = runner->level;
  if (!runner->current || !level || level->co != L) return false;
  while (level && lets_pass(level->co, passes, data)) level = level->up;
  return level == NULL;
}

const struct ta_task *ta_running_task(const struct ta_runner *runner, uint64_t *id,
                                      const char **name) {
  const struct ta_task *task = runner->current;
  if (id) *id = task ? ta_task_id(task) : 0;
  if (name) *name = task ? ta_task_name(task) : NULL;
  return task;
}

/* ---------------------------------------------------------------- functions */

static int l_current(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  ta_check_open(runner, L);
  if (runner->current)
    ta_task_push(runner, L, runner->current);
  else
    lua_pushnil(L);
  return 1;
}

static int l_tasks(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  lua_Integer count = 0;
  lua_newtable(L);
  ta_check_open(runner, L);
  for (const struct ta_task *task = runner->oldest; task; task = ta_task_newer(runner, task)) {
    ta_task_push(runner, L, task);
    lua_rawseti(L, -2, ++count);
  }
  return 1;
}

static int l_tree(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  ta_check_open(runner, L);
  ta_push_report(runner, L, TA_REPORT_TREE);
  return 1;
}

void ta_open_inspection(struct ta_runner *runner, lua_State *L) {
  ta_set_function(runner, L, "current", l_current);
  ta_set_function(runner, L, "tasks", l_tasks);
  ta_set_function(runner, L, "tree", l_tree);
}
