/* SPDX-License-Identifier: MIT */
#include "machine/machine.h"

#include <errno.h>
#include <lauxlib.h>
#include <lualib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "library/channel.h"
#include "list.h"
#include "library/lock.h"
#include "core/runner.h"
#include "core/lasting.h"
#include "library/named.h"
#include "core/task.h"
#include "kit/compiled.h"
#include "kit/memory.h"
#include "machine/sources.h"
#include "tinyasync.h"

#define MOST_PASSES 600 /* before all is cancelled, and before what is left is closed */
#define MOST_REPORTS 1000
#define MOST_TICKETS 4000
#define KEPT_TASKS "machine.tasks" /* in the registry: weak */

struct report {
  uint64_t id;
  bool is_other;
};

struct machine {
  lua_State *L;
  struct ta_runner *runner;
  struct machine_result *result;
  FILE *listing;
  struct memory memory;
  double now; /* the clock */
  uint64_t dice;

  bool loose;         /* there is no model of this program */
  bool late, early;   /* the host comes back late, and for nothing */
  unsigned cancel_at; /* the pass before which all is cancelled, */
  unsigned close_at;  /* or closed at once; 0: none */
  bool cancelled;
  unsigned opens; /* how often it lets go what waits in shields */
  struct report reports[MOST_REPORTS];
  unsigned report_count;
  struct ta_ticket tickets[MOST_TICKETS];
};

/* ---------------------------------------------------------------- the host */

static double read_clock(void *data) {
  return ((struct machine *)data)->now;
}

static void on_failure(void *data, const struct ta_failure *failure) {
  struct machine *machine = data;
  bool is_other = failure->kind == TA_FAILURE_OTHER;
  if (machine->listing)
    fprintf(machine->listing, "report of #%llu: %s\n", (unsigned long long)failure->id,
            failure->message);
  /* The model does not say which errors a cancellation takes the place of. */
  if (is_other && strncmp(failure->message, "ended while", strlen("ended while")) != 0) return;
  if (machine->report_count < MOST_REPORTS)
    machine->reports[machine->report_count++] = (struct report){failure->id, is_other};
}

static void ignore_event(void *data, const struct ta_trace_event *event) {
  (void)data, (void)event;
}

/* A number from 0 to n-1. */
static unsigned roll(struct machine *machine, unsigned n) {
  machine->dice = machine->dice * 6364136223846793005u + 1442695040888963407u;
  return (unsigned)((machine->dice >> 33) % n);
}

static bool has_failed(const struct machine *machine) {
  return machine->result->failure[0] != '\0';
}

static void fail(struct machine *machine, const char *what) {
  if (has_failed(machine)) return;
  snprintf(machine->result->failure, sizeof machine->result->failure, "%s", what);
  if (machine->listing) fprintf(machine->listing, "VIOLATION: %s\n", what);
}

/* ---------------------------------------------------- what the scripts call */

static struct machine *machine_of(lua_State *L) {
  return lua_touserdata(L, lua_upvalueindex(1));
}

static int l_clock(lua_State *L) {
  lua_pushnumber(L, machine_of(L)->now);
  return 1;
}

/* The time of the pass: the Runner need not read the clock for each. */
static int l_pass_now(lua_State *L) {
  lua_pushnumber(L, machine_of(L)->runner->now);
  return 1;
}

static int l_work(lua_State *L) {
  machine_of(L)->now += luaL_checknumber(L, 1);
  return 0;
}

static int l_say(lua_State *L) {
  struct machine *machine = machine_of(L);
  if (machine->listing)
    fprintf(machine->listing, "%8.3f %s\n", machine->now, luaL_checkstring(L, 1));
  return 0;
}

/* state(task): its word */
static int l_state(lua_State *L) {
  static const char *const words[] = {"runnable", "running", "waiting",
                                      "done",     "failed",  "cancelled"};
  const struct ta_task *task = lua_touserdata(L, 1);
  lua_pushstring(L, words[task->state]);
  return 1;
}

static lua_Integer count_locks(const struct ta_list *holds) {
  lua_Integer count = 0;
  struct ta_link *link = ta_list_first(holds);
  for (; link; link = ta_list_after(holds, link))
    count += TA_HOLDER(link, struct ta_attachment, link)->kind == &ta_lock_hold;
  return count;
}

/* facts(task): whether a cancellation is in force, and how many locks it holds */
static int l_facts(lua_State *L) {
  const struct ta_task *task = lua_touserdata(L, 1);
  lua_pushboolean(L, task->in_force);
  lua_pushinteger(L, task->more ? count_locks(&task->more->attached) : 0);
  return 2;
}

