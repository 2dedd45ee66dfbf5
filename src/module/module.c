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
 */
#include <errno.h>
#include <lauxlib.h>
#include <lualib.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "tinyasync.h"

struct adapter {
  struct ta_runner *runner; /* NULL: closed */
  lua_State *L;             /* the main thread */
  lua_CFunction spawn;      /* the core's */
  bool has_now;
  bool has_on_error;
  bool in_pass;        /* ta_pass() runs */
  bool asking;         /* call_later() runs */
  bool reading;        /* now() runs */
  bool complained;     /* of what now() returned the last time */
  int busy;            /* how many functions of the core are on the C stack */
  double latest;       /* the last good time */
  double wanted;       /* in the pass that runs: the delay after it */
  lua_Integer waiting; /* how many requests call_later() has taken and not called */
};

/* Its user values. */
enum {
  CALL_LATER = 1,
  NOW,
  ON_ERROR,
  MODULE,   /* the module's table */
  METHODS,  /* what the adapter has for those who index it */
  REPLACED, /* the five globals before */
  DUE,      /* list of the times of the requests, the earliest last */
  REASON,   /* of cancel() */
  USER_VALUES = REASON
};

static const char *const globals[] = {"async", "await", "sleep", "spawn", "runner"};

#define GLOBALS_COUNT (sizeof globals / sizeof *globals)

/* Under its address the registry keeps the last adapter that was made. */
static const char adapter_key;

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

static void on_failure(void *data, const struct ta_failure *failure) {
  struct adapter *adapter = data;
  const struct report report = {
      .message = failure->message, .length = failure->message_length, .failure = failure};
  adapter->busy++;
  tell(adapter, adapter->L, &report);
  adapter->busy--;
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
  if (!adapter->has_now) return monotonic_now();
  if (adapter->reading || !lua_checkstack(adapter->L, LUA_MINSTACK)) return adapter->latest;
  adapter->reading = true;
  adapter->busy++;
  try_now(adapter, adapter->L);
  adapter->busy--;
  adapter->reading = false;
  return adapter->latest;
}

/* ---------------------------------------------------------------- requests */

/* A program cannot be told to forget a request, so one is made only when it is to
 * come before all others: the list of their times gets earlier to its end. */
