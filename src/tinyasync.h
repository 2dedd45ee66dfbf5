/* SPDX-License-Identifier: MIT
 *
 * tinyasync.h -- a Runner of Lua tasks, to be driven by any event loop.
 *
 * A host makes a Runner on a Lua state, adds functions as tasks, and calls
 * ta_pass() whenever the time has come that the Runner names: by calling the
 * host's call_later(), or in what ta_pass() returns.  It needs nothing of the
 * host but a clock.  It prints nothing, installs no signal handler and makes no
 * system call.
 *
 * All times are seconds as doubles on the host's clock.  Everything here is
 * called from the thread that runs the Lua state, except ta_wake() and
 * ta_interrupt().
 * Functions that work on a Lua stack carry the manual's [-popped, +pushed,
 * raises]; those that raise want a protected call around them.  The others use
 * up to LUA_MINSTACK slots of the Runner's L for a moment.
 */
#ifndef TINYASYNC_H
#define TINYASYNC_H

#include <lua.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define TA_API __attribute__((visibility("default")))
#else
#define TA_API
#endif

struct ta_runner;
struct ta_task;

/* What the host answers.  `now` is required, the others may be NULL. */
struct ta_host {
  void *data; /* handed to each function below */

  /* Seconds on a clock that never goes back.  Called in the middle of anything.  It
   * may run Lua code, which may do what scripts do outside tasks: spawn, cancel,
   * wake.  It must not begin a pass, nor free or close anything. */
  double (*now)(void *data);

  /* Asks for ta_pass() in `delay` seconds (0: soon; HUGE_VAL: no need any more),
   * instead of what was asked for before.  Called at the end of each ta_pass(),
   * and outside one when a task became runnable.  It only notes that down, with a
   * timer of the host's loop: it must not raise, nor call the Runner.  A pass too
   * many or too early does no harm.  Without this function the host goes by what
   * ta_pass() returns. */
  void (*call_later)(void *data, double delay);

  /* Called by ta_wake(), in whatever thread that is: has ta_pass() called soon in
   * the Runner's.  Until that pass it is not called again. */
  void (*wake)(void *data);

  /* Called between steps about once a millisecond while tasks keep the Runner
   * busy: the place to look at the outside and to flush output.  It may wake tasks, as
   * ta_unpark() does and its like in tinyasync_lib.h, and call ta_interrupt().  It must
   * not call ta_pass(), nor raise. */
  void (*poll)(void *data);

  /* Called in the middle of a step, some instructions after ta_preempt(), or at a
   * call after ta_preempt_calls(), from the debug hook of the coroutine L that runs.
   * It may use L as a C function would, and may end the step with
   * ta_raise_cancellation(). */
  void (*preempted)(void *data, lua_State *L);
};

/* Makes a Runner on L, which it does not change but for a hidden entry in the
 * registry.  Its memory comes from L's allocator.  The host struct is copied.
 * Raises when memory is out; what it had begun then goes with the state.  One that a
 * finalizer makes while lua_close() is at work has to be freed: Lua finalizes nothing
 * that is made then.  [-0, +0, m] */
TA_API struct ta_runner *ta_runner_new(lua_State *L, const struct ta_host *host);

/* Puts back what ta_open() replaced, where nobody has replaced it since, and
 * forgets all tasks without running their clean-up: ta_close_all() first does
 * that.  The Runner is gone then, and nobody may call ta_wake() any more.  0, or
 * -EBUSY, and nothing happens, while ta_pass() or ta_close_all() runs. */
TA_API int ta_runner_free(struct ta_runner *runner);

/* What ta_open() installs. */
enum ta_open_flags {
  TA_OPEN_LIBRARY = 1,   /* the globals async, await, sleep, spawn, runner; require "tinyasync" */
  TA_OPEN_COROUTINE = 2, /* a coroutine library through which waits pass */
  TA_OPEN_REQUIRE = 4,   /* a require whose modules may wait while they load */
  TA_OPEN_PCALL = 8,     /* pcall and xpcall that let cancellations pass */
  TA_OPEN_ALL = 15,

  /* With TA_OPEN_COROUTINE: coroutines of ended tasks are used again for later ones,
   * which is faster.  Only where no Lua code has kept Lua's own coroutine.running, and
   * no C function the coroutine it was called in. */
  TA_OPEN_REUSE = 16,

  /* With TA_OPEN_COROUTINE: the Runner has the extra space of coroutines,
   * lua_getextraspace(), and generators are faster.  Only where nobody else uses it, and
   * before a coroutine was made. */
  TA_OPEN_SPACE = 32
};

