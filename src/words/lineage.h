/* SPDX-License-Identifier: MIT
 *
 * lineage.h -- who has spawned whom, and where.
 *
 * A spawn record is a small table that tasks spawned from one line by one task
 * share: the line, who spawned, and that task's own record.  Chains of records
 * are cut so that a task which spawns its successor does not keep its whole
 * ancestry alive.
 */
#ifndef TA_WORDS_LINEAGE_H
#define TA_WORDS_LINEAGE_H

#include "core/task.h"

/* The number of the record of a spawn by the running function, or 0 when no task runs it.
 * It lasts until finalizers may run, or ta_have_record().  [-0, +0, m] */
uint32_t ta_find_record(struct ta_runner *runner, lua_State *L);

/* The new task has it until it ends. */
void ta_have_record(struct ta_runner *runner, struct ta_task *task, uint32_t record);

/* Pushes the record of a task that lives, or nil.  [-0, +1, -] */
void ta_push_record(struct ta_runner *runner, lua_State *L, const struct ta_task *task);

/* Makes the table of records.  [-0, +0, m] */
void ta_lineage_setup(struct ta_runner *runner, lua_State *L);

/* The task has ended: its function, which is kept where it has spawned as well, may
 * go. */
void ta_forget_origin(struct ta_runner *runner, struct ta_task *task);

/* Pushes the lines of the chain of spawns that begins with the record on top,
 * which is popped, or nil when there is none.  [-1, +1, m] */
void ta_push_chain(lua_State *L);

/* The id of the task that made the record at `record`, or 0. */
lua_Integer ta_record_spawner(lua_State *L, int record);

/* The line in the record at `record`, which keeps it; or NULL. */
const char *ta_record_where(lua_State *L, int record);

#endif
