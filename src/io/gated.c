/* SPDX-License-Identifier: MIT */
#include "io/gate.h"

#include <lauxlib.h>
#include <lualib.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "io/io.h"
#include "io/refusal.h"
#include "tinyasync_lib.h"

/* Lua's own functions, with a gate before each.
 *
 * They have no upvalues, and what they go on to lies in no table: no script finds it. */

#define TEMPORARY P_tmpdir /* where tmpfile() and tmpname() make theirs */

/* Under the address of this one in the registry: the gate.  It is there when the Runner is gone,
 * and finalizers still run. */
static const char gate_key;

static const struct ta_gate *gate_of(lua_State *L) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &gate_key);
  const struct ta_gate *gate = lua_touserdata(L, -1);
  lua_pop(L, 1);
  return gate;
}

/* What Lua's own are, which are the same in all states.  The main thread's fills it, before there
 * is another. */
static struct {
  lua_CFunction open, lines, input, output, tmpfile, popen;
  lua_CFunction execute, remove, rename, tmpname;
  lua_CFunction load, loadfile, getinfo;
} own;

/* As Lua's own functions fail; or 0. */
static int fail(lua_State *L, enum ta_verdict verdict, const char *what) {
  if (!verdict) return 0;
  lua_pushnil(L);
  ta_push_verdict(L, verdict, NULL, what);
  lua_pushinteger(L, EACCES);
  return 3;
}

/* As those fail that look for chunks. */
static int fail_to_find(lua_State *L, enum ta_verdict verdict, const char *path) {
  fail(L, verdict, path);
  lua_pop(L, 1);
  return 2;
}

static int complain(lua_State *L, enum ta_verdict verdict, const char *what) {
  if (!verdict) return 0;
  luaL_where(L, 1);
  ta_push_verdict(L, verdict, NULL, what);
  lua_concat(L, 2);
  return lua_error(L);
}

static enum ta_verdict ask(lua_State *L, unsigned needs, const char *path) {
  return ta_gate_path(gate_of(L), needs, path);
}

/* --------------------------------------------------------------------- io */

/* What is no mode at all is Lua's to complain of. */
static unsigned needs_of(const char *mode) {
  bool both = strchr(mode, '+');
  if (both) return TA_PATH_READ | TA_PATH_WRITE;
  return mode[0] == 'r' ? TA_PATH_READ : TA_PATH_WRITE;
}

static int l_open(lua_State *L) {
  const char *path = luaL_checkstring(L, 1), *mode = luaL_optstring(L, 2, "r");
  int refused = fail(L, ask(L, needs_of(mode), path), path);
  return refused ? refused : own.open(L);
}

static int l_lines(lua_State *L) {
  const char *path = lua_isnoneornil(L, 1) ? NULL : luaL_checkstring(L, 1);
  if (path) complain(L, ask(L, TA_PATH_READ, path), path);
  return own.lines(L);
}

static int l_input(lua_State *L) {
  const char *path = lua_tostring(L, 1);
  if (path) complain(L, ask(L, TA_PATH_READ, path), path);
  return own.input(L);
}

static int l_output(lua_State *L) {
  const char *path = lua_tostring(L, 1);
  if (path) complain(L, ask(L, TA_PATH_WRITE, path), path);
  return own.output(L);
}

static int l_tmpfile(lua_State *L) {
  int refused = fail(L, ask(L, TA_PATH_READ | TA_PATH_WRITE, TEMPORARY), TEMPORARY);
  return refused ? refused : own.tmpfile(L);
}

/* --------------------------------------------------------------------- os */

/* These two are reached when the Runner has gone: before, its own are in their place. */
static int l_popen(lua_State *L) {
  int refused = fail(L, ta_gate_run(gate_of(L), "/bin/sh", NULL, NULL), "sh");
  return refused ? refused : own.popen(L);
}

static int l_execute(lua_State *L) {
  int refused = fail(L, ta_gate_run(gate_of(L), "/bin/sh", NULL, NULL), "sh");
  return refused ? refused : own.execute(L);
}

static int l_remove(lua_State *L) {
  const char *path = luaL_checkstring(L, 1);
  int refused = fail(L, ask(L, TA_PATH_WRITE | TA_PATH_ITSELF, path), path);
  return refused ? refused : own.remove(L);
}

static int l_rename(lua_State *L) {
  const char *from = luaL_checkstring(L, 1), *to = luaL_checkstring(L, 2);
  int refused = fail(L, ta_gate_move(gate_of(L), from, to), from);
  if (!refused) refused = fail(L, ask(L, TA_PATH_WRITE | TA_PATH_ITSELF, to), to);
  return refused ? refused : own.rename(L);
}

static int l_tmpname(lua_State *L) {
  complain(L, ask(L, TA_PATH_WRITE, TEMPORARY), TEMPORARY);
  return own.tmpname(L);
}