static bool comes_in_time(lua_State *L, const struct adapter *adapter, int list, double due) {
  if (adapter->waiting == 0) return false;
  lua_rawgeti(L, list, adapter->waiting);
  bool in_time = lua_tonumber(L, -1) <= due;
  lua_pop(L, 1);
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

static int l_request(lua_State *L);

/* Calls call_later(delay, request); what it raises is raised here. */
static void make_request(lua_State *L, struct adapter *adapter, double delay, double due) {
  push_value(L, CALL_LATER);
  lua_pushnumber(L, delay);
  push_adapter(L);
  lua_pushnumber(L, due);
  lua_pushcclosure(L, l_request, 2);
  adapter->asking = true;
  int status = lua_pcall(L, 2, 0, 0);
  adapter->asking = false;
  if (status == LUA_OK) return;
  if (adapter->runner) remove_request(L, adapter, due);
  lua_error(L);
}

/* Has the program come back in `delay` seconds, unless it does already. */
static void ask(lua_State *L, struct adapter *adapter, double delay) {
  if (delay == HUGE_VAL) return;
  luaL_checkstack(L, LUA_MINSTACK, NULL);
  double due = host_now(adapter) + delay;
  push_value(L, DUE);
  bool in_time = comes_in_time(L, adapter, lua_gettop(L), due);
  if (!in_time) {
    lua_pushnumber(L, due);
    lua_rawseti(L, -2, adapter->waiting + 1);
    adapter->waiting++;
  }
  lua_pop(L, 1);
  if (!in_time) make_request(L, adapter, delay, due);
}

/* (adapter, delay) */
static int l_ask(lua_State *L) {
  ask(L, lua_touserdata(L, 1), lua_tonumber(L, 2));
  return 0;
}

/* The same where nothing may raise. */
static void ask_quietly(lua_State *L, struct adapter *adapter, double delay) {
  if (!lua_checkstack(L, LUA_MINSTACK)) return;
  lua_pushlightuserdata(L, adapter);
  lua_pushnumber(L, delay);
  if (!call_quietly(L, l_ask, 2, 0)) tell_error(adapter, L);
}

static void host_call_later(void *data, double delay) {
  struct adapter *adapter = data;
  if (adapter->in_pass) {
    adapter->wanted = delay;
    return;
  }
  adapter->busy++;
  ask_quietly(adapter->L, adapter, delay);
  adapter->busy--;
}

/* The function that call_later() calls later.  In a task that runs the program's
 * loop it leaves the rest to the pass under way. */
static int l_request(lua_State *L) {
  struct adapter *adapter = lua_touserdata(L, lua_upvalueindex(1));
  if (!adapter->runner) return 0;
  if (adapter->asking) return luaL_error(L, "call_later must not call the function at once");
  remove_request(L, adapter, lua_tonumber(L, lua_upvalueindex(2)));
  if (adapter->in_pass) return 0;
  adapter->in_pass = true;
  adapter->busy++;
  adapter->wanted = HUGE_VAL;
  enum ta_pass_result result = ta_pass(adapter->runner, NULL);
  adapter->busy--;
  adapter->in_pass = false;
  if (result != TA_REENTERED) ask_quietly(L, adapter, adapter->wanted);
  return 0;
}

/* ------------------------------------------------------------------- spawn */

/* The core's spawn in a closure of ours with the same upvalues.  Outside a pass
 * the program is asked first: if it refuses, no task is made. */
static int l_spawn(lua_State *L) {
  struct adapter *adapter = last_adapter(L);
  if (adapter->runner && !adapter->in_pass) ask(L, adapter, 0);
  return adapter->spawn(L);
}

/* Puts it in the place of the function `name` of the table on top. */
static void wrap_spawn(lua_State *L, struct adapter *adapter, const char *name) {
  int count = 0;
  lua_getfield(L, -1, name);
  int function = lua_gettop(L);
  adapter->spawn = lua_tocfunction(L, function);
  while (lua_getupvalue(L, function, count + 1)) count++;
  lua_pushcclosure(L, l_spawn, count);
  lua_remove(L, function);
  lua_setfield(L, -2, name);
}

/* ----------------------------------------------------------------- closing */

static void put_back_globals(lua_State *L) {
  lua_pushglobaltable(L);
  push_value(L, METHODS);
  push_value(L, REPLACED);
  int table = lua_gettop(L) - 2;
  for (size_t i = 0; lua_istable(L, -1) && i < GLOBALS_COUNT; i++) {
    lua_pushstring(L, globals[i]);
    lua_pushvalue(L, -1);
    lua_rawget(L, table);
    lua_getfield(L, table + 1, globals[i]);
    if (lua_rawequal(L, -1, -2)) {
      lua_pop(L, 2);
      lua_getfield(L, table + 2, globals[i]);
      lua_rawset(L, table);
    }
    lua_settop(L, table + 2);
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
  if (adapter->busy > 0) return -EBUSY;
  adapter->busy++;
  int error = ta_close_all(adapter->runner);
  if (!error) error = ta_runner_free(adapter->runner);
  adapter->busy--;
  if (!error) adapter->runner = NULL;
  return error;
}

/* 0, or -EBUSY inside a task or one of the core's functions. */
static int close_adapter(lua_State *L, struct adapter *adapter) {
  if (!adapter->runner) return 0;
  luaL_checkstack(L, LUA_MINSTACK, NULL);
  int error = close_runner(adapter);
  if (error) return error;
  put_back_globals(L);
  empty_module(L);
  push_adapter(L);
  for (int which = 1; which <= USER_VALUES; which++) {
    lua_pushnil(L);
    lua_setiuservalue(L, -2, which);
  }
  lua_pop(L, 1);
  return 0;
}

/* ----------------------------------------------------------------- methods */

static struct adapter *check_self(lua_State *L) {
  struct adapter *adapter = lua_touserdata(L, lua_upvalueindex(1));
  if (lua_touserdata(L, 1) != adapter) luaL_typeerror(L, 1, "adapter");
  return adapter;
}

static int l_live(lua_State *L) {
  const struct adapter *adapter = check_self(L);
  lua_pushinteger(L, adapter->runner ? (lua_Integer)ta_live(adapter->runner) : 0);
  return 1;
}

static int l_cancel(lua_State *L) {
  const struct adapter *adapter = check_self(L);
  const char *reason = luaL_optstring(L, 2, "the adapter cancelled it");
  if (!adapter->runner) return 0;
  lua_pushstring(L, reason);
  reason = lua_tostring(L, -1);
  lua_setiuservalue(L, 1, REASON); /* it has to last */
  ta_cancel_all(adapter->runner, reason);
  return 0;
}

static int l_close(lua_State *L) {
  if (close_adapter(L, check_self(L)) != 0)
    return luaL_error(L, "the adapter cannot be closed inside a task");
  return 0;
}

/* A finalizer: the state is being closed, perhaps by a task. */
static int l_collect(lua_State *L) {
  close_adapter(L, check_self(L));
  return 0;
}

/* Sets a function of the table on top, whose upvalue is the adapter. */
static void set_method(lua_State *L, const char *name, lua_CFunction function) {
  push_adapter(L);
  lua_pushcclosure(L, function, 1);
  lua_setfield(L, -2, name);
}

/* Gives the adapter its methods.  Made after the Runner, it is finalized before. */
static void set_methods(lua_State *L) {
  push_adapter(L);
  lua_createtable(L, 0, 5);
  push_value(L, METHODS);
  lua_setfield(L, -2, "__index");
  set_method(L, "__gc", l_collect);
  set_method(L, "__close", l_close);
  lua_pushliteral(L, "adapter");
  lua_setfield(L, -2, "__name");
  lua_pushliteral(L, "adapter");
  lua_setfield(L, -2, "__metatable");
  lua_setmetatable(L, -2);
  lua_pop(L, 1);
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

/* Sets the five globals, raw since a strict _G need not know of it.  On top lies
 * the table of the methods. */
static void set_globals(lua_State *L) {
  int methods = lua_gettop(L);
  lua_createtable(L, 0, GLOBALS_COUNT);
  lua_pushglobaltable(L);
  for (size_t i = 0; i < GLOBALS_COUNT; i++) {
    lua_pushstring(L, globals[i]);
    lua_rawget(L, methods + 2);
    lua_setfield(L, methods + 1, globals[i]);
  }
  push_adapter(L);
  lua_pushvalue(L, methods + 1);
  lua_setiuservalue(L, -2, REPLACED);
  for (size_t i = 0; i < GLOBALS_COUNT; i++) {
    lua_pushstring(L, globals[i]);
    lua_getfield(L, methods, globals[i]);
    lua_rawset(L, methods + 2);
  }
  lua_settop(L, methods);
}

/* (globals?): opens the library in the module's table, and for all.  Until then it
 * is nobody's but ours. */
static int l_open(lua_State *L) {
  struct adapter *adapter = push_adapter(L);
  lua_getiuservalue(L, -1, MODULE);
  ta_open_table(adapter->runner, L);
  wrap_spawn(L, adapter, "spawn");
  lua_getfield(L, -1, "runner");
  wrap_spawn(L, adapter, "add_task");
  lua_pop(L, 1);
  lua_newtable(L); /* adapter, module, methods */
  lua_pushvalue(L, -2);
  lua_setfield(L, -2, "async");
  for (size_t i = 1; i < GLOBALS_COUNT; i++) {
    lua_getfield(L, -2, globals[i]);
    lua_setfield(L, -2, globals[i]);
  }
  set_method(L, "live", l_live);
  set_method(L, "cancel", l_cancel);
  set_method(L, "close", l_close);
  lua_pushvalue(L, -1);
  lua_setiuservalue(L, 2, METHODS);
  set_methods(L);
  if (lua_toboolean(L, 1)) {
    ta_open(adapter->runner, L, TA_OPEN_COROUTINE | TA_OPEN_REQUIRE | TA_OPEN_PCALL);
    set_globals(L);
  }
  return 0;
}

/* Opens all or nothing. */
static void open_library(lua_State *L, struct adapter *adapter, bool with_globals) {
  lua_pushcfunction(L, l_open);
  lua_pushboolean(L, with_globals);
  if (lua_pcall(L, 1, 0, 0) == LUA_OK) return;
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

/* Pushes an adapter without a Runner, and makes it the last one. */
static struct adapter *new_adapter(lua_State *L) {
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
  lua_pushvalue(L, -1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &adapter_key);
  return adapter;
}

/* A now() that is no clock is found out here. */
static void check_now(lua_State *L, struct adapter *adapter) {
  if (!adapter->has_now) return;
  lua_pushcfunction(L, l_read_now);
  lua_call(L, 0, 1);
  adapter->latest = lua_tonumber(L, -1);
  lua_pop(L, 1);
}

/* adapter(call_later [, now [, options]]) */
static int l_adapter(lua_State *L) {
  struct options options;
  check_arguments(L, &options);
  const struct adapter *last = last_adapter(L);
  if (last && last->runner) return luaL_error(L, "adapter: there is one already; close it first");
  struct adapter *adapter = new_adapter(L);
  check_now(L, adapter);
  make_runner(L, adapter);
  open_library(L, adapter, options.globals);
  return 1;
}

TA_API int luaopen_tinyasync(lua_State *L);

int luaopen_tinyasync(lua_State *L) {
  lua_createtable(L, 0, 1);
  lua_pushvalue(L, -1);
  lua_pushcclosure(L, l_adapter, 1);
  lua_setfield(L, -2, "adapter");
  return 1;
}