/* Installs the parts named by `flags` in L's globals.  Outside a task the
 * replacements do what Lua's own do.  Resuming or closing the coroutine of a task
 * with Lua's own functions makes the task fail at its next step.  Raises when another
 * Runner of the state has opened TA_OPEN_COROUTINE, TA_OPEN_REQUIRE or TA_OPEN_PCALL
 * and this one is to open any of them.  [-0, +0, e] */
TA_API void ta_open(struct ta_runner *runner, lua_State *L, unsigned flags);

/* Fills the table on top of L's stack with the functions of async, and with
 * sleep, spawn, await and runner, and touches no global.  The table gets a
 * metatable, until the functions that are loaded at first use have been.
 * [-0, +0, e] */
TA_API void ta_open_table(struct ta_runner *runner, lua_State *L);

/* Another legal order: the runnable tasks of each pass are shuffled, the same
 * way for the same seed.  0 is the order of creation. */
TA_API void ta_set_seed(struct ta_runner *runner, uint64_t seed);

/* ------------------------------------------------------------------ tasks */

struct ta_task_options {
  const char *name;   /* NULL: called after its function */
  size_t name_length; /* of a name that may hold zeros; 0: it ends at the first */
  const char *origin; /* where it comes from, for traces: NULL, or a file's name */
  bool daemon;        /* does not keep the Runner alive */
  bool program;       /* the script itself: functions that it returns become tasks, and
                         coroutine.running() says `true` in it, as in Lua's own main */
};

/* Makes a task of the function and the `nargs` arguments on top of L's stack,
 * and replaces them by the task as a Lua object.  `options` may be NULL.  Raises when
 * memory is out, or a finalizer has freed the Runner meanwhile.
 * [-(nargs+1), +1, v] */
TA_API struct ta_task *ta_add_task(struct ta_runner *runner, lua_State *L, int nargs,
                                   const struct ta_task_options *options);

/* What is left when ta_pass() returns. */
enum ta_pass_result {
  TA_BUSY,        /* tasks are runnable: call again at once */
  TA_WAITING,     /* call again at *deadline, or when a task was unparked */
  TA_STUCK,       /* as TA_WAITING, but neither time nor the outside can wake a task */
  TA_DONE,        /* no task is left, or only daemons that nobody has cancelled */
  TA_INTERRUPTED, /* ta_interrupt() cut the pass short; the next call goes on with it */
  TA_REENTERED    /* refused: a pass is under way, or a report is being made */
};

/* Runs one pass: every runnable task takes one step, in the order of creation.
 * *deadline becomes the time of the earliest sleeper (HUGE_VAL: none), unless
 * `deadline` is NULL. */
TA_API enum ta_pass_result ta_pass(struct ta_runner *runner, double *deadline);

/* Runs passes as long as tasks are runnable, but for about a millisecond: otherwise
 * as ta_pass(), and less work for the host. */
TA_API enum ta_pass_result ta_run(struct ta_runner *runner, double *deadline);

/* Makes the pass under way, or else the next one, return TA_INTERRUPTED after
 * the step it is in, or ta_close_all() return after the task it is at.  May be called
 * from signal handlers and other threads. */
TA_API void ta_interrupt(struct ta_runner *runner);

/* What the host's call_later() was asked for last could not be noted down.  It is
 * asked again when the next task becomes runnable.  Also inside call_later(). */
TA_API void ta_ask_again(struct ta_runner *runner);

/* Has the host's `preempted` called at the next Lua instruction of the step
 * under way: a way to look into a task that never waits, and to stop it.  Uses
 * the debug hook of the running coroutine.  Nothing happens when no step is under
 * way.  From the thread that runs the Lua state, also in a signal handler. */
TA_API void ta_preempt(struct ta_runner *runner);

/* Cancels every task: the cancellation is raised at its wait, unwinds it, and
 * stays in force; what is in a shield, with the children of its scopes, is left
 * alone until the shield ends.  From now on a spawned task never starts, except
 * inside a shield.  Passes have to go
 * on until ta_live() is 0.  `reason` is for the error object, and must last.
 * Also from inside a task. */
TA_API void ta_cancel_all(struct ta_runner *runner, const char *reason);

/* From now on no task may wait: shields count no longer.  For the step under way
 * when the time for clean-up is over; then ta_close_all(). */
TA_API void ta_force_end(struct ta_runner *runner);

/* Ends all tasks one by one in the order of creation: their to-be-closed
 * variables run and cannot wait.  0; -EINTR, when ta_interrupt() was called meanwhile:
 * those that are left are as they were; or -EBUSY, and nothing happens, while ta_pass()
 * or ta_close_all() runs. */
