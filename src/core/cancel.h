/* SPDX-License-Identifier: MIT
 *
 * cancel.h -- cancellation: who is cancelled, why, and where it is raised.
 *
 * A task is in cancel scopes, one inside the other: scopes, deadlines, shields.  It
 * may be cancelled as a whole, and so may a cancel scope of it.  A cancellation is in
 * force while its cancel scope lasts and no shield inside that is open; of several the
 * outermost is raised.
 *
 * A cause is an address that stands for one cancellation: the cancel scope's, the
 * task's, or the Runner's when everything is cancelled.  Its error object is
 * made when it is first raised, and kept under that address until the cancel scope or
 * task has ended.  Whoever outlives its cause, as the children do of a task that is
 * closed, becomes its own.
 *
 * It knows no kind of wait: a wait that is given up disarms itself.
 */
#ifndef TA_CORE_CANCEL_H
#define TA_CORE_CANCEL_H

#include "list.h"
#include "core/runner.h"
#include "core/task.h"

enum ta_cancel_scope_kind {
  TA_CANCEL_SCOPE_TASKS,
  TA_CANCEL_SCOPE_DEADLINE,
  TA_CANCEL_SCOPE_SHIELD
};

/* The first member of a userdata, which its task keeps while it is open. */
struct ta_cancel_scope {
  struct ta_cancel_scope *outer; /* of the same task */
  struct ta_task *task;          /* NULL: not open */
  lua_State *co;                 /* in which it was opened */
  const void *cause;             /* NULL, or its own address when it was cancelled */
  const char *reason;            /* for its error object, unless that is there already */
  uint64_t step;                 /* of its task, in which it was opened */
  unsigned shields;              /* that were open around it */
  uint8_t kind;                  /* an enum ta_cancel_scope_kind */
  uint8_t deliveries;            /* to its task before it was opened */
  bool lifted;                   /* a shield that counts no longer */
};

/* What a scope does about children that fail. */
enum ta_scope_mode {
  TA_SCOPE_PLAIN,
  TA_SCOPE_FIRST_ERROR,
  TA_SCOPE_COLLECTS,
  TA_SCOPE_SETTLES,
  TA_SCOPE_REPORTS
};

/* What a scope does about its children, told by whoever opens it. */
struct ta_scope_kind {
  /* A child has ended.  True: the scope keeps it, for its error, until
   * ta_task_release(). */
  bool (*child_ended)(struct ta_runner *runner, struct ta_scope *scope, struct ta_task *child);

  /* A child failed, and the scope will not raise that. */
  void (*unraised)(struct ta_runner *runner, struct ta_task *child);
};

struct ta_scope {
  struct ta_cancel_scope cancel_scope;
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
  struct ta_cancel_scope cancel_scope;
  struct ta_timer timer; /* its `seq` is 0, which is no task's */
  struct ta_deadline *next_due;
  double seconds;
};

/* A cause that lasts, for want of a better one: no reason is known, or memory for its error
 * object was refused. */
extern const struct ta_cancel_scope ta_unexplained;

/* Opens a cancel scope of the running task, in coroutine L: the userdata at `index`, whose
 * user value is free for it.  [-0, +0, -] */
void ta_open_cancel_scope(struct ta_runner *runner, lua_State *L, int index,
                          enum ta_cancel_scope_kind kind);

/* Closes the task's innermost cancel scope. */
void ta_close_cancel_scope(struct ta_runner *runner, struct ta_cancel_scope *cancel_scope);

/* The state is being closed: the task is in no cancel scope any more. */
void ta_bury_cancel_scopes(struct ta_task *task);

/* Gives up the cancel scopes that a coroutine, or with NULL the whole task, leaves
 * behind without having closed them. */
void ta_abandon_cancel_scopes(struct ta_runner *runner, struct ta_task *task, const lua_State *co);

/* Those of the running task that a dead coroutine has left. */
static inline void ta_abandon_cancel_scopes_of(struct ta_runner *runner, const lua_State *co) {
  if (runner->current) ta_abandon_cancel_scopes(runner, runner->current, co);
}

/* The innermost cancel scope if it was opened in `co`: it must not yield then. */
static inline struct ta_cancel_scope *ta_cancel_scope_open_in(const struct ta_runner *runner,
                                                              const lua_State *co) {
  struct ta_cancel_scope *cancel_scope = runner->current ? runner->current->cancel_scope : NULL;
  return cancel_scope && cancel_scope->co == co ? cancel_scope : NULL;
}

/* The task is to end for what is in force on it, and leave the cancel scopes first: it is
 * its own cause from now on, unless it has one. */
void ta_adopt_cause(struct ta_runner *runner, struct ta_task *task);

/* Cancels a task because of `cause`, and what it has spawned in scopes.  False:
 * it was cancelled already, or has ended. */
bool ta_cancel_task(struct ta_runner *runner, struct ta_task *task, const void *cause);

/* The same by the task's own cancel(), with the reason on top, which is popped.
 * Raises when the Runner is gone.  [-1, +0, v] */
bool ta_cancel_task_for_reason(struct ta_runner *runner, lua_State *L, struct ta_task *task);

/* Cancels a scope by its own cancel() in the same way. */
bool ta_cancel_scope_for_reason(struct ta_runner *runner, lua_State *L, struct ta_scope *scope);

/* Cancels a cancel scope; `reason` is for its error object and must last. */
void ta_cancel_inside(struct ta_runner *runner, struct ta_cancel_scope *cancel_scope,
                      const char *reason);

/* The deadline has come. */
void ta_deadline_due(struct ta_runner *runner, struct ta_deadline *deadline);

/* Why whatever begins inside the cancel scope is cancelled from the start, or NULL. */
const void *ta_cause_around(const struct ta_cancel_scope *cancel_scope);

/* Why a task spawned by the running one never starts, or NULL; *shielded: because
 * that one is in a shield. */
const void *ta_cause_of_birth(const struct ta_runner *runner, bool *shielded);

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
