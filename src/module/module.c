/* SPDX-License-Identifier: MIT
 *
 * module.c -- require "tinyasync" in plain Lua: a Runner in the program's own loop.
 *
 * adapter(call_later, now, options) makes a Runner whose host is made of these two
 * functions.  It knows of the core what the public headers say, and no loop at all.
 * Options, requests and what is opened are Lua: adapter.lua.  Here is what must not
 * raise, or ask for memory, and what finalizers may meet: the host's callbacks, reports,
 * closing, and which adapter has the place.
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

#include "tinyasync_lib.h"

extern const char *const ta_chunk_adapter[];

enum phase { OPENING, OPEN, CLOSING, CLOSED };

/* The program has a handle of it, and the registry the adapter itself. */
struct adapter {
  struct ta_runner *runner; /* NULL: not made yet, or closed */
  lua_State *L;             /* the main thread */
  enum phase phase;
  bool has_now;
  bool has_on_error;
  bool lost;       /* the program has no handle any more */
  bool in_pass;    /* ta_pass() runs */
  bool reading;    /* now() runs */
  bool complained; /* of what now() returned the last time */
  bool missed;     /* a request came while the core was at work */
  int busy;        /* how many functions of the core are on the C stack */
  double latest;   /* the last good time */
  double wanted;   /* in the pass that runs: when the next one is to be */
};

/* Its user values. */
enum {
  ASK = 1, /* adapter.lua's */
  NOW,
  ON_ERROR,
  MODULE, /* the module's table */
  REASON, /* of the first cancel() */
  USER_VALUES = REASON
};

/* What the program has of it; the adapter is its user value. */
struct handle {
  struct adapter *adapter;
};

/* Upvalues of adapter(). */
enum { OWN_TABLE = 1, BASICS, POLICY };

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

static void write_piece(void *data, const char *text, size_t length) {
  (void)data;
  fwrite(text, 1, length, stderr);
}