/* ------------------------------------------------------------------- chunks */

/* Text only: precompiled code can do what no Lua can, and get past any gate. */
static void set_mode(lua_State *L, int index) {
  const char *mode = luaL_optstring(L, index, "bt");
  bool text = strchr(mode, 't');
  if (lua_gettop(L) < index) lua_settop(L, index);
  lua_pushstring(L, text ? "t" : "");
  lua_replace(L, index);
}

static int l_load(lua_State *L) {
  set_mode(L, 3);
  return own.load(L);
}

static int l_loadfile(lua_State *L) {
  const char *path = luaL_optstring(L, 1, NULL);
  enum ta_verdict verdict = path ? ask(L, TA_PATH_READ, path) : TA_ALLOWED;
  if (verdict) return fail_to_find(L, verdict, path);
  set_mode(L, 2);
  return own.loadfile(L);
}

static int k_dofile(lua_State *L, int status, lua_KContext context) {
  (void)status, (void)context;
  return lua_gettop(L) - 1;
}

static int l_dofile(lua_State *L) {
  const char *path = luaL_optstring(L, 1, NULL);
  if (path) complain(L, ask(L, TA_PATH_READ, path), path);
  lua_settop(L, 1);
  if (luaL_loadfilex(L, path, "t") != LUA_OK) return lua_error(L);
  lua_callk(L, 0, LUA_MULTRET, 0, k_dofile);
  return k_dofile(L, LUA_OK, 0);
}

/* ------------------------------------------------------------------- modules */

/* The path is on top: may it be read, and can it?  If not, it is replaced by why.  What may not be
 * read is not looked for. */
static bool is_found(lua_State *L) {
  const char *path = lua_tostring(L, -1);
  enum ta_verdict verdict = *path ? ta_gate_module(gate_of(L), path) : TA_ALLOWED;
  if (!verdict && access(path, R_OK) == 0) return true;
  if (verdict)
    ta_push_verdict(L, verdict, NULL, path);
  else
    lua_pushfstring(L, "no file '%s'", path);
  lua_remove(L, -2);
  return false;
}

enum { MODULE = 1, TEMPLATES, SEPARATOR, INSTEAD };

/* Pushes what the template, of `length` bytes, makes of the module's name. */
static void push_candidate(lua_State *L, const char *template, size_t length) {
  lua_pushlstring(L, template, length);
  luaL_gsub(L, lua_tostring(L, -1), LUA_PATH_MARK, lua_tostring(L, MODULE));
  lua_remove(L, -2);
}

/* (name, path, separator, what stands for it in names of files): as Lua's own. */
static int l_searchpath(lua_State *L) {
  const char *name = luaL_checkstring(L, MODULE), *at = luaL_checkstring(L, TEMPLATES);
  const char *separator = luaL_optstring(L, SEPARATOR, ".");
  const char *instead = luaL_optstring(L, INSTEAD, LUA_DIRSEP);
  lua_settop(L, INSTEAD);
  if (*separator) luaL_gsub(L, name, separator, instead), lua_replace(L, MODULE);
  lua_pushnil(L);
  lua_pushliteral(L, "");
  for (size_t length;; at += length + 1) {
    length = strcspn(at, LUA_PATH_SEP);
    push_candidate(L, at, length);
    if (is_found(L)) return 1;
    lua_concat(L, 2);
    if (!at[length]) return 2;
    lua_pushliteral(L, "\n\t");
    lua_concat(L, 2);
  }
}

