/* SPDX-License-Identifier: MIT
 *
 * module.c -- require "tinyasync" in plain Lua: a Runner in the program's own loop.
 *
 * adapter(call_later, now, options) makes a Runner whose host is made of these two
 * functions.  It knows of the core what tinyasync.h says, and no loop at all.
 *
 * The core's callbacks may come in the middle of any function and must not raise:
 * what they call in Lua they call protected, on the main thread, since a coroutine
 * may be gone by then.
 *
 * call_later, now and on_error, and finalizers wherever memory is asked for, may do
 * anything: close the adapter, make another, run the program's loop.  So whatever may
 * run Lua comes first, and then state is looked at.
 */
#include <errno.h>
#include <lauxlib.h>
#include <lualib.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "tinyasync.h"

enum phase { OPENING, OPEN, CLOSING, CLOSED };

/* The program has a handle of it, and the registry the adapter itself. */
struct adapter {
  struct ta_runner *runner; /* NULL: not made yet, or closed */
  lua_State *L;             /* the main thread */
  lua_CFunction spawn;      /* the core's */
  const void *handle_kind;  /* the metatable of its handle, to compare with */
  enum phase phase;
  bool has_now;
  bool has_on_error;
  bool lost;           /* the program has no handle any more */
  bool in_pass;        /* ta_pass() runs */
  bool reading;        /* now() runs */
  bool complained;     /* of what now() returned the last time */
  bool missed;         /* a request came while the core was at work */
  int busy;            /* how many functions of the core are on the C stack */
  double latest;       /* the last good time */
  double wanted;       /* in the pass that runs: when the next one is to be */
  lua_Integer waiting; /* how many requests call_later() has taken and not called */
};

/* What call_later() was asked for, a userdata. */
struct request {
  double due;
  bool handing; /* call_later() has not returned yet */
  bool called;
};

/* Its user values. */
enum {
  CALL_LATER = 1,
  NOW,
  ON_ERROR,
  MODULE,   /* the module's table */
  METHODS,  /* what that has for those who index it */
  REPLACED, /* the five globals before */
  DUE,      /* list of the times of the requests, the earliest last */
  REASON,   /* of the first cancel() */
  USER_VALUES = REASON
};

static const char *const globals[] = {"async", "await", "sleep", "spawn", "runner"};

#define GLOBALS_COUNT (sizeof globals / sizeof *globals)

/* How often a request is made that is called at once, before that is a mistake. */
#define MOST_TRIES 2

#define SOON (-HUGE_VAL)

/* Under its address the registry keeps the last adapter that was made, or false. */
static const char adapter_key;

/* And under this one what closes it in the end, or false once that was done. */
static const char closer_key;

static struct adapter *push_adapter(lua_State *L) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &adapter_key);
  return lua_touserdata(L, -1);
}

static struct adapter *last_adapter(lua_State *L) {
  struct adapter *adapter = push_adapter(L);
  lua_pop(L, 1);
  return adapter;
}

/* Pushes one of the adapter's values. */
static int push_value(lua_State *L, int which) {
  push_adapter(L);
  int type = lua_getiuservalue(L, -1, which);
  lua_remove(L, -2);
  return type;
}

/* ----------------------------------------------------------------- reports */

/* Something to be told to on_error, or on stderr. */
struct report {
  const char *message;
  size_t length;
  const struct ta_failure *failure; /* NULL: it is not a task that failed */
};

static void write_report(const struct report *report) {
  const struct ta_failure *failure = report->failure;
  fflush(stdout);
  fputs(failure ? "Error in task: " : "tinyasync: ", stderr);
  fwrite(report->message, 1, report->length, stderr);
  if (failure && failure->kind == TA_FAILURE_KNOWN)
    fprintf(stderr, " (reported above; '%s' awaited it)", failure->name);
  fputc('\n', stderr);
  if (!failure || failure->kind == TA_FAILURE_KNOWN) return;
  fprintf(stderr, "task #%llu %s\n", (unsigned long long)failure->id, failure->name);
  if (failure->traceback) fprintf(stderr, "%s\n", failure->traceback);
  if (failure->spawned) fprintf(stderr, "%s\n", failure->spawned);
}

