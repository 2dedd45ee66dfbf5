/* SPDX-License-Identifier: MIT */
#include "core/pass.h"

#include <errno.h>
#include <lauxlib.h>
#include <math.h>
#include <string.h>

#include "core/cancel.h"
#include "core/lasting.h"
#include "core/mailbox.h"
#include "core/pool.h"
#include "core/preempt.h"
#include "core/ready.h"
#include "core/replace.h"
#include "core/slots.h"
#include "core/step.h"
#include "core/task.h"
#include "core/upper.h"
#include "core/wait.h"

/* While tasks keep the Runner busy it reads the clock after at most this many
 * steps, and after each one when they are long. */
#define MAX_QUIET_STEPS 64
#define LONG_STRETCH 50e-6 /* seconds */

/* The host looks at the outside this often, by the clock or by steps: a virtual
 * clock stands still. */
#define LOOK_INTERVAL 1e-3 /* seconds */
#define LOOK_STEPS 4096

/* So many more tasks than there were take their first step in the pass in which they
 * were added: tasks that spawn one another are not to keep it from ending. */
#define MOST_NEWCOMERS 10000

/* So many functions that may wait return in one step what is there already. */
#define MOST_AT_ONCE 128

/* ------------------------------------------------------- making, keeping */

/* Gives each thing that will be kept its reference, so that later changes ask for no
 * memory. */
static void reserve_references(struct ta_runner *runner, lua_State *L) {
  for (int which = 1; which <= TA_REGISTRY_COUNT; which++) {
    lua_pushboolean(L, false);
    runner->references[which] = luaL_ref(L, LUA_REGISTRYINDEX);
  }
}

/* From now on nothing is found by them. */
static void free_references(struct ta_runner *runner, lua_State *L) {
  for (int which = TA_REGISTRY_COUNT; which >= 1; which--) {
    luaL_unref(L, LUA_REGISTRYINDEX, runner->references[which]);
    runner->references[which] = LUA_NOREF;
  }
}

/* From now on the Runner is inert: no task runs, and none waits. */
static void release(struct ta_runner *runner) {
  ta_forget_woken(runner);
  ta_timers_close(&runner->timers, runner->alloc, runner->alloc_data);
  ta_pool_close(runner);
  ta_slots_close(runner);
  runner->oldest = runner->newest = runner->current = NULL;
  runner->live = runner->daemons = runner->endless = runner->outside = runner->deadlines = 0;
  runner->level = NULL;
  runner->loading = NULL;
  runner->L = NULL;
}

/* The state is being closed, perhaps by a task.  Older finalizers come after this
 * one and may use whatever they hold. */
static int l_collect(lua_State *L) {
  struct ta_runner *runner = lua_touserdata(L, 1);
  for (struct ta_task *task = runner->oldest; task; task = ta_task_newer(runner, task))
    ta_task_bury(runner, L, task);
  release(runner);
  return 0;
}

struct ta_runner *ta_runner_make(lua_State *L, const struct ta_host *host,
                                 const struct ta_upper *upper) {
  ta_check_stack(L, LUA_MINSTACK);
  struct ta_runner *runner = lua_newuserdatauv(L, sizeof *runner, TA_RUNNER_KEEPS);
  memset(runner, 0, sizeof *runner);
  runner->L = L;
  runner->alloc = lua_getallocf(L, &runner->alloc_data);
  runner->host = *host;
  runner->upper = upper;
  runner->quiet_steps = runner->quiet_stretch = 1;
  runner->most_newcomers = MOST_NEWCOMERS;
  runner->most_at_once = MOST_AT_ONCE;
  runner->started = runner->now = runner->looked_at = ta_host_now(runner);
  lua_createtable(L, 0, 1);
  lua_pushcfunction(L, l_collect);
  lua_setfield(L, -2, "__gc");
  lua_setmetatable(L, -2);
  lua_rawsetp(L, LUA_REGISTRYINDEX, runner);
  reserve_references(runner, L);
  ta_lasting_setup(runner, L);
  ta_preempt_setup(runner, L);
  ta_task_setup(runner, L);
  ta_cancel_setup(runner, L);
  lua_newtable(L);
  ta_registry_set(runner, L, TA_REGISTRY_REPLACED);
  return runner;
}