TA_API int ta_close_all(struct ta_runner *runner);

/* Raises the cancellation in force on the running task where L is.  Returns when
 * there is none: the task is not cancelled, or in a shield.  [-0, +0, v] */
TA_API void ta_raise_cancellation(struct ta_runner *runner, lua_State *L);

/* Was the cancellation in force on the running task raised in it already?  Then
 * it is unwinding. */
TA_API bool ta_is_unwinding(const struct ta_runner *runner);

/* Is a cancellation in force on the running task?  Not while it is in a shield. */
TA_API bool ta_is_cancelled(const struct ta_runner *runner);

/* How many tasks live, daemons included. */
TA_API size_t ta_live(const struct ta_runner *runner);

/* How many of them are daemons. */
TA_API size_t ta_daemons(const struct ta_runner *runner);

/* How many of them are in waits that the outside can end: see ta_wait_kind. */
TA_API size_t ta_outside(const struct ta_runner *runner);

/* --------------------------------------------------------- failures, trace */

enum ta_failure_kind {
  TA_FAILURE_ERROR, /* a task raised an error that nobody caught or awaits */
  TA_FAILURE_KNOWN, /* the same, but the error came from a task already reported */
  TA_FAILURE_OTHER  /* something else went wrong that nobody else can hear of */
};

/* Something that failed in a task.  The strings last as long as the call that
 * brings them. */
struct ta_failure {
  enum ta_failure_kind kind;
  uint64_t id;
  const char *name;
  const char *message; /* may hold zeros: see message_length */
  size_t message_length;
  const char *traceback; /* NULL when there is none: memory was out */
  const char *spawned;   /* a line for each task above, or NULL */
  const char *origin;    /* "#4 fetch", the task that raised the error first */
  const char *missed;    /* "Task.join", what an object was last asked for in vain, or "" */
};

/* Called at the moment a task fails, between two steps.  It must not raise. */
typedef void ta_failure_fn(void *data, const struct ta_failure *failure);
TA_API void ta_on_failure(struct ta_runner *runner, ta_failure_fn *function, void *data);

enum ta_event_kind {
  TA_EVENT_ADD,    /* a task was added: `by` whom and `where`, or its `origin` */
  TA_EVENT_STEP,   /* it is about to take step `number` */
  TA_EVENT_YIELD,  /* it waits: `wait`, `action`, `subject`, `holder`, `where`; of a sleep `delay`
                      and `until` */
  TA_EVENT_WAKE,   /* its wait `wait` was completed, `by` whom */
  TA_EVENT_RETURN, /* it ended */
  TA_EVENT_ERROR,  /* it failed: `message`, `where` */
  TA_EVENT_CANCEL, /* it ended because it was cancelled */
  TA_EVENT_PASS,   /* the Runner begins a pass over `number` tasks */
  TA_EVENT_WAIT,   /* the Runner waits `delay` seconds for task `number` (0: the outside) */
  TA_EVENT_START,  /* the task has something begin outside, a process: `action`, `number` by which
                      it is known there, `subject`, its words, `where` */
  TA_EVENT_END     /* that has ended: the same, and how in `message` */
};

/* One thing that happened, as data: a receiver makes words of it, or JSON.  Strings last as
 * long as the call that brings them, and may hold control characters; what does not belong
 * to the kind is 0 or NULL. */
struct ta_trace_event {
  enum ta_event_kind kind;
  double time;           /* seconds since the Runner was made */
  uint64_t task;         /* its id; 0 for the Runner itself */
  const char *name;      /* the task's */
  uint64_t number;       /* of the step, or how many tasks */
  uint64_t wait;         /* the step in which the wait began: with the task it names the wait */
  uint64_t by;           /* id of the task that did it; 0: the outside, or a deadline */
  const char *by_name;   /* that one's, if it has one already */
  const char *action;    /* the name of the wait: "recv" */
  const char *subject;   /* what it is about: "on channel 'jobs' (0 of 4)" */
  uint64_t holder;       /* id of the task that could complete it, or 0 */
  const char *message;   /* the error's */
  size_t message_length; /* it may hold zeros */
  const char *origin;    /* of a task that no task has added: ta_task_options */
  double delay;          /* seconds; negative when there is none */
  double until;          /* seconds since the Runner was made */
  const char *where;     /* "file.lua:12" */
};

typedef void ta_trace_fn(void *data, const struct ta_trace_event *event);

/* From now on `function` is told every event; NULL turns it off.  It must not
 * raise, nor call the Runner. */