static void push_traceback(lua_State *L, const struct ta_failure *failure) {
  if (failure->kind == TA_FAILURE_KNOWN || !failure->traceback)
    lua_pushnil(L);
  else if (failure->spawned)
    lua_pushfstring(L, "%s\n%s", failure->traceback, failure->spawned);
  else
    lua_pushstring(L, failure->traceback);
}

/* (report): calls on_error. */
static int l_tell(lua_State *L) {
  const struct report *report = lua_touserdata(L, 1);
  push_value(L, ON_ERROR);
  lua_pushlstring(L, report->message, report->length);
  if (report->failure) {
    push_traceback(L, report->failure);
    lua_pushstring(L, report->failure->name);
  }
  lua_call(L, report->failure ? 3 : 1, 0);
  return 0;
}

/* (error object) -> as text */
static int l_to_text(lua_State *L) {
  luaL_tolstring(L, 1, NULL);
  return 1;
}

/* Calls the C function with the `nargs` arguments on top of it.  An error is left as
 * text. */
static bool call_quietly(lua_State *L, lua_CFunction function, int nargs, int nresults) {
  int bottom = lua_gettop(L) - nargs + 1;
  lua_pushcfunction(L, l_to_text);
  lua_pushcfunction(L, function);
  lua_rotate(L, bottom, 2);
  int status = lua_pcall(L, nargs, nresults, bottom);
  lua_remove(L, bottom);
  return status == LUA_OK;
}

/* What on_error itself raises is told on stderr, and the report as well. */
static void tell(struct adapter *adapter, lua_State *L, const struct report *report) {
  bool told = false;
  if (adapter->has_on_error && lua_checkstack(L, LUA_MINSTACK)) {
    lua_pushlightuserdata(L, (void *)report);
    told = call_quietly(L, l_tell, 1, 0);
    if (!told) {
      const char *message = lua_tostring(L, -1);
      fprintf(stderr, "tinyasync: on_error: %s\n", message ? message : "(not a string)");
      lua_pop(L, 1);
    }
  }
  if (!told) write_report(report);
}

/* Tells of the error on top, and pops it. */
static void tell_error(struct adapter *adapter, lua_State *L) {
  struct report report = {0};
  report.message = lua_tolstring(L, -1, &report.length);
  if (!report.message) { /* memory was out, or worse */
    report.message = "an error";
    report.length = strlen(report.message);
  }
  tell(adapter, L, &report);
  lua_pop(L, 1);
}

static void leave(struct adapter *adapter);

static void on_failure(void *data, const struct ta_failure *failure) {
  struct adapter *adapter = data;
  const struct report report = {
      .message = failure->message, .length = failure->message_length, .failure = failure};
  adapter->busy++;
  tell(adapter, adapter->L, &report);
  leave(adapter);
}

/* -------------------------------------------------------------------- time */

static double monotonic_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* () -> what now() says */
static int l_read_now(lua_State *L) {
  push_value(L, NOW);
  lua_call(L, 0, 1);
  if (lua_type(L, -1) != LUA_TNUMBER)
    return luaL_error(L, "now must return a number of seconds, not a %s", luaL_typename(L, -1));
  if (!isfinite(lua_tonumber(L, -1)))
    return luaL_error(L, "now must return a number of seconds, not %s",
                      luaL_tolstring(L, -1, NULL));
  return 1;
}

/* Time stands still while now() fails; that is told once. */
static void try_now(struct adapter *adapter, lua_State *L) {
  if (call_quietly(L, l_read_now, 0, 1)) {
    adapter->latest = fmax(adapter->latest, lua_tonumber(L, -1));
    adapter->complained = false;
    lua_pop(L, 1);
  } else if (adapter->complained) {
    lua_pop(L, 1);
  } else {
    adapter->complained = true;
    tell_error(adapter, L);
  }
}

static double host_now(void *data) {
  struct adapter *adapter = data;
  if (!adapter->has_now) return adapter->latest = monotonic_now();
  if (adapter->reading || !lua_checkstack(adapter->L, LUA_MINSTACK)) return adapter->latest;
  adapter->reading = true;
  adapter->busy++;
  try_now(adapter, adapter->L);
  adapter->reading = false;
  leave(adapter);
  return adapter->latest;
}

/* ---------------------------------------------------------------- requests */

