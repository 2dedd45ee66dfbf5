/* SPDX-License-Identifier: MIT
 *
 * module.c -- require "tinyasync" in plain Lua: a Runner in the program's own loop.
 *
 * adapter(call_later, now, options) makes one, on what the public headers say.  Options,
 * requests and what is opened are Lua: adapter.lua.  Here is what the program and that call,
 * which finalizers there are, and which adapter has the place.  How the core is driven and
 * what its callbacks do is adapter.c's affair.
 *
 * now(), and finalizers wherever memory is asked for, may close the adapter or make another:
 * so whatever may run Lua comes first, and then state is looked at.
 */
#include <errno.h>
#include <lauxlib.h>
#include <lualib.h>

#include "module/adapter.h"

extern const char *const ta_chunk_adapter[];

/* What the program has of it; the adapter is its user value. */
struct handle {
  struct ta_adapter *adapter;
};

/* Upvalues of adapter(). */
enum { OWN_TABLE = 1, BASICS, POLICY };

/* Under its address the registry keeps what closes the last adapter in the end, or false
 * once that was done. */
static const char closer_key;

/* ----------------------------------------------------------------- methods */

static const struct ta_object_kind handle_kind;

static struct ta_adapter *check_self(lua_State *L) {
  return ((const struct handle *)ta_check_object(L, 1, &handle_kind))->adapter;
}

static int l_live(lua_State *L) {
  const struct ta_adapter *adapter = check_self(L);
  lua_pushinteger(L, adapter->runner ? (lua_Integer)ta_live(adapter->runner) : 0);
  return 1;
}

/* Only the first reason counts, and the Runner goes on using it. */
static int l_cancel(lua_State *L) {
  const struct ta_adapter *adapter = check_self(L);
  lua_settop(L, 2);
  if (lua_isnil(L, 2)) {
    lua_pushliteral(L, "the adapter cancelled it");
    lua_replace(L, 2);
  }
  const char *reason = luaL_checkstring(L, 2);
  if (!adapter->runner || ta_push_adapter_value(L, TA_ADAPTER_REASON) != LUA_TNIL) return 0;
  ta_push_adapter(L);
  lua_pushvalue(L, 2);
  lua_setiuservalue(L, -2, TA_ADAPTER_REASON);
  ta_cancel_all(adapter->runner, reason);
  return 0;
}

static int l_close(lua_State *L) {
  int error = ta_close_adapter(L, check_self(L));
  if (error == -ENOMEM) return luaL_error(L, "not enough memory");
  if (error) return luaL_error(L, "the adapter cannot be closed inside a task");
  return 0;
}

/* A finalizer of the handle. */
static int l_lose(lua_State *L) {
  struct ta_adapter *adapter = check_self(L);
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
static void push_handle(lua_State *L, struct ta_adapter *adapter) {
  struct handle *handle =
      ta_push_object(adapter->runner, L, &handle_kind, sizeof(struct handle), 1);
  ta_push_adapter(L);
  lua_setiuservalue(L, -2, 1);
  handle->adapter = adapter;
}

/* -------------------------------------------------------------- finalizers */

/* A finalizer: the state is being closed, perhaps by a task. */
static int l_collect(lua_State *L) {
  ta_close_adapter(L, lua_touserdata(L, 1));
  return 0;
}

/* A finalizer of the closer. */
static int l_close_last(lua_State *L) {
  lua_pushboolean(L, false);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &closer_key);
  struct ta_adapter *last = ta_last_adapter(L);
  if (last) ta_close_adapter(L, last);
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
  ta_push_adapter(L);
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
  const struct ta_adapter *adapter = lua_touserdata(L, 1);
  lua_pushboolean(L, adapter->runner != NULL);
  return 1;
}

/* (adapter) -> the time.  The stack has room then for the calls that follow, which would
 * collect garbage if it had to grow. */
static int l_read_clock(lua_State *L) {
  luaL_checkstack(L, 3 * LUA_MINSTACK, NULL);
  lua_pushnumber(L, ta_adapter_now(lua_touserdata(L, 1)));
  return 1;
}

/* (adapter): a request has come. */
static int l_come(lua_State *L) {
  ta_run_adapter(L, lua_touserdata(L, 1));
  return 0;
}

/* (adapter): replaces the functions of Lua's that others have to let waits pass. */
static int l_open_parts(lua_State *L) {
  const struct ta_adapter *adapter = lua_touserdata(L, 1);
  ta_open(adapter->runner, L, TA_OPEN_COROUTINE | TA_OPEN_REQUIRE | TA_OPEN_PCALL);
  return 0;
}

