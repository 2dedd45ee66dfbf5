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
#include "core/where.h"

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

/* Pushes on L the name of the C function that `ar` found in a frame of `co`, as
 * "table.sort".  [-0, +1, m] */
void ta_push_c_name(lua_State *L, lua_State *co, lua_Debug *ar);

/* Pushes a name for the function, or callable object, at `index`.  [-0, +1, m] */
void ta_push_function_name(lua_State *L, int index);

/* Pushes the record of a spawn by the running function, or nil when no task
 * runs it.  [-0, +1, m] */
void ta_push_record(struct ta_runner *runner, lua_State *L);

/* The task has ended: its function, which is kept where it has spawned as well, may
 * go. */
void ta_forget_origin(struct ta_runner *runner, struct ta_task *task);

/* Tells the trace that the task at `task_index` was added: by whom, or else
 * from what `origin`.  [-0, +0, -] */
void ta_describe_add(struct ta_runner *runner, lua_State *L, int task_index, const char *origin);

/* Pushes the lines of the chain of spawns that begins with the record on top,
 * which is popped, or nil when there is none.  [-1, +1, m] */
void ta_push_chain(lua_State *L);

/* The id of the task that made the record at `record`, or 0. */
lua_Integer ta_record_spawner(lua_State *L, int record);

#endif