/* A program cannot be told to forget a request, so one is made only when it is to
 * come before all others: the list of their times gets earlier to its end. */
static bool comes_in_time(lua_State *L, const struct adapter *adapter, double due) {
  if (adapter->waiting == 0) return false;
  push_value(L, DUE);
  lua_rawgeti(L, -1, adapter->waiting);
  bool in_time = lua_tonumber(L, -1) <= due;
  lua_pop(L, 2);
  return in_time;
}

/* Takes the time of a request off the list, if it is there. */
static void remove_request(lua_State *L, struct adapter *adapter, double due) {
  lua_Integer i = adapter->waiting;
  push_value(L, DUE);
  int list = lua_gettop(L);
  for (; i > 0; i--) {
    lua_rawgeti(L, list, i);
    bool found = lua_tonumber(L, -1) == due;
    lua_pop(L, 1);
    if (found) break;
  }
  if (i > 0) {
    for (; i < adapter->waiting; i++) {
      lua_rawgeti(L, list, i + 1);
      lua_rawseti(L, list, i);
    }
    lua_pushnil(L);
    lua_rawseti(L, list, adapter->waiting--);
  }
  lua_pop(L, 1);
}

static void note_request(lua_State *L, struct adapter *adapter, double due) {
  push_value(L, DUE);
  lua_pushnumber(L, due);
  lua_rawseti(L, -2, adapter->waiting + 1);
  adapter->waiting++;
  lua_pop(L, 1);
}

static int l_request(lua_State *L);

/* Pushes a request, and the function that is called for it. */
static struct request *push_request(lua_State *L, double due) {
  struct request *request = lua_newuserdatauv(L, sizeof *request, 0);
  *request = (struct request){.due = due, .handing = true};
  push_adapter(L);
  lua_pushvalue(L, -2);
  lua_pushcclosure(L, l_request, 2);
  return request;
}

/* Calls call_later(seconds, function on top); what it raises is raised here. */
static void hand_over(lua_State *L, struct adapter *adapter, struct request *request,
                      double seconds) {
  note_request(L, adapter, request->due);
  push_value(L, CALL_LATER);
  lua_pushnumber(L, seconds);
  lua_pushvalue(L, -3);
  int status = lua_pcall(L, 2, 0, 0);
  request->handing = false;
  if (status == LUA_OK) return;
  if (adapter->runner && !request->called) remove_request(L, adapter, request->due);
  request->called = true;
  lua_error(L);
}

/* Has call_later() call back at `due`, unless that comes in time by now.  False: it
 * has called already. */
static bool make_request(lua_State *L, struct adapter *adapter, double due) {
  int top = lua_gettop(L);
  struct request *request = push_request(L, due);
  double seconds = fmax(0, due - host_now(adapter)); /* finalizers may have taken their time */
  if (adapter->runner && !comes_in_time(L, adapter, due)) hand_over(L, adapter, request, seconds);
  lua_settop(L, top);
  return !request->called;
}

/* Has the program come back at `due`, unless it does already; what is past is soon,
 * and HUGE_VAL never.  A call_later() that runs the program's loop may have called the
 * function by then: that is a mistake only when it does so again. */
static void ask(lua_State *L, struct adapter *adapter, double due) {
  if (due == HUGE_VAL) return;
  luaL_checkstack(L, LUA_MINSTACK, NULL);
  due = fmax(due, host_now(adapter));
  for (int tries = 0; tries < MOST_TRIES; tries++) {
    if (!adapter->runner || comes_in_time(L, adapter, due)) return;
    if (make_request(L, adapter, due)) return;
  }
  if (adapter->runner) luaL_error(L, "call_later must not call the function at once");
}

/* (adapter, due) */
static int l_ask(lua_State *L) {
  ask(L, lua_touserdata(L, 1), lua_tonumber(L, 2));
  return 0;
}

/* The same where nothing may raise. */
static void ask_quietly(lua_State *L, struct adapter *adapter, double due) {
  bool asked = lua_checkstack(L, LUA_MINSTACK);
  if (asked) {
    lua_pushlightuserdata(L, adapter);
    lua_pushnumber(L, due);
    asked = call_quietly(L, l_ask, 2, 0);
    if (!asked) tell_error(adapter, L);
  }
  if (!asked && adapter->runner) ta_ask_again(adapter->runner);
}

