/* SPDX-License-Identifier: MIT
 *
 * upper.h -- what the floors above do for the kernel, which names none of them.
 *
 * Whoever makes a Runner hands it a table of these.
 */
#ifndef TA_CORE_UPPER_H
#define TA_CORE_UPPER_H

#include "core/task.h"

struct ta_upper {
  /* What is to be remembered of the spawn by the running function: its number, or 0.  It
   * lasts until finalizers may run, or a task has it.  [-0, +0, m] */
  uint32_t (*find_record)(struct ta_runner *runner, lua_State *L);

  /* The task, which was made since, has it. */
  void (*have_record)(struct ta_runner *runner, struct ta_task *task, uint32_t record);

  /* The new task was made with the function at `function`, and keeps it unless it
   * `borrows` it now.  [-0, +0, -] */
  void (*note_function)(struct ta_runner *runner, lua_State *L, int function, struct ta_task *task);

  /* A failing task ends by the error object on top of its coroutine: pushes what there
   * is to tell, unless nobody will be told.  How many values then lie there, the object
   * the first.  [-0, +n, e] */
  int (*describe_end)(struct ta_runner *runner, lua_State *L, struct ta_task *task);

  /* Tells of the failure that those values on top of `co` describe, if nobody awaits the
   * task. */
  void (*report)(struct ta_runner *runner, struct ta_task *task, lua_State *co);

  /* The same for a failure of which nothing lies there but the error object, on top of
   * the Runner's L.  It stays there. */
  void (*report_error)(struct ta_runner *runner, struct ta_task *task);

  /* The same for one that was refused memory: asks for none. */
  void (*report_refused)(struct ta_runner *runner, struct ta_task *task);

  /* A lock that the ending task held is gone. */
  void (*report_lost)(struct ta_runner *runner, struct ta_task *task);

  /* What is known of its error goes with the ending task, whose object is on top of L.
   * [-0, +0, -] */
  void (*keep_note)(struct ta_runner *runner, lua_State *L, struct ta_task *task);

  /* The task, whose object is on top of the Runner's L, has ended: its function may go.
   * [-0, +0, -] */
  void (*forget)(struct ta_runner *runner, struct ta_task *task);

  /* Raises that L cannot wait, and why.  [-0, +0, v] */
  int (*raise_cannot_wait)(struct ta_runner *runner, lua_State *L, const char *action);

  /* Awaits what a C function, or Lua's own coroutine.yield, yielded from the task's
   * coroutine: the `count` values on its stack, which are popped.  -1 when that is no
   * action: the error object is then on top of the Runner's L. */
  int (*await_foreign)(struct ta_runner *runner, struct ta_task *task, int count);

  /* Each of these tells the trace of one event, timed now. */
  void (*trace_birth)(struct ta_runner *runner, lua_State *L, int task_index, const char *origin);
  void (*trace_step)(struct ta_runner *runner, const struct ta_task *task);
  void (*trace_wait)(struct ta_runner *runner, const struct ta_task *task, lua_State *L);
  void (*trace_sleep)(struct ta_runner *runner, const struct ta_task *task, lua_State *L,
                      double delay);
  void (*trace_task)(struct ta_runner *runner, const struct ta_task *task, enum ta_event_kind kind);
  void (*trace_pass)(struct ta_runner *runner, size_t count);
  void (*trace_idle)(struct ta_runner *runner);

  /* Finds out the name of the task at `task_index`, for the trace.  [-0, +0, m] */
  void (*find_name)(lua_State *L, int task_index);
};

/* What tasks inherit. */
struct ta_heritage {
  /* A new task gets what the running one has.  [-0, +0, m] */
  void (*inherit)(struct ta_runner *runner, lua_State *L, const struct ta_task *task);

  /* A task has ended.  [-0, +0, -] */
  void (*forget)(struct ta_runner *runner, lua_State *L, const struct ta_task *task);
};

#endif
