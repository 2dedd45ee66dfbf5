/* SPDX-License-Identifier: MIT
 *
 * runner.h -- the Runner: what it knows, and what it keeps in Lua.
 *
 * The Runner is a Lua userdata, hidden in the registry under its own address,
 * and what it keeps in Lua under references there.  It alone resumes tasks.
 * It knows no kernel and no clock but its host's.
 */
#ifndef TA_CORE_RUNNER_H
#define TA_CORE_RUNNER_H

#include <lua.h>
#include <stdatomic.h>

#include "core/timers.h"
#include "tinyasync_lib.h"

#if defined(__GNUC__)
#define TA_LIKELY(x) __builtin_expect(!!(x), 1)
#define TA_UNLIKELY(x) __builtin_expect(!!(x), 0)
#else
#define TA_LIKELY(x) (x)
#define TA_UNLIKELY(x) (x)
#endif

struct ta_level;
struct ta_heritage;
struct ta_loading;
struct ta_upper;
struct ta_woken;

/* So many functions that tasks are spawned with again and again are known. */
#define TA_CALLED_FUNCTIONS 16

/* What the Runner keeps in the registry. */
enum {
  TA_REGISTRY_TASKS = 1,     /* reference -> task, for all that live */
  TA_REGISTRY_META,          /* the metatable of tasks */
  TA_REGISTRY_THREADS,       /* number -> coroutine of a task, or one that waits for the next */
  TA_REGISTRY_BODY,          /* the function at the bottom of each task's stack */
  TA_REGISTRY_HANDLER,       /* the message handler that remembers frames */
  TA_REGISTRY_NOTES,         /* reference -> what is known of an error on its way */
  TA_REGISTRY_RECORDS,       /* number -> spawn record */
  TA_REGISTRY_COUNTS,        /* the memory of `records.counts` */
  TA_REGISTRY_SPAWNER,       /* the function that made the last record */
  TA_REGISTRY_REPLACED,      /* list of table, key, value that ta_open() replaced */
  TA_REGISTRY_CLOSER,        /* the metatable of a module that is being loaded */
  TA_REGISTRY_CAUSES,        /* cause -> error object of a cancellation */
  TA_REGISTRY_LOCALS,        /* reference -> task-local values */
  TA_REGISTRY_WEAK,          /* the metatable of their tables */
  TA_REGISTRY_ACTIONS,       /* name -> handler */
  TA_REGISTRY_NAMED_ACTIONS, /* names that scripts may not give an action of their own */
  TA_REGISTRY_KINDS,         /* kind of objects -> metatable -> how they are selected: object.c */
  TA_REGISTRY_CHUNKS,        /* what the Lua half of the library sees */
  TA_REGISTRY_KEPT,          /* what others point to: see lasting.h */
  TA_REGISTRY_CANCELLED,     /* metatables of error objects */
  TA_REGISTRY_TIMEOUT,
  TA_REGISTRY_ERROR_GROUP,
  TA_REGISTRY_SCOPE, /* metatables of what scripts handle */
  TA_REGISTRY_GUARD,
  TA_REGISTRY_LOCAL,
  TA_REGISTRY_DEFER,
  TA_REGISTRY_EVENT,
  TA_REGISTRY_LOCK,
  TA_REGISTRY_SEMAPHORE,
  TA_REGISTRY_CHANNEL,
  TA_REGISTRY_UNNAMED_EVENT, /* of those without a name: see library/named.c */
  TA_REGISTRY_UNNAMED_LOCK,
  TA_REGISTRY_UNNAMED_SEMAPHORE,
  TA_REGISTRY_UNNAMED_CHANNEL,
  TA_REGISTRY_ACTION,
  TA_REGISTRY_MISSING, /* the metatable of tables of methods */
  TA_REGISTRY_LOST,    /* number of a task -> the name of a lock that it held */
  TA_REGISTRY_NAMES,   /* of named_definitions */
  TA_REGISTRY_CALLED,  /* those in `called`, weakly */
  TA_REGISTRY_TEXTS,   /* the names of those, and of all that were: tasks keep it too */
  TA_REGISTRY_WATCH,
  TA_REGISTRY_TRANSPARENT, /* C functions inside which can be waited, by their addresses */
  TA_REGISTRY_FUNCTIONS,   /* of `called`, one by one */
  TA_REGISTRY_COUNT = TA_REGISTRY_FUNCTIONS + TA_CALLED_FUNCTIONS - 1
};