static void host_call_later(void *data, double delay) {
  struct adapter *adapter = data;
  double due = delay > 0 ? adapter->latest + delay : SOON; /* the clock was just read */
  if (adapter->in_pass) {
    adapter->wanted = due;
    return;
  }
  adapter->busy++;
  ask_quietly(adapter->L, adapter, due);
  leave(adapter);
}

/* A function of Lua's, called by the core, has returned.  What it has kept from being
 * done is asked for once more. */
static void leave(struct adapter *adapter) {
  if (adapter->missed && adapter->busy == 1 && !adapter->in_pass) {
    adapter->missed = false;
    ask_quietly(adapter->L, adapter, SOON);
  }
  adapter->busy--;
}

static void run_pass(lua_State *L, struct adapter *adapter) {
  adapter->in_pass = true;
  adapter->busy++;
  adapter->wanted = HUGE_VAL;
  enum ta_pass_result result = ta_pass(adapter->runner, NULL);
  adapter->busy--;
  adapter->in_pass = false;
  if (result != TA_REENTERED) ask_quietly(L, adapter, adapter->wanted);
}

/* The function that call_later() calls later.  In a task that runs the program's
 * loop it leaves the rest to the pass under way, and where the core is at work
 * outside of passes to the next request. */
static int l_request(lua_State *L) {
  struct adapter *adapter = lua_touserdata(L, lua_upvalueindex(1));
  struct request *request = lua_touserdata(L, lua_upvalueindex(2));
  if (!adapter->runner || request->called) return 0;
  request->called = true;
  luaL_checkstack(L, LUA_MINSTACK, NULL);
  remove_request(L, adapter, request->due);
  if (request->handing || adapter->in_pass) return 0;
  if (adapter->busy > 0)
    adapter->missed = true;
  else
    run_pass(L, adapter);
  return 0;
}

/* ------------------------------------------------------------------- spawn */

enum { CORE_UPVALUES = 2, SPAWN_ADAPTER };

/* The core's spawn in a closure of ours with the same upvalues and one more.
 * Outside a pass the program is asked first: if it refuses, no task is made. */
static int l_spawn(lua_State *L) {
  struct adapter *adapter = lua_touserdata(L, lua_upvalueindex(SPAWN_ADAPTER));
  if (adapter->runner && !adapter->in_pass) ask(L, adapter, SOON);
  return adapter->spawn(L);
}

/* Puts it in the place of the function `name` of the table on top. */
static void wrap_spawn(lua_State *L, struct adapter *adapter, const char *name) {
  lua_getfield(L, -1, name);
  int function = lua_gettop(L);
  adapter->spawn = lua_tocfunction(L, function);
  for (int i = 1; i <= CORE_UPVALUES; i++)
    if (!lua_getupvalue(L, function, i)) lua_pushnil(L);
  push_adapter(L);
  lua_pushcclosure(L, l_spawn, SPAWN_ADAPTER);
  lua_remove(L, function);
  lua_setfield(L, -2, name);
}

/* ----------------------------------------------------------------- closing */

static bool is_global(lua_State *L, int index) {
  const char *name = lua_type(L, index) == LUA_TSTRING ? lua_tostring(L, index) : "";
  for (size_t i = 0; i < GLOBALS_COUNT; i++)
    if (strcmp(name, globals[i]) == 0) return true;
  return false;
}

/* Puts one back, unless somebody has put another there.  Its name and our value are
 * on top, and popped but for the name. */
static void put_back_global(lua_State *L, int table, int replaced) {
  lua_pushvalue(L, -2);
  lua_rawget(L, table);
  bool ours = lua_rawequal(L, -1, -2);
  lua_pop(L, 2);
  if (!ours) return;
  lua_pushvalue(L, -1);
  lua_pushvalue(L, -1);
  lua_rawget(L, replaced);
  lua_rawset(L, table);
}

/* From here on to the end of closing no memory is asked for: nobody can make another
 * adapter meanwhile. */
static void put_back_globals(lua_State *L) {
  lua_pushglobaltable(L);
  int table = lua_gettop(L);
  if (push_value(L, REPLACED) == LUA_TTABLE) {
    push_value(L, METHODS);
    lua_pushnil(L);
    while (lua_next(L, table + 2)) {
      if (is_global(L, -2))
        put_back_global(L, table, table + 1);
      else
        lua_pop(L, 1);
    }
  }
  lua_settop(L, table - 1);
}