/* steps(task): how many it has taken */
static int l_steps(lua_State *L) {
  const struct ta_task *task = lua_touserdata(L, 1);
  lua_pushinteger(L, (lua_Integer)task->steps);
  return 1;
}

/* rank(task): where it stands in the pass, as the Runner shuffles */
static int l_rank(lua_State *L) {
  const struct ta_runner *runner = machine_of(L)->runner;
  uint64_t id = ta_task_id(lua_touserdata(L, 1));
  uint64_t x = runner->seed ^ (runner->passes * 0x9E3779B97F4A7C15u) ^ (id << 32) ^ id;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  lua_pushinteger(L, (lua_Integer)(runner->seed == 0 ? id : x ^ (x >> 31)));
  return 1;
}

/* channel(c): how many values, receivers and senders it has */
static int l_channel(lua_State *L) {
  const struct ta_channel *channel = lua_touserdata(L, 1);
  lua_pushinteger(L, channel->count);
  lua_pushinteger(L, (lua_Integer)ta_list_count(&channel->named.waiting));
  lua_pushinteger(L, (lua_Integer)ta_list_count(&channel->senders));
  return 3;
}

/* waiting(object): how many are in its queue */
static int l_waiting(lua_State *L) {
  const struct ta_lasting *lasting = ta_to_lasting(L, 1);
  const struct ta_named *named = lasting ? lasting->bytes : lua_touserdata(L, 1);
  lua_pushinteger(L, (lua_Integer)ta_list_count(&named->waiting));
  return 1;
}

static struct ta_ticket *check_ticket(lua_State *L) {
  lua_Integer number = luaL_checkinteger(L, 1);
  luaL_argcheck(L, number > 0 && number < MOST_TICKETS, 1, "no such ticket");
  return &machine_of(L)->tickets[number];
}

static int k_unparked(lua_State *L, int status, lua_KContext context) {
  (void)L, (void)status, (void)context;
  return 0;
}

/* park(number): waits until unpark(number) */
static int l_park(lua_State *L) {
  static const struct ta_wait_kind kind = {.action = "park", .by_tasks = true};
  struct ta_runner *runner = machine_of(L)->runner;
  struct ta_ticket *ticket = check_ticket(L);
  *ticket = ta_take_ticket(runner, L, &kind, NULL);
  return ta_park(runner, L, *ticket, 0, k_unparked);
}

/* unpark(number): whether it took effect */
static int l_unpark(lua_State *L) {
  lua_pushboolean(L, ta_unpark(machine_of(L)->runner, *check_ticket(L)));
  return 1;
}

static int l_interrupt(lua_State *L) {
  ta_interrupt(machine_of(L)->runner);
  return 0;
}

static int l_cancel_all(lua_State *L) {
  ta_cancel_all(machine_of(L)->runner, "the test");
  return 0;
}

/* remember(object): it must be gone in the end */
static int l_remember(lua_State *L) {
  lua_settop(L, 1);
  lua_getfield(L, LUA_REGISTRYINDEX, KEPT_TASKS);
  lua_insert(L, 1);
  lua_pushboolean(L, true);
  lua_rawset(L, 1);
  return 0;
}

/* show(value): in words */
static int l_show(lua_State *L) {
  lua_settop(L, 1);
  if (lua_type(L, 1) == LUA_TTABLE && luaL_getmetafield(L, 1, "__tostring") == LUA_TNIL)
    lua_pushliteral(L, "a table");
  else
    luaL_tolstring(L, 1, NULL);
  return 1;
}

static void push_host(struct machine *machine) {
  static const luaL_Reg functions[] = {
      {"clock", l_clock},
      {"pass_now", l_pass_now},
      {"work", l_work},
      {"say", l_say},
      {"state", l_state},
      {"facts", l_facts},
      {"channel", l_channel},
      {"waiting", l_waiting},
      {"interrupt", l_interrupt},
      {"park", l_park},
      {"unpark", l_unpark},
      {"cancel_all", l_cancel_all},
      {"remember", l_remember},
      {"show", l_show},
      {"steps", l_steps},
      {"rank", l_rank},
      {NULL, NULL},
  };
  lua_State *L = machine->L;
  lua_newtable(L);
  lua_pushlightuserdata(L, machine);
  luaL_setfuncs(L, functions, 1);
  lua_pushboolean(L, machine->listing != NULL);
  lua_setfield(L, -2, "verbose");
}

