/* SPDX-License-Identifier: MIT
 *
 * sync.h -- events, locks, semaphores, and values of a task's own.
 *
 * Each is a userdata with a queue of waiting tasks and perhaps a name.  Who
 * comes first gets first, at the moment something is released.
 */
#ifndef TA_CORE_SYNC_H
#define TA_CORE_SYNC_H

#include "core/library.h"
#include "core/task.h"

/* The beginning of each of them, and of channels. */
struct ta_sync {
  struct ta_list waiting;
  const char *name; /* NULL, or kept in the first user value */
};

struct ta_event_flag {
  struct ta_sync sync;
  bool is_set;
};

/* Reads the optional name at `index`, makes the userdata of `size` bytes and
 * pushes it.  [-0, +1, e] */
void *ta_push_sync(struct ta_runner *runner, lua_State *L, size_t size, int name_index, int which);

/* Writes the name in quotes, or nothing. */
void ta_describe_name(const struct ta_sync *sync, char *text, size_t size);

/* Makes a kind of such objects, with a field `name`: pushes its metatable.
 * [-0, +1, m] */
void ta_new_sync_kind(struct ta_runner *runner, lua_State *L, const char *name,
                      const struct ta_function *methods);

/* Releases the locks of a task that ends, and reports it. */
void ta_release_locks(struct ta_runner *runner, struct ta_task *task);

/* The locks of a task that is forgotten have no owner any more. */
void ta_drop_locks(struct ta_task *task);

/* A new task starts with the values of the one that runs.  [-0, +0, m] */
void ta_inherit_locals(struct ta_runner *runner, lua_State *L, const struct ta_task *task);

void ta_forget_locals(struct ta_runner *runner, const struct ta_task *task);

/* Adds their constructors to the table on top.  [-0, +0, m] */
void ta_open_sync(struct ta_runner *runner, lua_State *L);

#endif