/* Leaves `adapter` alone in the module's table. */
static void empty_module(lua_State *L) {
  push_value(L, MODULE);
  int module = lua_gettop(L);
  lua_pushnil(L);
  lua_setmetatable(L, module);
  lua_pushnil(L);
  while (lua_next(L, module)) {
    lua_pop(L, 1);
    if (lua_type(L, -1) == LUA_TSTRING && strcmp(lua_tostring(L, -1), "adapter") == 0) continue;
    lua_pushvalue(L, -1);
    lua_pushnil(L);
    lua_rawset(L, module);
  }
  lua_pop(L, 1);
}

/* Tasks that are closed may call on whatever there is. */
static int close_runner(struct adapter *adapter) {
  adapter->busy++;
  int error = ta_close_all(adapter->runner);
  if (!error) error = ta_runner_free(adapter->runner);
  adapter->busy--;
  if (!error) adapter->runner = NULL;
  return error;
}

/* 0, or -EBUSY inside a task or one of the core's functions, or -ENOMEM. */
static int close_adapter(lua_State *L, struct adapter *adapter) {
  if (!adapter->runner) return 0;
  if (adapter->busy > 0) return -EBUSY;
  if (!lua_checkstack(L, LUA_MINSTACK)) return -ENOMEM;
  adapter->phase = CLOSING;
  int error = close_runner(adapter);
  if (error) {
    adapter->phase = OPEN;
    return error;
  }
  put_back_globals(L);
  empty_module(L);
  push_adapter(L);
  for (int which = 1; which <= USER_VALUES; which++) {
    lua_pushnil(L);
    lua_setiuservalue(L, -2, which);
  }
  lua_pop(L, 1);
  adapter->phase = CLOSED;
  return 0;
}

/* ----------------------------------------------------------------- methods */

/* Its method was called on the handle of upvalue 1's adapter, or raises. */
static struct adapter *check_self(lua_State *L) {
  struct adapter *adapter = lua_touserdata(L, lua_upvalueindex(1));
  bool ours = lua_isuserdata(L, 1) && lua_getmetatable(L, 1);
  if (!ours || lua_topointer(L, -1) != adapter->handle_kind) luaL_typeerror(L, 1, "adapter");
  lua_pop(L, 1);
  return adapter;
}

static int l_live(lua_State *L) {
  const struct adapter *adapter = check_self(L);
  lua_pushinteger(L, adapter->runner ? (lua_Integer)ta_live(adapter->runner) : 0);
  return 1;
}

/* Only the first reason counts, and the Runner goes on using it. */
static int l_cancel(lua_State *L) {
  struct adapter *adapter = check_self(L);
  const char *reason = luaL_optstring(L, 2, NULL);
  if (!reason) reason = lua_pushliteral(L, "the adapter cancelled it");
  int index = lua_isnoneornil(L, 2) ? lua_gettop(L) : 2;
  lua_pushvalue(L, lua_upvalueindex(1));
  if (!adapter->runner || lua_getiuservalue(L, -1, REASON) != LUA_TNIL) return 0;
  lua_pushvalue(L, index);
  lua_setiuservalue(L, -3, REASON);
  ta_cancel_all(adapter->runner, reason);
  return 0;
}

static int l_close(lua_State *L) {
  int error = close_adapter(L, check_self(L));
  if (error == -ENOMEM) return luaL_error(L, "not enough memory");
  if (error) return luaL_error(L, "the adapter cannot be closed inside a task");
  return 0;
}

/* A finalizer: the state is being closed, perhaps by a task. */
static int l_collect(lua_State *L) {
  close_adapter(L, lua_touserdata(L, 1));
  return 0;
}

/* A finalizer of the handle. */
static int l_lose(lua_State *L) {
  struct adapter *adapter = lua_touserdata(L, lua_upvalueindex(1));
  adapter->lost = true;
  return 0;
}

/* A finalizer of the closer. */
static int l_close_last(lua_State *L) {
  lua_pushboolean(L, false);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &closer_key);
  struct adapter *last = last_adapter(L);
  if (last) close_adapter(L, last);
  return 0;
}

