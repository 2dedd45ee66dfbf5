/* SPDX-License-Identifier: MIT
 *
 * task.h -- what a task is: its coroutine, its deadline, what it waits for.
 *
 * A task is a Lua userdata.  While it lives the Runner keeps it, and it keeps
 * its coroutine; afterwards it lasts as long as somebody holds it.  It knows
 * nothing of passes and order: pass.c decides who is stepped, step.c what a step is.
 */
#ifndef TA_CORE_TASK_H
#define TA_CORE_TASK_H

#include "list.h"
#include "core/runner.h"

struct ta_cancel_scope;
struct ta_scope;
struct ta_task;

enum ta_task_state {
  TA_TASK_RUNNABLE,
  TA_TASK_RUNNING,
  TA_TASK_WAITING,
  TA_TASK_DONE,
  TA_TASK_FAILED,
  TA_TASK_CANCELLED
};

/* A place in a queue of those who wait. */
struct ta_waiter {
  struct ta_link link;
  struct ta_task *task;
};

/* What few tasks have, while they live: see ta_task_make_more(). */
struct ta_task_more {
  struct ta_list awaiters; /* those who wait for its end */
  struct ta_list attached; /* what it is to give back before it ends: locks ... */
};

/* What each step touches comes first, to lie in few cache lines. */
struct ta_task {
  struct ta_timer timer;           /* `at` is the article's proceed_at, `seq` the id */
  lua_State *co;                   /* NULL before its first step, but for one that got one at
                                      once: see start.h; and NULL once it has ended */
  const struct ta_wait_kind *kind; /* what it waits for; NULL: it does not */
  void *subject;                   /* more about that */
  double since;                    /* when the wait began */
  uint64_t wait;                   /* number of the wait a ticket can end, or 0; once it has
                                      ended, which of two did so first */
  uint64_t steps;                  /* how many it has taken */
  uint32_t ref;                    /* its coroutine's number in the table of those */
  uint32_t record;                 /* where it was spawned, as long as it lives: see lineage.h */
  uint8_t state;                   /* an enum ta_task_state */
  uint8_t ends_as;                 /* what it will be when its last step is over */
  uint8_t marks;                   /* values that its coroutine yielded to wait; 0: it has not */
  uint8_t deliveries;              /* how often a cancellation was raised in it */
  uint8_t starts : 3;              /* an enum ta_task_start */
  bool program : 1;                /* what it runs is the script itself */
  bool exposed : 1;                /* a script got hold of its coroutine */
  bool endless : 1;                /* in sleep(math.huge) */
  bool outside : 1;                /* in a wait that the outside can end */
  bool nested : 1;                 /* in a wait of a coroutine further in than its own */
  bool queued : 1;                 /* `waiter` holds a place */
  bool in_force : 1;               /* a cancellation is: each wait raises it */
  bool cut_short : 1;              /* its wait was, or the cancellation came during a firm one */
  bool shielded : 1;               /* part of what a shield holds, when everything is cancelled */
  bool sheltered : 1;              /* it belongs to a loop in a shield */
  bool no_grace : 1;               /* it was told that the time for clean-up is over */
  bool lost_lock : 1;              /* that it held was collected */
  bool over_limit : 1;             /* it went on after too many cancellations: to be closed */
  bool rethrown : 1;               /* the error being raised has its traceback already */
  bool reported : 1;               /* its failure was */
  bool packed : 1;                 /* its outcome is a table of several results */
  bool empty : 1;                  /* it has none */
  bool has_note : 1;               /* see words/traceback.h */
  bool daemon : 1;
  bool two_names : 1;  /* see words/task_name.c */
  bool is_counted : 1; /* `called` counts it among those that keep the function */
  bool borrows : 1;    /* its function is kept by `called` */
  const void *cause;   /* why it was cancelled, or NULL: see cancel.h */
  union {
    struct ta_waiter waiter; /* while it waits in a queue */
    struct {
      struct ta_task *next_queued; /* in the queue that holds it when runnable */
      union {
        double delay; /* from a sleep until that has returned: for so many seconds */
        struct {      /* while it waits for a ticket, likewise: how it goes on */
          lua_KFunction k;
          lua_KContext context;
        } after;
      };
    };
  };
  uint32_t older; /* neighbours among all that live, by their numbers; 0: it has none */
  uint32_t newer;
  struct ta_scope *scope;               /* whose child it is, or NULL */
  struct ta_link sibling;               /* among the scope's children */
  const void *anchored;                 /* the object that its user value keeps */
  struct ta_cancel_scope *cancel_scope; /* the innermost scope, deadline or shield it is in */
  struct ta_task_more *more;            /* NULL: none of that */
  union {
    const char *name;         /* NULL until somebody asked: ta_task_name() */
    struct ta_called *called; /* while it is counted */
  };
};