/* Pushes the field, which is to be a text, of the table package. */
static const char *push_package_field(lua_State *L, const char *name) {
  lua_getfield(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  lua_getfield(L, -1, LUA_LOADLIBNAME);
  lua_getfield(L, -1, name);
  const char *text = lua_tostring(L, -1);
  if (!text) luaL_error(L, "'package.%s' must be a string", name);
  return text;
}

/* As Lua's own looks for modules of Lua. */
static int l_search(lua_State *L) {
  const char *name = luaL_checkstring(L, 1);
  lua_pushcfunction(L, l_searchpath);
  lua_pushvalue(L, 1);
  push_package_field(L, "path");
  lua_insert(L, -3);
  lua_pop(L, 2);
  lua_call(L, 2, 2);
  const char *path = lua_tostring(L, -2);
  if (!path) return 1; /* why */
  if (luaL_loadfilex(L, path, "t") != LUA_OK)
    return luaL_error(L, "error loading module '%s' from file '%s':\n\t%s", name, path,
                      lua_tostring(L, -1));
  lua_pushstring(L, path);
  return 2;
}

/* What is closed with commands: code in C does what no gate sees. */
#define NO_C "not allowed to load modules of C (--allow-run without names would allow it)"

static int l_loadlib(lua_State *L) {
  lua_pushnil(L);
  lua_pushliteral(L, NO_C);
  lua_pushliteral(L, "open");
  return 3;
}

static int l_search_c(lua_State *L) {
  lua_pushliteral(L, NO_C);
  return 1;
}

/* package is on top. */
static void close_modules(lua_State *L, bool closes_c) {
  lua_getfield(L, -1, "searchers");
  lua_pushcfunction(L, l_search);
  lua_rawseti(L, -2, 2);
  for (lua_Integer i = 3; i <= 4 && closes_c; i++) {
    lua_pushcfunction(L, l_search_c);
    lua_rawseti(L, -2, i);
  }
  lua_pop(L, 1);
  if (!closes_c) return;
  lua_pushcfunction(L, l_loadlib);
  lua_setfield(L, -2, "loadlib");
}

/* --------------------------------------------------------------------- debug */

/* They reach into functions of C, which rely on what they find there. */
static const char *const closed[] = {"getlocal",  "getregistry",  "getupvalue",     "getuservalue",
                                     "setlocal",  "setmetatable", "setupvalue",     "setuservalue",
                                     "upvalueid", "upvaluejoin",  "setcstacklimit", "debug",
                                     NULL};

static int l_closed(lua_State *L) {
  return luaL_error(L, "debug.%s: not allowed where there is any --allow- option",
                    lua_tostring(L, lua_upvalueindex(1)));
}

/* A hook sees functions of C that are for nobody: what runs is told of, and not given. */
static int l_getinfo(lua_State *L) {
  bool is_given = lua_isfunction(L, 1) || lua_isfunction(L, 2);
  int count = own.getinfo(L);
  if (is_given || !lua_istable(L, -1)) return count;
  lua_pushnil(L);
  lua_setfield(L, -2, "func");
  return count;
}

static void close_debug(lua_State *L) {
  lua_getglobal(L, LUA_DBLIBNAME);
  for (int i = 0; closed[i]; i++) {
    lua_pushstring(L, closed[i]);
    lua_pushcclosure(L, l_closed, 1);
    lua_setfield(L, -2, closed[i]);
  }
  /* What is in a metatable says what an object is: it is hidden from this one too. */
  lua_getglobal(L, "getmetatable");
  lua_setfield(L, -2, "getmetatable");
  lua_pop(L, 1);
}

/* ------------------------------------------------------------------- opening */

static const struct {
  const char *library, *name;
  lua_CFunction function;
  lua_CFunction *original; /* NULL: it does without */
} replaced[] = {{LUA_IOLIBNAME, "open", l_open, &own.open},
                {LUA_IOLIBNAME, "lines", l_lines, &own.lines},
                {LUA_IOLIBNAME, "input", l_input, &own.input},
                {LUA_IOLIBNAME, "output", l_output, &own.output},
                {LUA_IOLIBNAME, "tmpfile", l_tmpfile, &own.tmpfile},
                {LUA_IOLIBNAME, "popen", l_popen, &own.popen},
                {LUA_OSLIBNAME, "execute", l_execute, &own.execute},
                {LUA_OSLIBNAME, "remove", l_remove, &own.remove},
                {LUA_OSLIBNAME, "rename", l_rename, &own.rename},
                {LUA_OSLIBNAME, "tmpname", l_tmpname, &own.tmpname},
                {LUA_GNAME, "load", l_load, &own.load},
                {LUA_GNAME, "loadfile", l_loadfile, &own.loadfile},
                {LUA_GNAME, "dofile", l_dofile, NULL},
                {LUA_DBLIBNAME, "getinfo", l_getinfo, &own.getinfo},
                {LUA_LOADLIBNAME, "searchpath", l_searchpath, NULL}};

static void replace_all(lua_State *L, bool notes) {
  for (size_t i = 0; i < sizeof replaced / sizeof *replaced; i++) {
    lua_getglobal(L, replaced[i].library);
    lua_getfield(L, -1, replaced[i].name);
    if (notes && replaced[i].original) *replaced[i].original = lua_tocfunction(L, -1);
    lua_pushcfunction(L, replaced[i].function);
    lua_setfield(L, -3, replaced[i].name);
    lua_pop(L, 2);
  }
}

void ta_gate_open(struct ta_io *io, lua_State *L) {
  if (!io->gate || !io->gate->closed) return;
  union {
    const struct ta_gate *gate;
    void *kept; /* nobody changes it */
  } gate = {io->gate};
  lua_pushlightuserdata(L, gate.kept);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &gate_key);
  replace_all(L, !io->is_guest);
  lua_getglobal(L, LUA_LOADLIBNAME);
  close_modules(L, ta_gate_closes(io->gate, TA_GATE_RUN));
  lua_pop(L, 1);
  close_debug(L);
}