/* What functions of one definition in the source are called: see words/task_name.c. */
#define TA_NAMED_DEFINITIONS 16
struct ta_named_definition {
  char source[LUA_IDSIZE];
  int line;
  bool is_main;
  enum { TA_NAMED_UNKNOWN, TA_NAMED_ITSELF, TA_NAMED_GLOBAL } kind;
};

/* A function that several tasks were spawned with: see task_name.c. */
struct ta_called {
  const void *function; /* NULL: none yet */
  const void *seen;     /* the last one that was to be here, and is not */
  const char *name;     /* what those are called that run it, or NULL */
  bool is_global;       /* as long as that is the name of a global function */
  bool kept;            /* under `reference`, in the registry, for all but the first of them */
  int reference;        /* see TA_REGISTRY_FUNCTIONS */
  size_t tasks;         /* how many were spawned with it and live, and have no name yet */
};

/* Tasks waiting for their turn, linked through themselves. */
struct ta_queue {
  struct ta_task *head;
  struct ta_task *tail;
  size_t count;
  bool sorted; /* it lies in the order of creation */
};

/* Coroutines of ended tasks, to be used again. */
struct ta_spare {
  lua_State *co;
  uint32_t ref; /* in the table of coroutines */
};

struct ta_pool {
  struct ta_spare *spare;
  size_t count;
  size_t capacity;
  size_t refused; /* how many are refused in a row, as of the last time in this pass */
  size_t to_refuse;
};

/* Spawn records by number, from 1 on. */
struct ta_records {
  uint32_t *counts; /* of the tasks that have it, and one more for the last one; of a number
                       that is free, the next such one */
  uint32_t capacity;
  uint32_t used; /* how many were ever in use at once */
  uint32_t free; /* the one to be used next, or 0 */
  uint32_t last; /* the one made last, or 0 */
};

/* A script's own debug hook, while ours is in its place. */
struct ta_old_hook {
  lua_State *co;
  lua_Hook hook;
  int mask;
  int count;
};

struct ta_runner {
  lua_State *L; /* tasks are resumed from here; NULL once freed */
  lua_Alloc alloc;
  void *alloc_data;
  struct ta_host host;
  const struct ta_upper *upper; /* what others do for it: see upper.h */
  struct ta_runner *older;      /* the one made before on the same Lua state */

  struct ta_task *current; /* the task that is taking its step */
  struct ta_level *level;  /* the innermost coroutine that is running */
  lua_State *waiter;       /* the coroutine that has just yielded a wait */
  double now;              /* of the pass: ta_now() */
  bool now_is_old;         /* nobody has asked for it yet */
  bool asked_soon;         /* call_later() was called for a pass at once */
  bool polls;              /* in the pass tasks have only given up their turns so far */
  double started;          /* the host's time when the Runner was made */

  struct ta_queue ready;   /* runnable in the next pass */
  struct ta_queue turn;    /* still to be stepped in this one */
  size_t newcomers;        /* how many more new tasks take their first step in it */
  size_t most_newcomers;   /* than there were to step when it began */
  unsigned at_once;        /* how often the step may still go on without a wait */
  unsigned most_at_once;   /* of these in a step: see ta_has_gone_on() */
  struct ta_timers timers; /* of those that sleep */
  struct ta_pool pool;
  struct ta_task **slots; /* by number, from 1 on: see ta_task_in_slot() */
  size_t slot_capacity;
  size_t slots_used;      /* how many were ever in use at once */
  size_t free_slot;       /* the one to be used next, or 0 */
  struct ta_task *oldest; /* all that live, in the order of creation */
  struct ta_task *newest;
  size_t live;
  size_t daemons;
  size_t endless;   /* those in sleep(math.huge) */
  size_t outside;   /* those in waits that the outside can end */
  size_t deadlines; /* that are open */