/* Where function and arguments are, for a task that has not started.  Those of one
 * that has a coroutine already, because of a debug hook, are not on it yet. */
enum ta_task_start {
  TA_START_LOADED, /* it has started */
  TA_START_READY,  /* on its coroutine */
  TA_START_BARE,   /* the function in its user value, no argument */
  TA_START_ONE,    /* and the argument in another */
  TA_START_PACKED  /* a table there with their count, the function, the arguments */
};

/* A task's user values. */
enum {
  TA_TASK_OUTCOME = 1,  /* its result or error; before it starts its arguments */
  TA_TASK_FUNCTION,     /* what it runs, until that is replaced by its name */
  TA_TASK_CANCEL_SCOPE, /* the object of its innermost cancel scope; that keeps the others */
  TA_TASK_ANCHOR = TA_TASK_OUTCOME,    /* while it runs, what its last wait was about */
  TA_TASK_NOTE = TA_TASK_CANCEL_SCOPE, /* after a failure what is known of it: see traceback.h */
  TA_TASK_KEEPS = TA_TASK_CANCEL_SCOPE
};

static inline uint64_t ta_task_id(const struct ta_task *task) {
  return task->timer.seq;
}

/* Its number in the Runner's table. */
static inline uint32_t ta_task_slot(const struct ta_task *task) {
  return task->timer.number;
}

/* The living task with that number, or NULL. */
static inline struct ta_task *ta_task_in_slot(const struct ta_runner *runner, size_t slot) {
  if (slot == 0 || slot > runner->slots_used) return NULL;
  struct ta_task *task = runner->slots[slot];
  return (uintptr_t)task & 1 ? NULL : task;
}

/* The one that was created after it, of those that live, or NULL. */
static inline struct ta_task *ta_task_newer(const struct ta_runner *runner,
                                            const struct ta_task *task) {
  return task->newer ? runner->slots[task->newer] : NULL;
}

static inline bool ta_task_has_ended(const struct ta_task *task) {
  return task->state >= TA_TASK_DONE;
}

/* The task whose step runs its own coroutine L, or NULL: somebody else has got
 * hold of the coroutine and resumed it. */
static inline struct ta_task *ta_task_running_on(const struct ta_runner *runner,
                                                 const lua_State *L) {
  return runner->current && runner->current->co == L ? runner->current : NULL;
}

/* Makes room for what few tasks have, unless the task, which lives, has it already; NULL when
 * memory is out.  It lasts as long as the task lives.  No finalizer runs. */
struct ta_task_more *ta_task_make_more(struct ta_runner *runner, struct ta_task *task);

/* The same for what Lua calls, or raises.  [-0, +0, m] */
struct ta_task_more *ta_task_need_more(struct ta_runner *runner, lua_State *L,
                                       struct ta_task *task);

/* Gives it back; what may still be in its lists is in none then. */
void ta_task_drop_more(struct ta_runner *runner, struct ta_task *task);

/* Pushes the task's object.  Only of one that lives.  [-0, +1, -] */
void ta_task_push(struct ta_runner *runner, lua_State *L, const struct ta_task *task);

/* NULL until somebody asked. */
static inline const char *ta_task_name(const struct ta_task *task) {
  return task->is_counted ? NULL : task->name;
}

/* It needs its function no longer: others that do cannot tell by it that that lives. */
static inline void ta_task_leave_called(lua_State *L, struct ta_task *task) {
  if (!task->is_counted) return;
  struct ta_called *called = task->called;
  task->name = NULL;
  task->is_counted = task->borrows = false;
  if (--called->tasks > 0 || !called->kept) return;
  called->kept = false;
  lua_pushboolean(L, false);
  lua_rawseti(L, LUA_REGISTRYINDEX, called->reference);
}

/* Has anybody heard, or will hear, of its failure? */
bool ta_task_is_awaited(const struct ta_task *task);

/* The task at index 1 of a C function whose first upvalue is the Runner, or
 * raises.  [-0, +0, v] */
struct ta_task *ta_check_task(lua_State *L);

/* The task at `index`, or NULL when that is none.  [-0, +0, -] */
struct ta_task *ta_to_task(struct ta_runner *runner, lua_State *L, int index);

#endif