/* From 5.4.4 on the collector tells nothing there. */
static bool is_in_finalizer(lua_State *L) {
  return lua_gc(L, LUA_GCCOUNT) < 0;
}

/* Is there an object that closes the last adapter when the state is closed?  An adapter
 * that a finalizer makes then gets no finalizer of its own from Lua.  Nor would this
 * object, so none makes it: a finalizer cannot tell whether it is called at that time. */
static bool has_closer(lua_State *L) {
  int type = lua_rawgetp(L, LUA_REGISTRYINDEX, &closer_key);
  lua_pop(L, 1);
  if (type != LUA_TNIL || is_in_finalizer(L)) return type == LUA_TUSERDATA;
  lua_newuserdatauv(L, 0, 0);
  lua_createtable(L, 0, 1);
  lua_pushcfunction(L, l_close_last);
  lua_setfield(L, -2, "__gc");
  lua_setmetatable(L, -2);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &closer_key);
  return true;
}

/* Sets a function of the table on top, whose upvalue is the adapter. */
static void set_method(lua_State *L, const char *name, lua_CFunction function) {
  push_adapter(L);
  lua_pushcclosure(L, function, 1);
  lua_setfield(L, -2, name);
}

/* Gives the adapter its finalizer: made after the Runner, it is called before the
 * Runner's. */
static void set_finalizer(lua_State *L) {
  push_adapter(L);
  lua_createtable(L, 0, 1);
  lua_pushcfunction(L, l_collect);
  lua_setfield(L, -2, "__gc");
  lua_setmetatable(L, -2);
  lua_pop(L, 1);
}

/* Pushes the metatable of the handle, with the methods. */
static void push_handle_kind(lua_State *L) {
  lua_createtable(L, 0, 5);
  push_value(L, METHODS);
  lua_setfield(L, -2, "__index");
  set_method(L, "__gc", l_lose);
  set_method(L, "__close", l_close);
  lua_pushliteral(L, "adapter");
  lua_setfield(L, -2, "__name");
  lua_pushliteral(L, "adapter");
  lua_setfield(L, -2, "__metatable");
}

/* Pushes what the program gets of the adapter. */
static void push_handle(lua_State *L, struct adapter *adapter) {
  lua_newuserdatauv(L, 0, 0);
  push_handle_kind(L);
  adapter->handle_kind = lua_topointer(L, -1);
  lua_setmetatable(L, -2);
}

/* ------------------------------------------------------------------ opening */

/* (adapter): makes the Runner, on the main thread. */
static int l_make_runner(lua_State *L) {
  struct adapter *adapter = lua_touserdata(L, 1);
  const struct ta_host host = {.data = adapter, .now = host_now, .call_later = host_call_later};
  adapter->runner = ta_runner_new(L, &host);
  ta_on_failure(adapter->runner, on_failure, adapter);
  return 0;
}

static void make_runner(lua_State *L, struct adapter *adapter) {
  lua_State *main = adapter->L;
  if (!lua_checkstack(main, LUA_MINSTACK)) luaL_error(L, "not enough memory");
  lua_pushcfunction(main, l_make_runner);
  lua_pushlightuserdata(main, adapter);
  if (lua_pcall(main, 1, 0, 0) == LUA_OK) return;
  if (main != L) lua_xmove(main, L, 1);
  lua_error(L);
}

/* Sets the five globals, raw since a strict _G need not know of it.  At `methods` lies
 * the table of the methods.  Between the look at a global and its change no memory is
 * asked for. */
static void set_globals(lua_State *L, int methods) {
  int first = lua_gettop(L) + 1;
  for (size_t i = 0; i < GLOBALS_COUNT; i++) lua_pushstring(L, globals[i]);
  lua_createtable(L, 0, GLOBALS_COUNT);
  int replaced = lua_gettop(L);
  push_adapter(L);
  lua_pushvalue(L, replaced);
  lua_setiuservalue(L, -2, REPLACED);
  lua_pushglobaltable(L);
  for (int name = first; name < replaced; name++) {
    lua_pushvalue(L, name);
    lua_pushvalue(L, name);
    lua_rawget(L, replaced + 2);
    lua_rawset(L, replaced);
    lua_pushvalue(L, name);
    lua_pushvalue(L, name);
    lua_rawget(L, methods);
    lua_rawset(L, replaced + 2);
  }
  lua_settop(L, first - 1);
}

