/* SPDX-License-Identifier: MIT
 *
 * cancel.h -- cancellation: who is cancelled, why, and where it is raised.
 *
 * A task is in regions, one inside the other: scopes, deadlines, shields.  It
 * may be cancelled as a whole, and so may a region of it.  A cancellation is in
 * force while its region lasts and no shield inside that is open; of several the
 * outermost is raised.
 *
 * A cause is an address that stands for one cancellation: the region's, the
 * task's, or the Runner's when everything is cancelled.  Its error object is
 * made when it is first raised, and kept under that address until the region or
 * task has ended.
 *
 * It knows no kind of wait: a wait that is given up disarms itself.
 */
#ifndef TA_CORE_CANCEL_H
#define TA_CORE_CANCEL_H

#include "core/list.h"
#include "core/runner.h"
#include "core/task.h"

enum ta_region_kind { TA_REGION_SCOPE, TA_REGION_DEADLINE, TA_REGION_SHIELD };

/* The first member of a userdata, which its task keeps while it is open. */
struct ta_region {
  struct ta_region *outer; /* of the same task */
  struct ta_task *task;    /* NULL: not open */
  lua_State *co;           /* in which it was opened */
  const void *cause;       /* NULL, or its own address when it was cancelled */
  const char *reason;      /* for its error object, unless that is there already */
  uint64_t step;           /* of its task, in which it was opened */
  unsigned shields;        /* that were open around it */
  uint8_t kind;            /* an enum ta_region_kind */
  uint8_t deliveries;      /* to its task before it was opened */
  bool lifted;             /* a shield that counts no longer */
};

/* What a scope does about children that fail. */
enum ta_scope_mode { TA_SCOPE_PLAIN, TA_SCOPE_FIRST_ERROR, TA_SCOPE_COLLECTS, TA_SCOPE_SETTLES };

/* What a scope does about its children, told by whoever opens it. */
struct ta_scope_kind {
  /* A child has ended.  True: the scope keeps it, for its error, until
   * ta_task_release(). */
  bool (*child_ended)(struct ta_runner *runner, struct ta_scope *scope, struct ta_task *child);

  /* A child failed, and the scope will not raise that. */
  void (*unraised)(struct ta_runner *runner, struct ta_task *child);
};

struct ta_scope {
  struct ta_region region;
  const struct ta_scope_kind *kind;
  struct ta_list children; /* that live */
  struct ta_list failed;   /* in the order in which they failed */
  size_t failures;
  size_t before_own; /* how many had failed when its function did */
  uint8_t mode;      /* an enum ta_scope_mode */
  bool asked;        /* s:cancel() was called */
  bool ended;
};

struct ta_deadline {
  struct ta_region region;
  struct ta_timer timer; /* its `seq` is 0, which is no task's */
  struct ta_deadline *next_due;
  double seconds;
};

/* Opens a region of the running task, in coroutine L: the userdata at `index`, whose
 * user value is free for it.  [-0, +0, -] */
void ta_open_region(struct ta_runner *runner, lua_State *L, int index, enum ta_region_kind kind);

/* Closes the task's innermost region. */
void ta_close_region(struct ta_runner *runner, struct ta_region *region);

/* The state is being closed: the task is in no region any more. */
void ta_bury_regions(struct ta_task *task);

/* Gives up the regions that a coroutine, or with NULL the whole task, leaves
 * behind without having closed them. */
void ta_abandon_regions(struct ta_runner *runner, struct ta_task *task, const lua_State *co);

/* Those of the running task that a dead coroutine has left. */
static inline void ta_abandon_regions_of(struct ta_runner *runner, const lua_State *co) {
  if (runner->current) ta_abandon_regions(runner, runner->current, co);
}

/* The innermost region if it was opened in `co`: it must not yield then. */
static inline struct ta_region *ta_region_open_in(const struct ta_runner *runner,
                                                  const lua_State *co) {
  struct ta_region *region = runner->current ? runner->current->region : NULL;
  return region && region->co == co ? region : NULL;
}

/* Cancels a task because of `cause`, and what it has spawned in scopes.  False:
 * it was cancelled already, or has ended. */
bool ta_cancel_task(struct ta_runner *runner, struct ta_task *task, const void *cause);

/* The same by the task's own cancel(), with the reason on top, which is popped.
 * Raises when the Runner is gone.  [-1, +0, v] */
bool ta_cancel_task_for_reason(struct ta_runner *runner, lua_State *L, struct ta_task *task);

/* Cancels a scope by its own cancel() in the same way. */
bool ta_cancel_scope_for_reason(struct ta_runner *runner, lua_State *L, struct ta_scope *scope);

/* Cancels a region; `reason` is for its error object and must last. */
void ta_cancel_region(struct ta_runner *runner, struct ta_region *region, const char *reason);

/* The deadline has come. */
void ta_deadline_due(struct ta_runner *runner, struct ta_deadline *deadline);

/* Why whatever begins inside the region is cancelled from the start, or NULL. */
const void *ta_cause_around(const struct ta_region *region);

/* Why a task spawned by the running one never starts, or NULL; *spared: because
 * that one is in a shield. */
const void *ta_cause_of_birth(const struct ta_runner *runner, bool *spared);

/* Is the running task in a shield, or part of what one holds? */
bool ta_is_in_shelter(const struct ta_runner *runner);

/* Is the value at `index` the error object of a cancellation in force on the
 * task that runs L?  [-0, +0, -] */
bool ta_is_in_force(struct ta_runner *runner, lua_State *L, int index);

/* Is the value on top the error object of `cause`?  [-0, +0, -] */
bool ta_is_object_of(struct ta_runner *runner, lua_State *L, const void *cause);

/* Raises the value on top, which may be a cancellation in force.  [-1, +0, v] */
int ta_raise(struct ta_runner *runner, lua_State *L);

/* Raises again what a protected call has caught, the value on top.  [-1, +0, v] */
int ta_rethrow(struct ta_runner *runner, lua_State *L);

/* Pushes the error object of a cause.  [-0, +1, m] */
void ta_push_cancellation(struct ta_runner *runner, lua_State *L, const void *cause);

/* Forgets the error object of a cause that has ended. */
void ta_forget_cancellation(struct ta_runner *runner, const void *cause);

/* Makes the metatable of error objects.  [-0, +0, m] */
void ta_cancel_setup(struct ta_runner *runner, lua_State *L);

#endif