  uint64_t last_id;
  uint64_t last_wait;
  uint64_t passes;
  uint64_t steps;
  uint64_t seed;

  _Atomic(struct ta_woken *) woken; /* by other threads, see mailbox.h */
  atomic_int interrupt;             /* asked for by ta_interrupt() */
  atomic_int preempt;               /* what ta_preempt() and the like have asked for */
  struct ta_old_hook old_hook;
  bool in_hook;       /* the host is looking into a step */
  bool in_pass;       /* the pass was begun and has not ended */
  bool stepping;      /* ta_pass() or ta_close_all() is running, or a report is made */
  bool refused;       /* a pass meanwhile */
  bool reuses;        /* coroutines of ended tasks are used again */
  bool guarded;       /* waits pass through the coroutine library that scripts see */
  bool replaces;      /* it has replaced functions that work for one Runner of a state */
  bool cancelling;    /* everything is: spawned tasks are born cancelled */
  bool no_grace;      /* and shields count no longer */
  uint8_t for_closes; /* what was found out by forloop.c */
  const char *reason; /* why everything is cancelled */

  const struct ta_heritage *heritage; /* what tasks inherit, once there is something: upper.h */
  void (*hold_off)(struct ta_runner *runner, lua_State *L); /* before a cancellation is raised,
                                                               once there may be handlers */

  double looked_at;       /* when the host last looked at the outside */
  double clock_read;      /* what the clock said at the last reading in a pass */
  unsigned looks;         /* how often it did */
  unsigned quiet_steps;   /* steps to go until the clock is read again */
  unsigned quiet_stretch; /* and how many there were to begin with */
  unsigned steps_unseen;  /* steps since the host last looked at the outside */

  struct ta_records records;
  uint64_t record_task; /* who made the last one, and at which line */
  int record_line;

  struct ta_loading *loading; /* modules being required */

  struct ta_named_definition named_definitions[TA_NAMED_DEFINITIONS];
  struct ta_called called[TA_CALLED_FUNCTIONS];
  size_t texts; /* how many names are kept for ended tasks */

  int references[TA_REGISTRY_COUNT + 1];      /* of what is kept */
  const void *unnamed[TA_REGISTRY_COUNT + 1]; /* twins of the kinds that can have a name */
  const void *kinds[TA_REGISTRY_COUNT + 1];   /* what is kept, as pointers to compare with */

  char missed[64]; /* the last field that an object was asked for in vain: "Task.join" */

  ta_spawn_fn *before_spawn;
  void *before_spawn_data;
  ta_failure_fn *failure;
  void *failure_data;
  ta_trace_fn *trace;
  void *trace_data;
};

/* Pushes what the Runner keeps under `which`; nil once it was freed.  [-0, +1, -] */
static inline void ta_registry_push(struct ta_runner *runner, lua_State *L, int which) {
  lua_rawgeti(L, LUA_REGISTRYINDEX, runner->references[which]);
}

/* Pops a value, which is not nil, and keeps it under `which`, unless another is kept there
 * already for good.  [-1, +0, -] */
void ta_registry_set(struct ta_runner *runner, lua_State *L, int which);

/* Pushes the Runner itself, the first upvalue of its C functions.  [-0, +1, -] */
void ta_push_runner(struct ta_runner *runner, lua_State *L);

/* Raises "not enough memory" without asking for any.  [-0, +0, v] */
int ta_raise_memory(lua_State *L);

/* Makes room for `count` values on L's stack.  [-0, +0, m] */
void ta_check_stack(lua_State *L, int count);

/* Reads the clock for the pass. */
void ta_read_clock(struct ta_runner *runner);

/* The time of the pass. */
static inline double ta_now(struct ta_runner *runner) {
  if (runner->now_is_old) ta_read_clock(runner);
  return runner->now;
}

static inline bool ta_tracing(const struct ta_runner *runner) {
  return TA_UNLIKELY(runner->trace != NULL);
}

/* The host's clock, now. */
static inline double ta_host_now(const struct ta_runner *runner) {
  return runner->host.now(runner->host.data);
}

#endif
