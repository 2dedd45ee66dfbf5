/* SPDX-License-Identifier: MIT
 *
 * task.h -- one task: its coroutine, its deadline, one step and how it ends.
 *
 * A task is a Lua userdata.  While it lives the Runner keeps it, and it keeps
 * its coroutine; afterwards it lasts as long as somebody holds it.  It knows
 * nothing of passes and order: runner.c decides who is stepped.
 */
#ifndef TA_CORE_TASK_H
#define TA_CORE_TASK_H

#include "core/runner.h"

enum ta_task_state {
  TA_TASK_RUNNABLE,
  TA_TASK_RUNNING,
  TA_TASK_WAITING,
  TA_TASK_DONE,
  TA_TASK_FAILED,
  TA_TASK_CANCELLED
};

struct ta_task {
  struct ta_timer timer;       /* `at` is the article's proceed_at, `seq` the id */
  lua_State *co;               /* NULL once it has ended */
  double slept_from;           /* when its sleep began */
  struct ta_task *next_queued; /* in the queue that holds it */
  struct ta_task *older;       /* neighbours among all that live */
  struct ta_task *newer;
  uint64_t wait;       /* number of the wait a ticket can end, or 0 */
  uint64_t steps;      /* how many it has taken */
  const char *name;    /* NULL until somebody asked */
  const char *action;  /* what it waits for */
  const char *subject; /* more about that, or NULL */
  uint32_t slot;       /* its reference in the Runner's table */
  uint8_t state;       /* an enum ta_task_state */
  bool daemon : 1;
  bool endless : 1;   /* in sleep(math.huge) */
  bool preempted : 1; /* its last step was cut short */
  uint8_t marks;      /* values that its coroutine yielded to wait; 0: it has not */
};

/* A task's user values. */
enum {
  TA_TASK_THREAD = 1, /* its coroutine; nil once it has ended */
  TA_TASK_FUNCTION,   /* what it runs, until that is replaced by its name */
  TA_TASK_RECORD,     /* where it was spawned, or nil: see describe.h */
  TA_TASK_KEEPS = TA_TASK_RECORD
};

static inline uint64_t ta_task_id(const struct ta_task *task) {
  return task->timer.seq;
}

/* The task whose step runs its own coroutine L, or NULL: somebody else has got
 * hold of the coroutine and resumed it. */
static inline struct ta_task *ta_task_running_on(const struct ta_runner *runner,
                                                 const lua_State *L) {
  return runner->current && runner->current->co == L ? runner->current : NULL;
}

/* Takes one step of a runnable task: it waits, ends or fails. */
void ta_task_step(struct ta_runner *runner, struct ta_task *task);

/* Takes an ended task, which no queue and no timer holds, off the Runner. */
void ta_task_end(struct ta_runner *runner, struct ta_task *task, enum ta_task_state state);

/* Reports a failure whose error object is on top of the Runner's L, and pops
 * it. */
void ta_task_fail(struct ta_runner *runner, struct ta_task *task);

/* Pushes the task's object.  Only of one that lives.  [-0, +1, -] */
void ta_task_push(struct ta_runner *runner, lua_State *L, const struct ta_task *task);

/* Closes one of the task's coroutines; an error of its clean-up is reported, and
 * false is the answer then. */
bool ta_task_close(struct ta_runner *runner, struct ta_task *task, lua_State *co, const char *by);

static inline void ta_task_unpreempt(struct ta_runner *runner, struct ta_task *task) {
  task->preempted = false;
  runner->preempted--;
}

/* Makes the metatable, the table of tasks and the body.  [-0, +0, m] */
void ta_task_setup(struct ta_runner *runner, lua_State *L);

#endif