/* ------------------------------------------------------------------ sources */

/* The scripts, compiled once. */
static struct compiled compiled[SOURCE_COUNT];

static const char *read_line(lua_State *L, void *data, size_t *size) {
  const char *const **line = data;
  (void)L;
  if (!**line) return NULL;
  *size = strlen(**line);
  return *(*line)++;
}

static void load_source(lua_State *L, const void *data) {
  const struct source *source = data;
  const char *const *line = source->lines;
  if (lua_load(L, read_line, &line, source->name, "t") != LUA_OK) lua_error(L);
}

/* Pushes what the script returns. */
static void run_source(lua_State *L, int which) {
  compiled_push(&compiled[which], L, sources[which].name, load_source, &sources[which]);
  lua_call(L, 0, 1);
}

void machine_forget(void) {
  for (int i = 0; i < SOURCE_COUNT; i++) compiled_forget(&compiled[i]);
}

/* ------------------------------------------------------------- the model */

/* Pushes the model's function of that name. */
static void push_model(struct machine *machine, const char *name) {
  lua_State *L = machine->L;
  lua_getglobal(L, "model");
  lua_getfield(L, -1, name);
  lua_remove(L, -2);
}

static double model_number(struct machine *machine, const char *name) {
  push_model(machine, name);
  double number = lua_tonumber(machine->L, -1);
  lua_pop(machine->L, 1);
  return number;
}

/* Takes over what the model has found. */
static void look_at_model(struct machine *machine) {
  push_model(machine, "failure");
  if (lua_isstring(machine->L, -1)) fail(machine, lua_tostring(machine->L, -1));
  lua_pop(machine->L, 1);
}

/* Calls the function below the `count` arguments on top. */
static void call(struct machine *machine, int count) {
  if (lua_pcall(machine->L, count, 0, 0) != LUA_OK) {
    fail(machine, lua_tostring(machine->L, -1));
    lua_pop(machine->L, 1);
  }
  look_at_model(machine);
}

static void call_model(struct machine *machine, const char *name) {
  push_model(machine, name);
  call(machine, 0);
}

static void hand_over_reports(struct machine *machine) {
  for (unsigned i = 0; i < machine->report_count; i++) {
    push_model(machine, "reported");
    lua_pushinteger(machine->L, (lua_Integer)machine->reports[i].id);
    lua_pushboolean(machine->L, machine->reports[i].is_other);
    call(machine, 2);
  }
  machine->report_count = 0;
}

/* ------------------------------------------------------------------ setting up */

static bool flag_of(lua_State *L, int index, const char *name) {
  lua_getfield(L, index, name);
  bool flag = lua_toboolean(L, -1);
  lua_pop(L, 1);
  return flag;
}

static lua_Integer integer_of(lua_State *L, int index, const char *name) {
  lua_getfield(L, index, name);
  lua_Integer value = lua_tointeger(L, -1);
  lua_pop(L, 1);
  return value;
}

/* What the program asks of its host; it is on top. */
static void read_habits(struct machine *machine) {
  lua_State *L = machine->L;
  int made = lua_gettop(L);
  machine->loose = flag_of(L, made, "loose");
  machine->late = flag_of(L, made, "late");
  machine->early = flag_of(L, made, "early");
  machine->cancel_at = (unsigned)integer_of(L, made, "cancel_at");
  machine->close_at = (unsigned)integer_of(L, made, "close_at");
  machine->opens = (unsigned)integer_of(L, made, "opens");
  ta_set_seed(machine->runner, (uint64_t)integer_of(L, made, "order"));
  machine->runner->most_at_once = (unsigned)integer_of(L, made, "at_once");
  machine->runner->most_newcomers = (size_t)integer_of(L, made, "newcomers");
  if (flag_of(L, made, "traced")) ta_on_event(machine->runner, ignore_event, NULL);
}

/* (seed) -> program, made and written down */
static void push_program(struct machine *machine, lua_State *L, int program) {
  lua_getfield(L, program, "make");
  lua_pushvalue(L, 1);
  lua_call(L, 1, 1);
  if (!machine->listing) return;
  lua_getfield(L, program, "list");
  lua_pushvalue(L, -2);
  lua_pushlightuserdata(L, machine);
  lua_pushcclosure(L, l_say, 1);
  lua_call(L, 2, 0);
}

/* Pushes the list of acts. */
static void push_acts(lua_State *L) {
  lua_newtable(L);
  for (int i = FIRST_ACT; i < SOURCE_COUNT; i++) {
    run_source(L, i);
    lua_rawseti(L, -2, i - FIRST_ACT + 1);
  }
}