int ta_runner_free(struct ta_runner *runner) {
  lua_State *L = runner->L;
  if (runner->stepping) return -EBUSY;
  runner->before_spawn = NULL;
  runner->failure = NULL;
  runner->trace = NULL;
  runner->no_grace = true; /* nobody unwinds any more */
  for (struct ta_task *task = runner->oldest; task; task = ta_task_newer(runner, task))
    ta_task_forget(runner, task);
  ta_put_back(runner, L);
  ta_preempt_close(runner, L);
  release(runner);
  free_references(runner, L);
  lua_pushnil(L);
  lua_rawsetp(L, LUA_REGISTRYINDEX, runner);
  return 0;
}

void ta_set_seed(struct ta_runner *runner, uint64_t seed) {
  runner->seed = seed;
}

size_t ta_live(const struct ta_runner *runner) {
  return runner->live;
}

size_t ta_daemons(const struct ta_runner *runner) {
  return runner->daemons;
}

size_t ta_outside(const struct ta_runner *runner) {
  return runner->outside;
}

uint64_t ta_steps(const struct ta_runner *runner) {
  return runner->steps;
}

void ta_on_failure(struct ta_runner *runner, ta_failure_fn *function, void *data) {
  runner->failure = function;
  runner->failure_data = data;
}

void ta_on_event(struct ta_runner *runner, ta_trace_fn *function, void *data) {
  runner->trace = function;
  runner->trace_data = data;
}

/* ------------------------------------------------------------------ order */

/* Where a task stands in this pass: by creation, or shuffled by the seed. */
static uint64_t rank(const struct ta_runner *runner, const struct ta_task *task) {
  uint64_t id = ta_task_id(task);
  if (runner->seed == 0) return id;
  uint64_t x = runner->seed ^ (runner->passes * 0x9E3779B97F4A7C15u) ^ (id << 32) ^ id;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return x ^ (x >> 31);
}

static struct ta_task *take_first(struct ta_queue *queue) {
  struct ta_task *task = queue->head;
  queue->head = task->next_queued;
  if (!queue->head) queue->tail = NULL;
  task->next_queued = NULL;
  queue->count--;
  return task;
}

/* Merges two lists that are in order; on a tie the first one's task leads. */
static struct ta_task *merge(const struct ta_runner *runner, struct ta_task *a, struct ta_task *b) {
  struct ta_task *head = NULL;
  struct ta_task **end = &head;
  while (a && b) {
    struct ta_task **from = rank(runner, b) < rank(runner, a) ? &b : &a;
    *end = *from;
    end = &(*from)->next_queued;
    *from = *end;
  }
  *end = a ? a : b;
  return head;
}

/* Takes off the list what lies in order at its beginning: mostly a good deal of it, as tasks are
 * woken in the order in which they stopped. */
static struct ta_task *take_run(const struct ta_runner *runner, struct ta_task **list) {
  struct ta_task *first = *list, *last = first;
  uint64_t highest = rank(runner, last);
  for (struct ta_task *next; (next = last->next_queued); last = next) {
    uint64_t its = rank(runner, next);
    if (its < highest) break;
    highest = its;
  }
  *list = last->next_queued;
  last->next_queued = NULL;
  return first;
}

/* Sorts a list by rank without asking for memory: runs[k] was made of 2^k that lay in order. */
static struct ta_task *sort(const struct ta_runner *runner, struct ta_task *list) {
  struct ta_task *runs[48] = {NULL};
  size_t used = 0;
  while (list) {
    struct ta_task *run = take_run(runner, &list);
    size_t k = 0;
    for (; k < used && runs[k]; k++) {
      run = merge(runner, runs[k], run);
      runs[k] = NULL;
    }
    if (k == used) used++;
    runs[k] = run;
  }
  struct ta_task *sorted = NULL;
  for (size_t k = 0; k < used; k++) sorted = merge(runner, runs[k], sorted);
  return sorted;
}