static void write_report(const struct report *report) {
  const struct ta_failure *failure = report->failure;
  fflush(stdout);
  if (failure) {
    ta_write_failure(failure, write_piece, NULL);
  } else {
    fputs("tinyasync: ", stderr);
    write_piece(NULL, report->message, report->length);
  }
  fputc('\n', stderr);
  if (failure) ta_write_failure_lines(failure, write_piece, NULL);
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

/* Calls the function below the `nargs` arguments on top.  An error is left as text. */
static bool call_quietly(lua_State *L, int nargs, int nresults) {
  int bottom = lua_gettop(L) - nargs;
  lua_pushcfunction(L, l_to_text);
  lua_insert(L, bottom);
  int status = lua_pcall(L, nargs, nresults, bottom);
  lua_remove(L, bottom);
  return status == LUA_OK;
}

/* What on_error itself raises is told on stderr, and the report as well. */
static void tell(struct adapter *adapter, lua_State *L, const struct report *report) {
  bool told = false;
  if (adapter->has_on_error && lua_checkstack(L, LUA_MINSTACK)) {
    lua_pushcfunction(L, l_tell);
    lua_pushlightuserdata(L, (void *)report);
    told = call_quietly(L, 1, 0);
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

/* () -> what now() says.  Here and not in Lua, where each call may collect garbage: the
 * finalizers take time, and the answer is old when it is used. */
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
  lua_pushcfunction(L, l_read_now);
  if (call_quietly(L, 0, 1)) {
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

/* Has the program come back at `due`, HUGE_VAL being never, where nothing may raise. */
static void ask_quietly(lua_State *L, struct adapter *adapter, double due) {
  if (!adapter->runner) return;
  bool asked = lua_checkstack(L, LUA_MINSTACK);
  if (asked) {
    push_value(L, ASK);
    lua_pushnumber(L, due);
    lua_pushinteger(L, 0);
    asked = call_quietly(L, 2, 0);
    if (!asked) tell_error(adapter, L);
  }
  if (!asked && adapter->runner) ta_ask_again(adapter->runner);
}

/* Outside a pass the program is asked first: if it refuses, no task is made. */
static void before_spawn(void *data, lua_State *L) {
  enum { CALLER_OF_SPAWN = 3 }; /* as error() counts in ask() */
  const struct adapter *adapter = data;
  if (adapter->in_pass) return;
  luaL_checkstack(L, LUA_MINSTACK, NULL);
  push_value(L, ASK);
  lua_pushnumber(L, SOON);
  lua_pushinteger(L, CALLER_OF_SPAWN);
  lua_call(L, 2, 0);
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

/* ----------------------------------------------------------------- closing */

/* Leaves `adapter` alone in the module's table.  From the end of the Runner, which puts the
 * globals back, to that of closing no memory is asked for: nobody can make another adapter
 * meanwhile. */
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

static const struct ta_object_kind handle_kind;

static struct adapter *check_self(lua_State *L) {
  return ((const struct handle *)ta_check_object(L, 1, &handle_kind))->adapter;
}

static int l_live(lua_State *L) {
  const struct adapter *adapter = check_self(L);
  lua_pushinteger(L, adapter->runner ? (lua_Integer)ta_live(adapter->runner) : 0);
  return 1;
}

/* Only the first reason counts, and the Runner goes on using it. */
static int l_cancel(lua_State *L) {
  const struct adapter *adapter = check_self(L);
  lua_settop(L, 2);
  if (lua_isnil(L, 2)) {
    lua_pushliteral(L, "the adapter cancelled it");
    lua_replace(L, 2);
  }
  const char *reason = luaL_checkstring(L, 2);
  if (!adapter->runner || push_value(L, REASON) != LUA_TNIL) return 0;
  push_adapter(L);
  lua_pushvalue(L, 2);
  lua_setiuservalue(L, -2, REASON);
  ta_cancel_all(adapter->runner, reason);
  return 0;
}

static int l_close(lua_State *L) {
  int error = close_adapter(L, check_self(L));
  if (error == -ENOMEM) return luaL_error(L, "not enough memory");
  if (error) return luaL_error(L, "the adapter cannot be closed inside a task");
  return 0;
}

/* A finalizer of the handle. */
static int l_lose(lua_State *L) {
  struct adapter *adapter = check_self(L);
  if (adapter) adapter->lost = true;
  return 0;
}

static const struct ta_function handle_methods[] = {
    {"live", l_live}, {"cancel", l_cancel}, {"close", l_close}, {NULL, NULL}};
static const struct ta_function handle_meta[] = {
    {"__gc", l_lose}, {"__close", l_close}, {NULL, NULL}};
static const struct ta_object_kind handle_kind = {
    .name = "adapter", .methods = handle_methods, .meta = handle_meta};

/* Pushes what the program gets of the adapter. */
static void push_handle(lua_State *L, struct adapter *adapter) {
  struct handle *handle =
      ta_push_object(adapter->runner, L, &handle_kind, sizeof(struct handle), 1);
  push_adapter(L);
  lua_setiuservalue(L, -2, 1);
  handle->adapter = adapter;
}

/* -------------------------------------------------------------- finalizers */

/* A finalizer: the state is being closed, perhaps by a task. */
static int l_collect(lua_State *L) {
  close_adapter(L, lua_touserdata(L, 1));
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

/* --------------------------------------------------- what adapter.lua calls */

static int l_is_callable(lua_State *L) {
  lua_pushboolean(L, ta_is_callable(L, 1));
  return 1;
}

/* (function, ...) -> did it return?, and what it has raised.  pcall() may not be Lua's own. */
static int l_try(lua_State *L) {
  bool worked = lua_pcall(L, lua_gettop(L) - 1, 0, 0) == LUA_OK;
  lua_pushboolean(L, worked);
  lua_insert(L, 1);
  return lua_gettop(L);
}

/* (adapter): is there a Runner? */
static int l_is_open(lua_State *L) {
  const struct adapter *adapter = lua_touserdata(L, 1);
  lua_pushboolean(L, adapter->runner != NULL);
  return 1;
}

/* (adapter) -> the time.  The stack has room then for the calls that follow, which would
 * collect garbage if it had to grow. */
static int l_read_clock(lua_State *L) {
  luaL_checkstack(L, 3 * LUA_MINSTACK, NULL);
  lua_pushnumber(L, host_now(lua_touserdata(L, 1)));
  return 1;
}

/* (adapter): a request has come.  Where the core is at work outside of passes it is put
 * off. */
static int l_come(lua_State *L) {
  struct adapter *adapter = lua_touserdata(L, 1);
  if (adapter->in_pass) return 0;
  if (adapter->busy > 0)
    adapter->missed = true;
  else
    run_pass(L, adapter);
  return 0;
}

/* (adapter): replaces the functions of Lua's that others have to let waits pass. */
static int l_open_parts(lua_State *L) {
  const struct adapter *adapter = lua_touserdata(L, 1);
  ta_open(adapter->runner, L, TA_OPEN_COROUTINE | TA_OPEN_REQUIRE | TA_OPEN_PCALL);
  return 0;
}

/* (adapter, name, value): of a global */
static int l_replace(lua_State *L) {
  const struct adapter *adapter = lua_touserdata(L, 1);
  lua_pushglobaltable(L);
  lua_insert(L, 3);
  ta_replace(adapter->runner, L, 3, lua_tostring(L, 2));
  return 0;
}

/* Pushes the functions of adapter.lua, which is loaded when the first adapter is made. */
static void push_policy(lua_State *L) {
  static const luaL_Reg primitives[] = {
      {"is_callable", l_is_callable}, {"try", l_try},   {"is_open", l_is_open},
      {"read_clock", l_read_clock},   {"come", l_come}, {"open_parts", l_open_parts},
      {"replace", l_replace},         {NULL, NULL}};
  lua_pushvalue(L, lua_upvalueindex(POLICY));
  if (!lua_isnil(L, -1)) return;
  lua_pop(L, 1);
  lua_pushvalue(L, lua_upvalueindex(BASICS));
  luaL_setfuncs(L, primitives, 0);
  ta_load_chunk(L, ta_chunk_adapter);
  lua_pushvalue(L, -1);
  lua_replace(L, lua_upvalueindex(POLICY));
}

/* ------------------------------------------------------------------ opening */

/* (adapter): makes the Runner, on the main thread. */
static int l_make_runner(lua_State *L) {
  struct adapter *adapter = lua_touserdata(L, 1);
  const struct ta_host host = {.data = adapter, .now = host_now, .call_later = host_call_later};
  adapter->runner = ta_runner_new(L, &host);
  ta_on_failure(adapter->runner, on_failure, adapter);
  ta_before_spawn(adapter->runner, before_spawn, adapter);
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

/* (policy, globals?) -> handle: opens the library in the module's table, and for all. */
static int l_open(lua_State *L) {
  enum { WITH_GLOBALS = 2, HANDLE = 4 };
  struct adapter *adapter = last_adapter(L);
  push_value(L, MODULE);
  ta_open_table(adapter->runner, L);
  set_finalizer(L);
  push_handle(L, adapter);
  lua_getfield(L, 1, "open");
  push_adapter(L);
  push_value(L, MODULE);
  lua_getmetatable(L, HANDLE);
  lua_getfield(L, -1, "__index");
  lua_replace(L, -2);
  lua_pushvalue(L, WITH_GLOBALS);
  lua_call(L, 4, 0);
  return 1;
}

/* Replaces policy and `globals` on top by the handle.  Opens all or nothing. */
static void open_library(lua_State *L, struct adapter *adapter) {
  lua_pushcfunction(L, l_open);
  lua_insert(L, -3);
  if (lua_pcall(L, 2, 1, 0) == LUA_OK) return;
  close_adapter(L, adapter);
  lua_error(L);
}

/* -------------------------------------------------------- adapter() itself */

static void check_callable(lua_State *L, int argument) {
  if (!ta_is_callable(L, argument)) luaL_typeerror(L, argument, "function");
}

/* Arguments of adapter(), and what it has them followed by. */
enum { ARG_CALL_LATER = 1, ARG_NOW, ARG_OPTIONS, THE_POLICY, GLOBALS, TO_ON_ERROR };

static void check_arguments(lua_State *L) {
  lua_settop(L, ARG_OPTIONS);
  check_callable(L, ARG_CALL_LATER);
  if (!lua_isnil(L, ARG_NOW)) check_callable(L, ARG_NOW);
  if (!lua_isnil(L, ARG_OPTIONS)) luaL_checktype(L, ARG_OPTIONS, LUA_TTABLE);
  push_policy(L);
  lua_getfield(L, THE_POLICY, "check_options");
  lua_pushvalue(L, ARG_OPTIONS);
  lua_call(L, 1, 2);
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
                              .has_on_error = !lua_isnil(L, TO_ON_ERROR),
                              .latest = -HUGE_VAL};
  lua_pushvalue(L, ARG_NOW);
  lua_setiuservalue(L, -2, NOW);
  lua_pushvalue(L, TO_ON_ERROR);
  lua_setiuservalue(L, -2, ON_ERROR);
  lua_pushvalue(L, lua_upvalueindex(OWN_TABLE));
  lua_setiuservalue(L, -2, MODULE);
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

/* Has adapter.lua make the function that asks for passes. */
static void make_ask(lua_State *L) {
  push_adapter(L);
  lua_getfield(L, THE_POLICY, "make_ask");
  lua_pushvalue(L, -2);
  lua_pushvalue(L, ARG_CALL_LATER);
  lua_call(L, 2, 1);
  lua_setiuservalue(L, -2, ASK);
  lua_pop(L, 1);
}

/* (call_later, now, options, policy, globals?, on_error) -> handle.  A now() that is no
 * clock is found out here. */
static int l_set_up(lua_State *L) {
  struct adapter *adapter = last_adapter(L);
  luaL_checkstack(L, 3 * LUA_MINSTACK, NULL); /* to close it again too */
  make_ask(L);
  if (adapter->has_now) {
    lua_pushcfunction(L, l_read_now);
    lua_call(L, 0, 1);
    adapter->latest = lua_tonumber(L, -1);
    lua_pop(L, 1);
  }
  make_runner(L, adapter);
  lua_settop(L, GLOBALS);
  open_library(L, adapter);
  return 1;
}

/* adapter(call_later [, now [, options]]) */
static int l_adapter(lua_State *L) {
  check_arguments(L);
  if (!has_closer(L)) luaL_error(L, "adapter: not in a finalizer while the Lua state is closed");
  close_left_over(L);
  struct adapter *adapter = push_new(L);
  take_place(L);
  lua_insert(L, 1);
  lua_pushcfunction(L, l_set_up);
  lua_insert(L, 2);
  bool opened = lua_pcall(L, TO_ON_ERROR, 1, 0) == LUA_OK;
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
  ta_push_basics(L);
  lua_pushnil(L);
  lua_pushcclosure(L, l_adapter, POLICY);
  lua_setfield(L, -2, "adapter");
  return 1;
}
