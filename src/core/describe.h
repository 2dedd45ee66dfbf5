/* SPDX-License-Identifier: MIT
 *
 * describe.h -- tasks, functions and places in words.
 *
 * A spawn record is a small table that tasks spawned from one line by one task
 * share: the place, who spawned, and that task's own record.  Chains of records
 * are cut so that a task which spawns its successor does not keep its whole
 * ancestry alive.
 */
#ifndef TA_CORE_DESCRIBE_H
#define TA_CORE_DESCRIBE_H

#include "core/runner.h"
#include "core/task.h"

/* What the Lua half of the library is called, which reports do not show. */
#define TA_PRELUDE_SOURCE "=(tinyasync)"

/* "file.lua:12" */
typedef char ta_place[LUA_IDSIZE + 16];

/* Writes where L is: its innermost Lua function at or above `level`.  False
 * when there is none. */
bool ta_where(lua_State *L, int level, ta_place place);

/* A name as reports show it: cut, and without control characters. */
#define TA_NAME_SHOWN 100                      /* bytes */
typedef char ta_name_shown[TA_NAME_SHOWN + 4]; /* and three dots */
const char *ta_clean_name(const char *name, ta_name_shown out);

/* The task's, or "?" when nobody has asked for it yet. */
const char *ta_shown_name(const struct ta_task *task, ta_name_shown out);

/* "#3 name" */
typedef char ta_title_shown[sizeof(ta_name_shown) + 24];
const char *ta_task_title(const struct ta_task *task, ta_title_shown out);

/* Replaces control characters by blanks. */
void ta_clean_text(char *text);

/* luaL_error() for functions that the Lua half of the library calls as well: the
 * message begins with the script's line.  [-0, +0, v] */
int ta_error(lua_State *L, const char *format, ...);

/* Where a suspended task waits, seen through its nested coroutines. */
bool ta_where_waiting(const struct ta_task *task, ta_place place);

/* Pushes on L the name of the C function that `ar` found in a frame of `co`, as
 * "table.sort".  [-0, +1, m] */
void ta_push_c_name(lua_State *L, lua_State *co, lua_Debug *ar);

/* Pushes a name for the function, or callable object, at `index`.  [-0, +1, m] */
void ta_push_function_name(lua_State *L, int index);

/* Pushes the record of a spawn by the running function, or nil when no task
 * runs it.  [-0, +1, m] */
void ta_push_record(struct ta_runner *runner, lua_State *L);

/* The task ends: its function, kept where it has spawned, may go. */
void ta_forget_spawner(struct ta_runner *runner, const struct ta_task *task);

/* Tells the trace that the task at `task_index` was added: by whom, or else
 * from what `origin`.  [-0, +0, -] */
void ta_describe_add(struct ta_runner *runner, lua_State *L, int task_index, const char *origin);

/* Pushes the lines of the chain of spawns that begins with the record on top,
 * which is popped, or nil when there is none.  [-1, +1, m] */
void ta_push_chain(lua_State *L);

/* The id of the task that made the record at `record`, or 0. */
lua_Integer ta_record_spawner(lua_State *L, int record);

#endif
