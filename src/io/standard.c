/* SPDX-License-Identifier: MIT */
#include "io/standard.h"

#include <errno.h>
#include <lauxlib.h>
#include <lualib.h>
#include <stdio.h>
#include <unistd.h>

#include "io/popen.h"
#include "io/command.h"
#include "io/reading.h"
#include "io/refusal.h"
#include "io/stdin.h"
#include "io/stream.h"

extern const char *const ta_chunk_standard[];

/* Where Lua's io keeps its default files. */
#define DEFAULT_INPUT "_IO_input"
#define DEFAULT_OUTPUT "_IO_output"

#define MOST_FORMATS 250 /* of lines(), as in Lua */

/* Upvalues of what replaces a function, after the Runner: that. */
enum { ORIGINAL = 2 };

/* Of what lines() gives, after the Runner. */
enum { LINES_FILE = 2, LINES_COUNT, LINES_FIRST };

/* -------------------------------------------------------------- whose is it? */

/* Lua's own does the same: standard input stays open. */
static int l_keep_open(lua_State *L) {
  luaL_Stream *file = lua_touserdata(L, 1);
  file->closef = l_keep_open;
  luaL_pushfail(L);
  lua_pushliteral(L, "cannot close standard file");
  return 2;
}

/* What closes the file at `index` for Lua, by which ours are known; NULL of none. */
static lua_CFunction closer_of(lua_State *L, int index) {
  if (lua_type(L, index) != LUA_TUSERDATA || lua_rawlen(L, index) < sizeof(luaL_Stream))
    return NULL;
  return ((const luaL_Stream *)lua_touserdata(L, index))->closef;
}

static bool is_stdin(lua_State *L, int index) {
  return closer_of(L, index) == l_keep_open;
}

static bool is_popen(lua_State *L, int index) {
  return closer_of(L, index) == ta_l_forget_popen;
}

static bool is_writer(lua_State *L, int index) {
  return is_popen(L, index) && ta_popen_writes(L, index);
}

/* In a function that replaces one of Lua's: what that does.  It has no upvalues. */
static int go_on_as_lua(lua_State *L) {
  return lua_tocfunction(L, lua_upvalueindex(ORIGINAL))(L);
}

static bool can_wait(lua_State *L) {
  return ta_io_lets_wait(ta_upvalue_runner(L), L);
}

/* Puts the default file in front of the arguments. */
static void insert_default(lua_State *L, const char *key) {
  lua_getfield(L, LUA_REGISTRYINDEX, key);
  lua_insert(L, 1);
}

/* -------------------------------------------------------------------- reading */

/* Pushes the stream from which the file at `index` reads.  False: it is not one of ours. */
static bool push_source(lua_State *L, int index) {
  if (is_popen(L, index) && !ta_popen_writes(L, index)) {
    ta_push_popen_stream(L, index);
    return true;
  }
  if (!is_stdin(L, index)) return false;
  return ta_push_stdin(ta_io_of(ta_upvalue_runner(L), L), L) == 0;
}

static int l_io_read(lua_State *L) {
  lua_getfield(L, LUA_REGISTRYINDEX, DEFAULT_INPUT);
  if (!push_source(L, -1)) {
    lua_pop(L, 1);
    return go_on_as_lua(L);
  }
  lua_rotate(L, 1, 2); /* file, stream, formats */
  lua_pushvalue(L, 2);
  lua_remove(L, 2);
  return ta_read_as_file(L, TA_IO_READ);
}

static int l_file_read(lua_State *L) {
  return push_source(L, 1) ? ta_read_as_file(L, TA_FILE_READ) : go_on_as_lua(L);
}

/* What lines() gives to the loop. */
static int l_next(lua_State *L) {
  int count = (int)lua_tointeger(L, lua_upvalueindex(LINES_COUNT));
  if (!closer_of(L, lua_upvalueindex(LINES_FILE))) return luaL_error(L, "file is already closed");
  lua_settop(L, 0);
  luaL_checkstack(L, count + LUA_MINSTACK, "too many arguments");
  lua_pushvalue(L, lua_upvalueindex(LINES_FILE));
  for (int i = 0; i < count; i++) lua_pushvalue(L, lua_upvalueindex(LINES_FIRST + i));
  if (push_source(L, 1)) return ta_read_as_file(L, TA_FILE_NEXT);
  return 0;
}