static void put_in_order(const struct ta_runner *runner, struct ta_queue *queue) {
  if (queue->count < 2 || (queue->sorted && runner->seed == 0)) return;
  queue->head = sort(runner, queue->head);
  for (struct ta_task *task = queue->head; task; task = task->next_queued) queue->tail = task;
  queue->sorted = runner->seed == 0;
}

/* ------------------------------------------------------------------- pass */

static void look_outside(struct ta_runner *runner) {
  runner->looked_at = runner->clock_read;
  runner->steps_unseen = 0;
  runner->looks++;
  ta_take_woken(runner);
  if (runner->host.poll) runner->host.poll(runner->host.data);
}

static void look_outside_when_due(struct ta_runner *runner) {
  if (runner->clock_read - runner->looked_at >= LOOK_INTERVAL || runner->steps_unseen >= LOOK_STEPS)
    look_outside(runner);
}

/* Reads the clock in the middle of a pass, and decides when next. */
static void check_clock(struct ta_runner *runner) {
  double last = runner->clock_read;
  runner->clock_read = ta_host_now(runner);
  runner->steps_unseen += runner->quiet_stretch;
  if (runner->clock_read - last > LONG_STRETCH)
    runner->quiet_stretch = 1;
  else if (runner->quiet_stretch < MAX_QUIET_STEPS)
    runner->quiet_stretch *= 2;
  runner->quiet_steps = runner->quiet_stretch;
  look_outside_when_due(runner);
}

/* Cancels what has not made it, the earliest deadline first. */
static void meet_deadlines(struct ta_runner *runner, struct ta_deadline *due) {
  while (due) {
    struct ta_deadline *next = due->next_due;
    ta_deadline_due(runner, due);
    due = next;
  }
}

/* Waits that are due come first; a deadline finds them completed. */
static void wake_sleepers(struct ta_runner *runner) {
  struct ta_deadline *due = NULL;
  struct ta_deadline **last = &due;
  struct ta_timer *first;
  while ((first = ta_timers_first(&runner->timers)) && first->at <= runner->now) {
    ta_timers_remove(&runner->timers, first);
    if (first->seq != 0) {
      ta_wake_sleeper(runner, TA_HOLDER(first, struct ta_task, timer));
    } else {
      *last = TA_HOLDER(first, struct ta_deadline, timer);
      last = &(*last)->next_due;
      *last = NULL;
    }
  }
  meet_deadlines(runner, due);
}

/* In a pass that follows another at once, and while nobody sleeps, the clock is
 * read when somebody asks for the time. */
static void begin_pass(struct ta_runner *runner, bool goes_on) {
  runner->now_is_old = goes_on && !ta_timers_first(&runner->timers);
  if (!runner->now_is_old) ta_read_clock(runner);
  runner->steps_unseen++;
  look_outside_when_due(runner);
  runner->polls = true;
  ta_take_woken(runner);
  wake_sleepers(runner);
  ta_pool_begin_pass(runner);
  runner->passes++;
  put_in_order(runner, &runner->ready);
  runner->turn = runner->ready;
  runner->newcomers = runner->turn.count + runner->most_newcomers;
  runner->ready = (struct ta_queue){0};
  runner->in_pass = true;
  if (ta_tracing(runner) && runner->turn.count)
    runner->upper->trace_pass(runner, runner->turn.count);
}

/* Steps whoever's turn it is.  False when interrupted. */
static bool take_turns(struct ta_runner *runner) {
  while (runner->turn.head) {
    if (ta_interrupted(runner)) return false;
    ta_task_step(runner, take_first(&runner->turn));
    if (--runner->quiet_steps == 0) check_clock(runner);
  }
  return !ta_interrupted(runner);
}