/* Of these the model has to know. */
static const char *const habits[] = {"order", "at_once", "newcomers", NULL};

static int l_set_up(lua_State *L) {
  struct machine *machine = machine_of(L);
  struct ta_host host = {.data = machine, .now = read_clock};
  luaL_openlibs(L);
  machine->runner = ta_runner_new(L, &host);
  ta_on_failure(machine->runner, on_failure, machine);
  ta_open(machine->runner, L, TA_OPEN_ALL | TA_OPEN_REUSE);
  lua_newtable(L);
  lua_createtable(L, 0, 1);
  lua_pushliteral(L, "k");
  lua_setfield(L, -2, "__mode");
  lua_setmetatable(L, -2);
  lua_setfield(L, LUA_REGISTRYINDEX, KEPT_TASKS);
  run_source(L, SOURCE_PROGRAM);
  int program = lua_gettop(L);
  push_program(machine, L, program);
  int made = lua_gettop(L);
  read_habits(machine);
  push_host(machine);
  int host_table = lua_gettop(L);
  for (const char *const *habit = habits; *habit; habit++) {
    lua_getfield(L, made, *habit);
    lua_setfield(L, host_table, *habit);
  }
  run_source(L, SOURCE_MODEL);
  lua_pushvalue(L, host_table);
  lua_call(L, 1, 1);
  lua_pushvalue(L, -1);
  lua_setglobal(L, "model");
  run_source(L, SOURCE_PLAY);
  lua_pushvalue(L, host_table);
  lua_pushvalue(L, -3);
  push_acts(L);
  lua_call(L, 3, 0);
  lua_getfield(L, -1, "setup");
  lua_pushvalue(L, made);
  lua_call(L, 1, 0);
  return 0;
}

static bool set_up(struct machine *machine, uint64_t seed) {
  machine->L = lua_newstate(memory_allocate, &machine->memory);
  if (!machine->L) {
    fail(machine, "not enough memory");
    return false;
  }
  lua_pushlightuserdata(machine->L, machine);
  lua_pushcclosure(machine->L, l_set_up, 1);
  lua_pushinteger(machine->L, (lua_Integer)seed);
  if (lua_pcall(machine->L, 1, 0, 0) != LUA_OK) {
    fail(machine, lua_tostring(machine->L, -1));
    lua_pop(machine->L, 1);
  }
  return !has_failed(machine);
}

/* ------------------------------------------------------------------ passes */

static void walk(struct machine *machine) {
  char why[512];
  if (!walk_runner(machine->runner, why, sizeof why)) fail(machine, why);
}

static void cancel_all(struct machine *machine) {
  if (machine->listing) fprintf(machine->listing, "%8.3f cancel all\n", machine->now);
  call_model(machine, "cancel_all");
  ta_cancel_all(machine->runner, "the test");
  walk(machine);
}

static const char *const result_words[] = {
    [TA_BUSY] = "busy", [TA_WAITING] = "waiting", [TA_STUCK] = "stuck", [TA_DONE] = "done"};

/* One whole pass, in as many parts as it is interrupted. */
static enum ta_pass_result do_pass(struct machine *machine) {
  enum ta_pass_result result;
  double deadline;
  call_model(machine, "begin_pass");
  while ((result = ta_pass(machine->runner, &deadline)) == TA_INTERRUPTED && !has_failed(machine)) {
    walk(machine);
    if (roll(machine, 8) == 0) cancel_all(machine);
  }
  look_at_model(machine);
  hand_over_reports(machine);
  if (!has_failed(machine) && !machine->loose) {
    push_model(machine, "end_pass");
    lua_pushstring(machine->L, result_words[result]);
    lua_pushnumber(machine->L, deadline);
    call(machine, 2);
    if (!has_failed(machine)) call_model(machine, "check_objects");
  }
  if (!has_failed(machine)) walk(machine);
  if (result != TA_WAITING) return result;
  if (deadline == HUGE_VAL) return TA_STUCK; /* somebody sleeps for ever */
  if (machine->early && roll(machine, 4) == 0 && machine->now < deadline) {
    machine->now += (deadline - machine->now) / 2;
  } else {
    machine->now = fmax(machine->now, deadline);
    if (machine->late && roll(machine, 3) == 0) machine->now += 0.25 * (1 + roll(machine, 4));
  }
  return result;
}

