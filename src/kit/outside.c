/* SPDX-License-Identifier: MIT */
#include "kit/outside.h"

#include <errno.h>
#include <lauxlib.h>
#include <lualib.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/clock.h"
#include "io/io.h"
#include "io/nearest.h"
#include "io/refusal.h"
#include "io/room.h"
#include "io/stream.h"
#include "io/waiting.h"
#include "kit/kit.h"

/* Under this address the registry has the completion that is wanted. */
static const char completion_key;

/* (name of a function, path, what it is): a mistake of the script's, if it is none. */
static int l_check_path(lua_State *L) {
  size_t length;
  const char *name = luaL_checkstring(L, 1), *what = luaL_checkstring(L, 3);
  if (lua_type(L, 2) != LUA_TSTRING)
    return ta_error(L, "%s: expected %s, got %s", name, what, luaL_typename(L, 2));
  const char *path = lua_tolstring(L, 2, &length);
  if (strlen(path) != length) return ta_error(L, "%s: a path has no zero byte", name);
  return 0;
}

static int k_call(lua_State *L, int status, lua_KContext context) {
  (void)status, (void)context;
  return lua_gettop(L);
}

/* (function, ...) -> what it gives: error() as the function itself is called by no line of ours */
int ta_kit_call(lua_State *L) {
  lua_callk(L, lua_gettop(L) - 1, LUA_MULTRET, 0, k_call);
  return k_call(L, LUA_OK, 0);
}

/* (text) -> the number that Lua reads in it, or nil */
static int l_number(lua_State *L) {
  size_t length;
  const char *text = luaL_checklstring(L, 1, &length);
  if (lua_stringtonumber(L, text) == length + 1) return 1;
  lua_pushnil(L);
  return 1;
}

/* (text) -> it in small letters, of ASCII's alone */
static int l_lower(lua_State *L) {
  size_t length;
  const char *text = luaL_checklstring(L, 1, &length);
  luaL_Buffer buffer;
  char *out = luaL_buffinitsize(L, &buffer, length);
  for (size_t i = 0; i < length; i++)
    out[i] = text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] - 'A' + 'a') : text[i];
  luaL_pushresultsize(&buffer, length);
  return 1;
}

/* () -> "2026-11-27T14:01:02Z" */
static int l_stamp(lua_State *L) {
  char text[TA_STAMP_SIZE];
  ta_clock_stamp(text, false);
  lua_pushstring(L, text);
  return 1;
}

/* () -> the script's table arg, or nil */
static int l_arguments(lua_State *L) {
  lua_pushglobaltable(L);
  lua_pushliteral(L, "arg");
  lua_rawget(L, -2);
  if (!lua_istable(L, -1)) lua_pushnil(L);
  return 1;
}

/* (text): onto standard output */
static int l_print(lua_State *L) {
  size_t length;
  const char *text = luaL_checklstring(L, 1, &length);
  fwrite(text, 1, length, stdout); /* who looks after the stream tells of an error */
  return 0;
}

/* (text): onto standard error, as the program's own complaints */
static int l_complain(lua_State *L) {
  size_t length;
  const char *text = luaL_checklstring(L, 1, &length);
  struct ta_io *io = ta_io_of(ta_upvalue_runner(L), L);
  if (io->report) io->report(io->data, text, length);
  return 0;
}