/* What the Runner itself knows to be left: TA_DONE, TA_BUSY or TA_WAITING. */
static enum ta_pass_result what_is_left(const struct ta_runner *runner) {
  /* What is being cancelled is waited for, daemons too. */
  if (runner->live == (runner->cancelling ? 0 : runner->daemons)) return TA_DONE;
  return runner->ready.head ? TA_BUSY : TA_WAITING;
}

static enum ta_pass_result end_pass(struct ta_runner *runner) {
  ta_take_woken(runner); /* of a pass that was cut short, or during the last step */
  enum ta_pass_result left = what_is_left(runner);
  if (left != TA_WAITING) return left;
  if (ta_tracing(runner)) runner->upper->trace_idle(runner);
  runner->looked_at = HUGE_VAL; /* the host will look while it waits */
  bool may_go_on = ta_timers_first(&runner->timers) || runner->endless || runner->outside;
  return may_go_on ? TA_WAITING : TA_STUCK;
}

/* Runs the pass, or what is left of one that was cut short.  When it goes on from
 * another one the clock was read not long ago. */
static enum ta_pass_result pass(struct ta_runner *runner, bool goes_on) {
  if (!runner->in_pass) begin_pass(runner, goes_on);
  if (!take_turns(runner)) return TA_INTERRUPTED;
  runner->in_pass = false;
  return end_pass(runner);
}

/* Reads the clock if the host is to be told how long nothing is to be done.  It may
 * be Lua, and make tasks runnable: *result is what is left after that. */
static double read_clock_at_the_end(struct ta_runner *runner, enum ta_pass_result *result) {
  if (!runner->host.call_later || runner->ready.head || !ta_timers_first(&runner->timers)) return 0;
  double now = ta_host_now(runner);
  if (*result != TA_INTERRUPTED && runner->ready.head) *result = what_is_left(runner);
  return now;
}

/* Nothing begins a pass or frees the Runner until this is over.  *idle becomes how
 * long nothing is to be done. */
static enum ta_pass_result run(struct ta_runner *runner, double *idle, bool many) {
  struct ta_level *level = runner->level; /* the host may run in a coroutine itself */
  runner->level = NULL;
  runner->stepping = true;
  if (runner->looked_at == HUGE_VAL) runner->looked_at = ta_host_now(runner);
  enum ta_pass_result result = pass(runner, false);
  unsigned looks = runner->looks;
  while (many && result == TA_BUSY && runner->looks == looks) result = pass(runner, true);
  double now = read_clock_at_the_end(runner, &result);
  const struct ta_timer *first = ta_timers_first(&runner->timers);
  *idle = first ? fmax(0, first->at - now) : HUGE_VAL;
  if (result == TA_INTERRUPTED || runner->ready.head) *idle = 0;
  runner->stepping = false;
  runner->level = level;
  return result;
}

/* *deadline is written last: it may be what the host's clock reads. */
static enum ta_pass_result run_and_ask(struct ta_runner *runner, double *deadline, bool many) {
  double earliest = HUGE_VAL, idle;
  enum ta_pass_result result = TA_REENTERED;
  if (runner->stepping) {
    runner->refused = true;
  } else {
    result = run(runner, &idle, many);
    const struct ta_timer *first = ta_timers_first(&runner->timers);
    if (first) earliest = first->at;
    if (runner->host.call_later) ta_call_later(runner, idle);
  }
  if (deadline) *deadline = earliest;
  return result;
}

enum ta_pass_result ta_pass(struct ta_runner *runner, double *deadline) {
  return run_and_ask(runner, deadline, false);
}

enum ta_pass_result ta_run(struct ta_runner *runner, double *deadline) {
  return run_and_ask(runner, deadline, true);
}

bool ta_only_polled(const struct ta_runner *runner) {
  return runner->polls;
}

double ta_deadline_after(const struct ta_runner *runner, double time) {
  return ta_timers_after(&runner->timers, time);
}