/* Gives the table on top the library's functions, from the module's below it, and the
 * adapter's. */
static void fill_methods(lua_State *L) {
  lua_pushvalue(L, -2);
  lua_setfield(L, -2, "async");
  for (size_t i = 1; i < GLOBALS_COUNT; i++) {
    lua_getfield(L, -2, globals[i]);
    lua_setfield(L, -2, globals[i]);
  }
  set_method(L, "live", l_live);
  set_method(L, "cancel", l_cancel);
  set_method(L, "close", l_close);
}

/* (globals?) -> handle: opens the library in the module's table, and for all. */
static int l_open(lua_State *L) {
  enum { WITH_GLOBALS = 1, ADAPTER, TABLE, FUNCTIONS };
  struct adapter *adapter = push_adapter(L);
  lua_getiuservalue(L, ADAPTER, MODULE);
  ta_open_table(adapter->runner, L);
  wrap_spawn(L, adapter, "spawn");
  lua_getfield(L, TABLE, "runner");
  wrap_spawn(L, adapter, "add_task");
  lua_pop(L, 1);
  lua_newtable(L);
  fill_methods(L);
  lua_pushvalue(L, FUNCTIONS);
  lua_setiuservalue(L, ADAPTER, METHODS);
  set_finalizer(L);
  push_handle(L, adapter);
  if (lua_toboolean(L, WITH_GLOBALS)) {
    ta_open(adapter->runner, L, TA_OPEN_COROUTINE | TA_OPEN_REQUIRE | TA_OPEN_PCALL);
    set_globals(L, FUNCTIONS);
  }
  lua_settop(L, FUNCTIONS + 1);
  return 1;
}

/* Pushes the handle.  Opens all or nothing. */
static void open_library(lua_State *L, struct adapter *adapter, bool with_globals) {
  lua_pushcfunction(L, l_open);
  lua_pushboolean(L, with_globals);
  if (lua_pcall(L, 1, 1, 0) == LUA_OK) return;
  close_adapter(L, adapter);
  lua_error(L);
}

/* -------------------------------------------------------- adapter() itself */

struct options {
  bool globals;
  int on_error; /* its place on the stack; 0: none */
};

static bool is_callable(lua_State *L, int index) {
  if (lua_isfunction(L, index)) return true;
  if (luaL_getmetafield(L, index, "__call") == LUA_TNIL) return false;
  lua_pop(L, 1);
  return true;
}

static void check_callable(lua_State *L, int argument) {
  if (!is_callable(L, argument)) luaL_typeerror(L, argument, "function");
}

static int raise_bad_option(lua_State *L, const char *name, const char *expected) {
  return luaL_error(L, "adapter: option '%s' must be a %s, got %s", name, expected,
                    luaL_typename(L, -1));
}

/* On top lie the name of an option and its value. */
static void check_option(lua_State *L, struct options *options) {
  const char *name = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "";
  if (strcmp(name, "globals") == 0) {
    if (!lua_isboolean(L, -1)) raise_bad_option(L, name, "boolean");
    options->globals = lua_toboolean(L, -1);
  } else if (strcmp(name, "on_error") == 0) {
    if (!is_callable(L, -1)) raise_bad_option(L, name, "function");
    lua_replace(L, options->on_error);
    lua_pushnil(L);
  } else {
    luaL_error(L, "adapter: unknown option '%s' (there are globals and on_error)",
               luaL_tolstring(L, -2, NULL));
  }
}

/* The arguments of adapter(), and below the value of on_error. */
enum { ARG_CALL_LATER = 1, ARG_NOW, ARG_OPTIONS, ARG_ON_ERROR };

static void check_arguments(lua_State *L, struct options *options) {
  lua_settop(L, ARG_OPTIONS);
  check_callable(L, ARG_CALL_LATER);
  if (!lua_isnil(L, ARG_NOW)) check_callable(L, ARG_NOW);
  if (!lua_isnil(L, ARG_OPTIONS)) luaL_checktype(L, ARG_OPTIONS, LUA_TTABLE);
  lua_pushnil(L);
  *options = (struct options){.globals = true, .on_error = ARG_ON_ERROR};
  if (lua_isnil(L, ARG_OPTIONS)) return;
  lua_pushnil(L);
  while (lua_next(L, ARG_OPTIONS)) {
    check_option(L, options);
    lua_pop(L, 1);
  }
}