TA_API void ta_on_event(struct ta_runner *runner, ta_trace_fn *function, void *data);

/* ---------------------------------------------------------------- reports */

enum ta_report_kind {
  TA_REPORT_TREE,     /* the tasks, each below the one that spawned it */
  TA_REPORT_DUMP,     /* the same with tracebacks, equal ones together */
  TA_REPORT_DEADLOCK, /* who waits for what, held by whom, spawned where */
  TA_REPORT_NAMES     /* "#2 a, #3 b" */
};

/* Pushes a report on the live tasks as text that ends with a newline, but for
 * the names, of which there are at most 20.  [-0, +1, e] */
TA_API void ta_push_report(struct ta_runner *runner, lua_State *L, enum ta_report_kind kind);

/* How many steps were begun: as long as it stays the same, one and the same step
 * is under way, or none.  May be called from signal handlers on the Runner's
 * thread. */
TA_API uint64_t ta_steps(const struct ta_runner *runner);

/* Pushes "#2 name" for the task that is taking its step, and "file.lua:12" for
 * where it is; outside a step "?".  [-0, +1, m] */
TA_API void ta_push_running_name(struct ta_runner *runner, lua_State *L);
TA_API void ta_push_running_where(struct ta_runner *runner, lua_State *L);

/* The same name of a task that has not ended.  [-0, +1, m] */
TA_API void ta_push_name_of(struct ta_runner *runner, lua_State *L, const struct ta_task *task);

/* The task that is taking its step, or NULL.  Its name is NULL until somebody
 * asked for it.  `id` and `name` may be NULL.  May be called from signal handlers on
 * the Runner's thread. */
TA_API const struct ta_task *ta_running_task(const struct ta_runner *runner, uint64_t *id,
                                             const char **name);

/* -------------------------------------------------------- your own waits */

/* One wait of one task.  It outlives them: a stale ticket wakes nobody. */
struct ta_ticket {
  uint32_t slot;
  uint64_t wait;
};

/* A kind of wait, a static struct each.  All but `action` may be NULL.  None of
 * the functions may raise. */
struct ta_wait_kind {
  const char *action; /* its name in traces and reports: "read" */

  /* Writes what the wait for `subject` is about: "'jobs' (0 of 4)". */
  void (*describe)(const void *subject, char *text, size_t size);

  /* The wait was given up: what would have completed it is not to be.  Also when the Runner
   * is freed or its state closed, where objects may have been finalized before.  Not of a
   * wait that was completed. */
  void (*disarm)(void *subject);

  /* The task that could complete it, or NULL when none in particular. */
  struct ta_task *(*holder)(const void *subject);

  /* Only other tasks can complete it, as they do a lock's.  Of a wait that the outside
   * may end too, be it a thread or the host, this is false. */
  bool by_tasks;

  /* A cancellation does not cut it short, and is raised when it is complete. */
  bool firm;

  /* What may have been overlooked when nothing can end it, for deadlock reports. */
  const char *advice;

  /* A cancellation is about to cut it short.  True: it is over already, as when another thread has
   * done what it is about, and nobody was told yet; then it is complete. */
  bool (*is_over)(void *subject);
};

/* To be called first in each function that may wait: raises the cancellation in
 * force on the running task, if any.  [-0, +0, v] */
TA_API void ta_enter(struct ta_runner *runner, lua_State *L);

/* May the running function wait?  Raises where it was called if not: outside a
 * task, or inside a C function that Lua cannot suspend, which it names; or when
 * the task was cancelled.  `action` names the wait.  [-0, +0, v] */
TA_API void ta_check_wait(struct ta_runner *runner, lua_State *L, const char *action);

/* The same question without the raise.  [-0, +0, -] */
TA_API bool ta_can_wait(const struct ta_runner *runner, lua_State *L);

/* Takes a ticket for the wait that ta_park() will begin.  Raises as
 * ta_check_wait() does.  `subject` is for the functions of `kind`; both must
 * last as long as the wait.  A userdata that is on the stack when the task parks does:
 * the task keeps it, even when it is robbed of its coroutine.
 * Whoever has taken one may raise or return instead of parking: `disarm` is not called
 * then, and what was armed is the caller's to disarm.  The ticket goes stale, and ends none
 * of the task's later waits.  [-0, +0, v] */
TA_API struct ta_ticket ta_take_ticket(struct ta_runner *runner, lua_State *L,
                                       const struct ta_wait_kind *kind, void *subject);