/* (status, true): the script's os.exit, whose place nobody else takes */
static int l_exit(lua_State *L) {
  lua_getfield(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  lua_getfield(L, -1, LUA_OSLIBNAME);
  lua_getfield(L, -1, "exit");
  lua_replace(L, 3);
  lua_settop(L, 3);
  lua_insert(L, 1);
  lua_call(L, 2, 0);
  return 0;
}

/* --------------------------------------------------------------- a file for one run */

static struct ta_stream_object *check_file(lua_State *L) {
  struct ta_stream_object *file = ta_to_stream(ta_upvalue_runner(L), L, 1);
  luaL_argexpected(L, file, 1, "a file");
  return file;
}

/* Has somebody else locked it?  From now on it is ours until it is closed.  Where there are no
 * locks nobody has. */
static bool is_locked(int fd) {
  int result;
  do result = flock(fd, LOCK_EX | LOCK_NB);
  while (result != 0 && errno == EINTR);
  return result != 0 && errno == EWOULDBLOCK;
}

/* (file, path) -> what tells it from all others, and whether it is ours: nobody else has locked it;
 * or nil, message, code */
static int l_lock(lua_State *L) {
  struct stat about;
  int fd = ta_stream_of(check_file(L))->watch.fd;
  const char *path = luaL_checkstring(L, 2);
  if (fstat(fd, &about) != 0) return ta_refuse(L, -errno, "cannot look at %s", path);
  if (!S_ISREG(about.st_mode)) {
    lua_pushfstring(L, "%s is no regular file, which a log of jobs is", path);
    return ta_refuse_in_words(L, lua_tostring(L, -1), "EINVAL");
  }
  lua_pushfstring(L, "%I:%I", (lua_Integer)about.st_dev, (lua_Integer)about.st_ino);
  lua_pushboolean(L, !is_locked(fd));
  return 2;
}

/* (): what the script has forgotten is closed. */
static int l_collect(lua_State *L) {
  lua_gc(L, LUA_GCCOLLECT);
  return 0;
}

/* (file, bytes, path) -> true: of a write that was cut short nothing is left, and others may
 * follow; or nil, message, code */
static int l_truncate(lua_State *L) {
  struct ta_stream *stream = ta_stream_of(check_file(L));
  if (ftruncate(stream->watch.fd, (off_t)luaL_checkinteger(L, 2)) != 0)
    return ta_refuse(L, -errno, "cannot shorten %s", luaL_checkstring(L, 3));
  stream->torn = false;
  lua_pushboolean(L, true);
  return 1;
}

/* (stream, name): who reads it waits in the function of this name */
static int l_read_as(lua_State *L) {
  static const struct ta_wait_kind kinds[] = {TA_READ_WAIT("csv.rows"), TA_READ_WAIT("dotenv")};
  struct ta_stream_object *stream = check_file(L);
  const char *name = luaL_checkstring(L, 2);
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    if (strcmp(kinds[i].action, name) == 0) stream->reads = &kinds[i];
  return 0;
}

/* ------------------------------------------------------------------ completion */

void ta_kit_complete(lua_State *L, struct ta_completion *completion) {
  lua_pushlightuserdata(L, completion);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &completion_key);
}

static struct ta_completion *completion_of(lua_State *L) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &completion_key);
  struct ta_completion *completion = lua_touserdata(L, -1);
  lua_pop(L, 1);
  return completion;
}

/* () -> the shell for which completion is wanted, or nil */
static int l_shell(lua_State *L) {
  const struct ta_completion *completion = completion_of(L);
  lua_pushstring(L, completion ? completion->shell : NULL);
  return 1;
}

/* (text): what was wanted */
static int l_complete(lua_State *L) {
  size_t length;
  const char *text = luaL_checklstring(L, 1, &length);
  struct ta_completion *completion = completion_of(L);
  completion->given = true;
  errno = 0;
  fwrite(text, 1, length, completion->out);
  if (fflush(completion->out) != 0 || ferror(completion->out)) completion->error = errno;
  return 0;
}

const struct ta_function ta_kit_outside[] = {
    {"raise", ta_l_raise},
    {"metatable", ta_l_metatable},
    {"is_callable", ta_l_can_be_called},
    {"check_path", l_check_path},
    {"call", ta_kit_call},
    {"nearest", ta_l_nearest},
    {"hint", ta_l_hint},
    {"check_options", ta_l_check_options},
    {"enter", ta_l_enter},
    {"number", l_number},
    {"lower", l_lower},
    {"getenv", ta_l_getenv},
    {"stamp", l_stamp},
    {"arguments", l_arguments},
    {"print", l_print},
    {"complain", l_complain},
    {"exit", l_exit},
    {"for_closes", ta_l_for_closes},
    {"lock", l_lock},
    {"collect", l_collect},
    {"read_as", l_read_as},
    {"truncate", l_truncate},
    {"shell", l_shell},
    {"complete", l_complete},
    {NULL, NULL},
};