static lua_State *main_thread(lua_State *L) {
  lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_MAINTHREAD);
  lua_State *main = lua_tothread(L, -1);
  lua_pop(L, 1);
  return main;
}

/* Pushes an adapter without a Runner. */
static struct adapter *push_new(lua_State *L) {
  struct adapter *adapter = lua_newuserdatauv(L, sizeof *adapter, USER_VALUES);
  *adapter = (struct adapter){.L = main_thread(L),
                              .has_now = !lua_isnil(L, ARG_NOW),
                              .has_on_error = !lua_isnil(L, ARG_ON_ERROR),
                              .latest = -HUGE_VAL};
  lua_pushvalue(L, ARG_CALL_LATER);
  lua_setiuservalue(L, -2, CALL_LATER);
  lua_pushvalue(L, ARG_NOW);
  lua_setiuservalue(L, -2, NOW);
  lua_pushvalue(L, ARG_ON_ERROR);
  lua_setiuservalue(L, -2, ON_ERROR);
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_setiuservalue(L, -2, MODULE);
  lua_newtable(L);
  lua_setiuservalue(L, -2, DUE);
  return adapter;
}

/* Was the adapter lost, and does nothing?  A look is taken with a whole collection,
 * since adapter() is about to fail. */
static bool is_left_over(lua_State *L, const struct adapter *adapter) {
  if (adapter->phase != OPEN || ta_live(adapter->runner) > 0) return false;
  if (!adapter->lost) lua_gc(L, LUA_GCCOLLECT);
  return adapter->lost && adapter->phase == OPEN && ta_live(adapter->runner) == 0;
}

/* Closes the last adapter if it was lost. */
static void close_left_over(lua_State *L) {
  struct adapter *last = push_adapter(L);
  if (last && is_left_over(L, last)) close_adapter(L, last);
  lua_pop(L, 1);
}

/* Makes the adapter on top the last one, unless there is one. */
static void take_place(lua_State *L) {
  const struct adapter *last = last_adapter(L);
  if (last && last->phase != CLOSED) luaL_error(L, "adapter: there is one already; close it first");
  lua_pushvalue(L, -1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &adapter_key);
}

/* (adapter, globals?) -> handle.  A now() that is no clock is found out here. */
static int l_set_up(lua_State *L) {
  struct adapter *adapter = lua_touserdata(L, 1);
  luaL_checkstack(L, 3 * LUA_MINSTACK, NULL); /* to close it again too */
  if (adapter->has_now) {
    lua_pushcfunction(L, l_read_now);
    lua_call(L, 0, 1);
    adapter->latest = lua_tonumber(L, -1);
    lua_pop(L, 1);
  }
  make_runner(L, adapter);
  open_library(L, adapter, lua_toboolean(L, 2));
  return 1;
}

/* adapter(call_later [, now [, options]]) */
static int l_adapter(lua_State *L) {
  struct options options;
  check_arguments(L, &options);
  if (!has_closer(L)) luaL_error(L, "adapter: not in a finalizer while the Lua state is closed");
  close_left_over(L);
  struct adapter *adapter = push_new(L);
  take_place(L);
  lua_pushcfunction(L, l_set_up);
  lua_insert(L, -2);
  lua_pushboolean(L, options.globals);
  bool opened = lua_pcall(L, 2, 1, 0) == LUA_OK;
  adapter->phase = opened ? OPEN : CLOSED;
  return opened ? 1 : lua_error(L);
}

TA_API int luaopen_tinyasync(lua_State *L);

int luaopen_tinyasync(lua_State *L) {
  if (!last_adapter(L)) { /* the place is reserved */
    lua_pushboolean(L, false);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &adapter_key);
  }
  has_closer(L);
  lua_createtable(L, 0, 1);
  lua_pushvalue(L, -1);
  lua_pushcclosure(L, l_adapter, 1);
  lua_setfield(L, -2, "adapter");
  return 1;
}