/* All wait for one another.  Did the program have somebody to help? */
static bool rescue(struct machine *machine) {
  push_model(machine, "rescue");
  if (lua_pcall(machine->L, 0, 1, 0) != LUA_OK) fail(machine, lua_tostring(machine->L, -1));
  bool done = lua_toboolean(machine->L, -1) && !has_failed(machine);
  lua_pop(machine->L, 1);
  look_at_model(machine);
  return done;
}

/* What the host does when nothing goes on by itself: in turn it lets somebody
 * help, cancels all, lets go from outside what waits in shields.  False when only
 * closing is left. */
static bool go_on(struct machine *machine, enum ta_pass_result result) {
  if (result == TA_STUCK && rescue(machine)) return true;
  if (!machine->cancelled) {
    machine->cancelled = true;
    cancel_all(machine);
    return true;
  }
  if (machine->opens == 0) return false;
  machine->opens--;
  call_model(machine, "open_up");
  return true;
}

/* Passes until nobody is left, or nothing helps but to close what is. */
static void do_passes(struct machine *machine) {
  for (unsigned pass = 1; pass <= 2 * MOST_PASSES && !has_failed(machine); pass++) {
    machine->result->passes++;
    if (pass == machine->cancel_at) cancel_all(machine);
    if (pass == machine->close_at) return;
    enum ta_pass_result result = do_pass(machine);
    if (has_failed(machine) || ta_live(machine->runner) == 0) return;
    bool stopped = result == TA_DONE || result == TA_STUCK || pass == MOST_PASSES;
    if (stopped && !go_on(machine, result)) return;
  }
}

/* --------------------------------------------------------------------- end */

static void close_rest(struct machine *machine) {
  machine->result->forced = true;
  lua_getglobal(machine->L, "model");
  lua_pushboolean(machine->L, true);
  lua_setfield(machine->L, -2, "ended");
  lua_pushboolean(machine->L, true);
  lua_setfield(machine->L, -2, "closing");
  lua_pop(machine->L, 1);
  while (ta_close_all(machine->runner) == -EINTR) continue; /* a program may interrupt */
  look_at_model(machine);
}

static void check_end(struct machine *machine) {
  char why[512];
  if (!has_failed(machine)) call_model(machine, "check_end");
  if (!has_failed(machine) && !walk_ended_runner(machine->runner, why, sizeof why))
    fail(machine, why);
}

static void take_figures(struct machine *machine) {
  struct machine_result *result = machine->result;
  result->hash = (uint64_t)model_number(machine, "hash");
  result->waits = (uint64_t)model_number(machine, "waits");
  result->cancelled_waits = (uint64_t)model_number(machine, "cancelled_waits");
  result->steps_out_of_order = (uint64_t)model_number(machine, "out_of_order");
  result->pauses = (uint64_t)model_number(machine, "pauses");
  result->late_births = (uint64_t)model_number(machine, "late_births");
  result->ends_told = (uint64_t)model_number(machine, "ends_told");
}

/* Does anything of the Runner's still hold a task? */
static void check_garbage(struct machine *machine) {
  lua_State *L = machine->L;
  call_model(machine, "forget");
  lua_gc(L, LUA_GCCOLLECT);
  lua_gc(L, LUA_GCCOLLECT);
  lua_getfield(L, LUA_REGISTRYINDEX, KEPT_TASKS);
  lua_pushnil(L);
  if (lua_next(L, -2)) {
    fail(machine, "an ended task is still held by something");
    lua_pop(L, 2);
  }
  lua_pop(L, 1);
}

static void drop_actions(struct machine *machine) {
  if (luaL_dostring(machine->L, "async.actions.poke = nil") != LUA_OK)
    fail(machine, lua_tostring(machine->L, -1));
  lua_settop(machine->L, 0);
}

static void tear_down(struct machine *machine) {
  if (machine->runner) {
    drop_actions(machine);
    if (!has_failed(machine)) check_garbage(machine);
    ta_runner_free(machine->runner);
  }
  lua_close(machine->L);
  if (machine->memory.bytes != 0) fail(machine, "memory was not given back");
}

void machine_run(uint64_t seed, FILE *listing, struct machine_result *result) {
  static struct machine machine; /* too large for a stack */
  machine = (struct machine){.listing = listing, .result = result, .dice = seed};
  *result = (struct machine_result){.passes = 0};
  if (set_up(&machine, seed)) {
    do_passes(&machine);
    if (ta_live(machine.runner) > 0) close_rest(&machine);
    check_end(&machine);
    take_figures(&machine);
  }
  if (machine.L) tear_down(&machine);
}