/* The same for a wait that goes on, as when what woke the task has gone again, and for one whose
 * subject holds something already: where no ticket is given `disarm` is called before that is
 * raised.  When the task was cancelled, and `is_over` says so, the wait is complete, and ta_park()
 * goes on at once.  [-0, +0, v] */
TA_API struct ta_ticket ta_retake_ticket(struct ta_runner *runner, lua_State *L,
                                         const struct ta_wait_kind *kind, void *subject);

/* Stops the task until its ticket is unparked.  Use it as the return of a C
 * function: `k` goes on with the same stack and `context` later.  When the task
 * is cancelled meanwhile, `disarm` is called, and the cancellation is raised here
 * instead.  `ticket` is the last one this task took; when it was unparked already `k`
 * goes on at once, or in the next pass when that was so 128 times in this step.
 * [-0, +0, v] */
TA_API int ta_park(struct ta_runner *runner, lua_State *L, struct ta_ticket ticket,
                   lua_KContext context, lua_KFunction k);

/* Makes the ticket's task runnable from the next pass on.  False, and nothing
 * happens, when that wait is over.  Never raises, allocates nothing. */
TA_API bool ta_unpark(struct ta_runner *runner, struct ta_ticket ticket);

/* The same from any thread: the next ta_pass() unparks the ticket, and the host's
 * `wake` is called for it.  With a ticket of zeros nothing is unparked, but
 * `wake` is called.  0, or -ENOMEM: then call it again.  Of what becomes of the
 * wait the thread hears nothing, so hand over results before.  Threads must be
 * done with this before the Runner is freed or its Lua state closed. */
TA_API int ta_wake(struct ta_runner *runner, struct ta_ticket ticket);

/* ----------------------------------------------------- for a command line */

/* What follows serves a program that runs one Runner and nothing else, and watches over it:
 * virtual time, steps that do not end, last words, exits in the middle of a step.  A host in
 * somebody else's program has no use for it. */

/* Was all that the tasks did in the last ta_pass() to give up their turns, with sleep(0),
 * async.checkpoint or a plain yield, and was none woken?  A host whose clock stands
 * still while tasks run has to move it on after some such passes: they may wait for a
 * time to come. */
TA_API bool ta_only_polled(const struct ta_runner *runner);

/* The earliest deadline after `time`, or HUGE_VAL: where such a clock is to be moved to.
 * Looks at all deadlines. */
TA_API double ta_deadline_after(const struct ta_runner *runner, double time);

/* As ta_preempt(), but `preempted` is called when a function is called and when it
 * returns: what is between is let go on.  Until a cancellation is raised there, a
 * look of ta_preempt()'s has come, or the pass was cut short. */
TA_API void ta_preempt_calls(struct ta_runner *runner);

/* In the host's `preempted`: raises the error on top in the step under way, as if the function
 * that runs had.  [-1, +0, v] */
TA_API int ta_raise_in_step(struct ta_runner *runner, lua_State *L);

/* Cancels the running task, with the reason on top, as its cancel() does: to be followed by
 * ta_raise_cancellation().  Raises when the Runner was freed.  [-1, +0, v] */
TA_API void ta_cancel_current(struct ta_runner *runner, lua_State *L);

/* Would ta_cancel_all() end the step under way: does it run in no shield, and not
 * unwind either?  May be called from signal handlers on the Runner's thread. */
TA_API bool ta_would_cancel(const struct ta_runner *runner);

/* After ta_cancel_all(): the running task ends as well where it stands, also in
 * a shield, and also if it was spawned in one since.  To be followed by
 * ta_raise_cancellation(). */
TA_API void ta_cancel_running(struct ta_runner *runner);

/* Would a cancellation that is raised in L end the running task?  Not out of a finalizer,
 * out of a coroutine that C code has resumed, nor through a C function of which `passes`
 * says that it may catch errors.  [-0, +0, -] */
TA_API bool ta_reaches_task(const struct ta_runner *runner, lua_State *L,
                            bool (*passes)(void *data, lua_CFunction function), void *data);

/* As ta_close_all(), in the middle of a step, which ends first.  Nothing may return to it
 * any more: for a process that closes its Lua state from there and exits. */
TA_API void ta_close_all_here(struct ta_runner *runner);

/* Writes what function the step under way is in, and where in the script that was
 * called: "'find' at file.lua:12".  False, and an empty text: nobody can tell.  For
 * signal handlers on the Runner's thread, of a step that is stuck: it reads the Lua
 * stack, which must not be changing. */
TA_API bool ta_write_running_where(const struct ta_runner *runner, char *text, size_t size);

#ifdef __cplusplus
}
#endif

#endif