/* The file and its formats are on the stack. */
static int push_iterator(lua_State *L) {
  int count = lua_gettop(L) - 1;
  luaL_argcheck(L, count <= MOST_FORMATS, MOST_FORMATS + 2, "too many arguments");
  lua_pushinteger(L, count);
  lua_insert(L, 2);
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_insert(L, 1); /* Runner, file, count, formats */
  lua_pushcclosure(L, l_next, LINES_FIRST - 1 + count);
  return 1;
}

static bool is_source(lua_State *L, int index) {
  return is_stdin(L, index) || (is_popen(L, index) && !ta_popen_writes(L, index));
}

static int l_file_lines(lua_State *L) {
  return is_source(L, 1) ? push_iterator(L) : go_on_as_lua(L);
}

/* Pushes the default file under that name if it is one of ours. */
static bool push_default_if(lua_State *L, const char *name,
                            bool (*is_ours)(lua_State *L, int index)) {
  lua_getfield(L, LUA_REGISTRYINDEX, name);
  if (is_ours(L, -1)) return true;
  lua_pop(L, 1);
  return false;
}

/* Without a name it is those of the default input. */
static int l_io_lines(lua_State *L) {
  if (!lua_isnoneornil(L, 1)) return go_on_as_lua(L);
  if (!push_default_if(L, DEFAULT_INPUT, is_source)) return go_on_as_lua(L);
  if (lua_gettop(L) > 1) lua_replace(L, 1);
  return push_iterator(L);
}

/* -------------------------------------------------------------------- writing */

static int l_io_write(lua_State *L) {
  if (!can_wait(L)) return go_on_as_lua(L);
  if (!push_default_if(L, DEFAULT_OUTPUT, is_writer)) return go_on_as_lua(L);
  lua_insert(L, 1);
  return ta_popen_write(L, 1);
}

static int l_file_write(lua_State *L) {
  return is_writer(L, 1) && can_wait(L) ? ta_popen_write(L, 0) : go_on_as_lua(L);
}

static int give_back(lua_State *L) {
  ta_stdin_give_back(ta_io_of(ta_upvalue_runner(L), L));
  lua_pushboolean(L, true);
  return 1;
}

static int l_file_flush(lua_State *L) {
  if (is_stdin(L, 1)) return give_back(L);
  return is_writer(L, 1) && can_wait(L) ? ta_popen_flush(L) : go_on_as_lua(L);
}

static int l_io_flush(lua_State *L) {
  int top = lua_gettop(L);
  insert_default(L, DEFAULT_OUTPUT);
  if (is_writer(L, 1) && can_wait(L)) return ta_popen_flush(L);
  lua_remove(L, 1);
  lua_settop(L, top);
  return go_on_as_lua(L);
}

/* The checks are Lua's, and in its order. */
static int l_setvbuf(lua_State *L) {
  static const char *const names[] = {"no", "full", "line", NULL};
  static const int modes[] = {_IONBF, _IOFBF, _IOLBF};
  if (!is_stdin(L, 1) && !is_popen(L, 1)) return go_on_as_lua(L);
  int mode = modes[luaL_checkoption(L, 2, NULL, names)];
  luaL_optinteger(L, 3, LUAL_BUFFERSIZE);
  if (is_popen(L, 1)) return ta_popen_set_buffer(L, mode);
  if (!push_source(L, 1)) return go_on_as_lua(L);
  ta_set_unbuffered(ta_to_stream(ta_upvalue_runner(L), L, -1), mode == _IONBF);
  lua_pushboolean(L, true);
  return 1;
}

/* -------------------------------------------------------------------- closing */

static int l_file_close(lua_State *L) {
  return is_popen(L, 1) ? ta_popen_close(L) : go_on_as_lua(L);
}

static int l_io_close(lua_State *L) {
  if (lua_isnone(L, 1)) lua_getfield(L, LUA_REGISTRYINDEX, DEFAULT_OUTPUT);
  return is_popen(L, 1) ? ta_popen_close(L) : go_on_as_lua(L);
}

/* -------------------------------------------------------------------- commands */

static int k_executed(lua_State *L, int status, lua_KContext context) {
  (void)status, (void)context;
  return lua_gettop(L);
}

/* The command is all that lies on the stack. */
static void push_function(lua_State *L, const char *name) {
  ta_push_chunk(ta_upvalue_runner(L), L, ta_chunk_standard);
  lua_getfield(L, -1, name);
  lua_insert(L, 1);
  lua_settop(L, 2);
  lua_pushstring(L, lua_tostring(L, 2)); /* up to its first zero byte */
  lua_replace(L, 2);
}