/* (adapter, name, value): of a global */
static int l_replace(lua_State *L) {
  const struct ta_adapter *adapter = lua_touserdata(L, 1);
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

/* (policy, globals?) -> handle: opens the library in the module's table, and for all. */
static int l_open(lua_State *L) {
  enum { WITH_GLOBALS = 2, HANDLE = 4 };
  struct ta_adapter *adapter = ta_last_adapter(L);
  ta_push_adapter_value(L, TA_ADAPTER_MODULE);
  ta_open_table(adapter->runner, L);
  set_finalizer(L);
  push_handle(L, adapter);
  lua_getfield(L, 1, "open");
  ta_push_adapter(L);
  ta_push_adapter_value(L, TA_ADAPTER_MODULE);
  lua_getmetatable(L, HANDLE);
  lua_getfield(L, -1, "__index");
  lua_replace(L, -2);
  lua_pushvalue(L, WITH_GLOBALS);
  lua_call(L, 4, 0);
  return 1;
}

/* Replaces policy and `globals` on top by the handle.  Opens all or nothing. */
static void open_library(lua_State *L, struct ta_adapter *adapter) {
  lua_pushcfunction(L, l_open);
  lua_insert(L, -3);
  if (lua_pcall(L, 2, 1, 0) == LUA_OK) return;
  ta_close_adapter(L, adapter);
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
static struct ta_adapter *push_new(lua_State *L) {
  struct ta_adapter *adapter = lua_newuserdatauv(L, sizeof *adapter, TA_ADAPTER_USER_VALUES);
  *adapter = (struct ta_adapter){.L = main_thread(L),
                                 .has_now = !lua_isnil(L, ARG_NOW),
                                 .has_on_error = !lua_isnil(L, TO_ON_ERROR),
                                 .latest = -HUGE_VAL};
  lua_pushvalue(L, ARG_NOW);
  lua_setiuservalue(L, -2, TA_ADAPTER_NOW);
  lua_pushvalue(L, TO_ON_ERROR);
  lua_setiuservalue(L, -2, TA_ADAPTER_ON_ERROR);
  lua_pushvalue(L, lua_upvalueindex(OWN_TABLE));
  lua_setiuservalue(L, -2, TA_ADAPTER_MODULE);
  return adapter;
}

/* Was the adapter lost, and does nothing?  A look is taken with a whole collection,
 * since adapter() is about to fail. */
static bool is_left_over(lua_State *L, const struct ta_adapter *adapter) {
  if (adapter->phase != TA_OPENED || ta_live(adapter->runner) > 0) return false;
  if (!adapter->lost) lua_gc(L, LUA_GCCOLLECT);
  return adapter->lost && adapter->phase == TA_OPENED && ta_live(adapter->runner) == 0;
}

/* Closes the last adapter if it was lost. */
static void close_left_over(lua_State *L) {
  struct ta_adapter *last = ta_push_adapter(L);
  if (last && is_left_over(L, last)) ta_close_adapter(L, last);
  lua_pop(L, 1);
}

/* Makes the adapter on top the last one, unless there is one. */
static void take_place(lua_State *L) {
  const struct ta_adapter *last = ta_last_adapter(L);
  if (last && last->phase != TA_CLOSED)
    luaL_error(L, "adapter: there is one already; close it first");
  lua_pushvalue(L, -1);
  ta_set_last_adapter(L);
}

/* Has adapter.lua make the function that asks for passes. */
static void make_ask(lua_State *L) {
  ta_push_adapter(L);
  lua_getfield(L, THE_POLICY, "make_ask");
  lua_pushvalue(L, -2);
  lua_pushvalue(L, ARG_CALL_LATER);
  lua_call(L, 2, 1);
  lua_setiuservalue(L, -2, TA_ADAPTER_ASK);
  lua_pop(L, 1);
}

/* (call_later, now, options, policy, globals?, on_error) -> handle.  A now() that is no
 * clock is found out here. */
static int l_set_up(lua_State *L) {
  struct ta_adapter *adapter = ta_last_adapter(L);
  luaL_checkstack(L, 3 * LUA_MINSTACK, NULL); /* to close it again too */
  make_ask(L);
  if (adapter->has_now) {
    lua_pushcfunction(L, ta_read_now);
    lua_call(L, 0, 1);
    adapter->latest = lua_tonumber(L, -1);
    lua_pop(L, 1);
  }
  ta_make_adapter_runner(L, adapter);
  lua_settop(L, GLOBALS);
  open_library(L, adapter);
  return 1;
}

/* adapter(call_later [, now [, options]]) */
static int l_adapter(lua_State *L) {
  check_arguments(L);
  if (!has_closer(L)) luaL_error(L, "adapter: not in a finalizer while the Lua state is closed");
  close_left_over(L);
  struct ta_adapter *adapter = push_new(L);
  take_place(L);
  lua_insert(L, 1);
  lua_pushcfunction(L, l_set_up);
  lua_insert(L, 2);
  bool opened = lua_pcall(L, TO_ON_ERROR, 1, 0) == LUA_OK;
  adapter->phase = opened ? TA_OPENED : TA_CLOSED;
  return opened ? 1 : lua_error(L);
}

TA_API int luaopen_tinyasync(lua_State *L);

int luaopen_tinyasync(lua_State *L) {
  if (!ta_last_adapter(L)) { /* the place is reserved */
    lua_pushboolean(L, false);
    ta_set_last_adapter(L);
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