static int execute_here(lua_State *L) {
  push_function(L, "begin");
  lua_call(L, 1, LUA_MULTRET);
  if (lua_isnil(L, 1)) return lua_gettop(L);
  void *command = ta_object_at(L, 2);
  ta_await_command_here(command);
  return ta_push_command_end(L, command);
}

/* Without a command: is there a shell? */
static int l_execute(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  if (!luaL_optstring(L, 1, NULL)) {
    lua_pushboolean(L, access("/bin/sh", X_OK) == 0);
    return 1;
  }
  lua_settop(L, 1);
  if (!ta_io_lets_wait(runner, L)) return execute_here(L);
  ta_enter(runner, L);
  push_function(L, "execute");
  lua_callk(L, 1, LUA_MULTRET, 0, k_executed);
  return k_executed(L, LUA_OK, 0);
}

/* (code [, what]) -> nil, message, number */
static int l_failure(lua_State *L) {
  return ta_fail_as_file(L, luaL_checkstring(L, 1), luaL_optstring(L, 2, NULL));
}

/* --------------------------------------------------------------------- opening */

static const struct ta_function of_io[] = {
    {"read", l_io_read},   {"lines", l_io_lines}, {"write", l_io_write}, {"flush", l_io_flush},
    {"close", l_io_close}, {"popen", ta_l_popen}, {NULL, NULL}};

static const struct ta_function of_files[] = {{"read", l_file_read},
                                              {"lines", l_file_lines},
                                              {"write", l_file_write},
                                              {"flush", l_file_flush},
                                              {"close", l_file_close},
                                              {"setvbuf", l_setvbuf},
                                              {NULL, NULL}};

static const struct ta_function of_metatable[] = {{"__close", l_file_close}, {NULL, NULL}};

static const struct ta_function of_os[] = {{"execute", l_execute}, {NULL, NULL}};

/* Is the value on top a C function without upvalues, as all that can be replaced? */
static bool is_plain(lua_State *L) {
  if (!lua_iscfunction(L, -1)) return false;
  if (!lua_getupvalue(L, -1, 1)) return true;
  lua_pop(L, 1);
  return false;
}

static void replace(struct ta_io *io, lua_State *L, const struct ta_function *function) {
  lua_getfield(L, -1, function->name);
  if (is_plain(L)) {
    ta_push_function(io->runner, L, function->function);
    lua_getupvalue(L, -1, 1);
    lua_pushvalue(L, -3);
    lua_pushcclosure(L, function->function, ORIGINAL);
    ta_lets_wait(io->runner, L, function->function);
    lua_replace(L, -3);
    lua_pop(L, 1);
    ta_replace(io->runner, L, -2, function->name);
  } else {
    lua_pop(L, 1);
  }
}

/* In the table on top, which is popped. */
static void replace_all(struct ta_io *io, lua_State *L, const struct ta_function *functions) {
  if (lua_istable(L, -1))
    for (; functions->name; functions++) replace(io, L, functions);
  lua_pop(L, 1);
}

/* Is io as it came, with its default input where that is looked for? */
static bool has_standard_io(lua_State *L) {
  lua_getglobal(L, LUA_IOLIBNAME);
  if (!lua_istable(L, -1)) return false;
  lua_getfield(L, -1, "stdin");
  lua_getfield(L, LUA_REGISTRYINDEX, DEFAULT_INPUT);
  bool same = luaL_testudata(L, -1, LUA_FILEHANDLE) && lua_rawequal(L, -1, -2);
  lua_replace(L, -3);
  lua_pop(L, 1);
  return same;
}

static void open_io(struct ta_io *io, lua_State *L) {
  luaL_Stream *input = lua_touserdata(L, -1);
  input->closef = l_keep_open;
  if (io->input.file) input->f = io->input.file;
  luaL_getmetatable(L, LUA_FILEHANDLE);
  lua_pushvalue(L, -1);
  replace_all(io, L, of_metatable);
  lua_getfield(L, -1, "__index");
  replace_all(io, L, of_files);
  lua_pop(L, 1);
  lua_getglobal(L, LUA_IOLIBNAME);
  replace_all(io, L, of_io);
}

void ta_standard_open(struct ta_io *io, lua_State *L) {
  int top = lua_gettop(L);
  luaL_checkstack(L, LUA_MINSTACK, NULL);
  ta_push_environment(io->runner, L);
  ta_push_function(io->runner, L, l_failure);
  lua_setfield(L, -2, "standard_failure");
  ta_stdin_open(io);
  if (has_standard_io(L)) open_io(io, L);
  lua_getglobal(L, LUA_OSLIBNAME);
  replace_all(io, L, of_os);
  lua_settop(L, top);
}
