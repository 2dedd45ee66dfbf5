/* SPDX-License-Identifier: MIT */
#include "io/popen.h"

#include <errno.h>
#include <lauxlib.h>
#include <lualib.h>
#include <string.h>

#include "io/command.h"
#include "io/refusal.h"
#include "io/stream.h"
#include "io/writing.h"

extern const char *const ta_chunk_standard[];

#define BUFFER 4096 /* bytes */

/* User values. */
enum { STREAM_VALUE = 1, CHILD_VALUE, USER_VALUES = CHILD_VALUE };

struct popen_file {
  luaL_Stream lua; /* the first: what all of Lua knows it by */
  struct ta_io *io;
  struct ta_stream_object *stream;
  void *command;
  struct ta_cfile cfile;
  struct ta_attachment opener; /* hangs on the task that has opened it */
  int mode;                    /* of its buffer, as of setvbuf() */
  bool writes;
  bool drops;     /* what is flushed has gone another way */
  bool abandoned; /* nobody wants its command's end */
  char buffer[];  /* of what is written */
};

static struct popen_file *file_at(lua_State *L, int index) {
  return lua_touserdata(L, index);
}

bool ta_popen_writes(lua_State *L, int index) {
  return file_at(L, index)->writes;
}

void ta_push_popen_stream(lua_State *L, int index) {
  lua_getiuservalue(L, index, STREAM_VALUE);
}

/* Pushes a function of standard.lua.  [-0, +1, e] */
static void push_function(lua_State *L, const char *name) {
  ta_push_chunk(ta_upvalue_runner(L), L, ta_chunk_standard);
  lua_getfield(L, -1, name);
  lua_remove(L, -2);
}

/* ------------------------------------------------------------------- its FILE */

static ssize_t fail(ssize_t error) {
  errno = (int)-error;
  return -1;
}

static ssize_t read_pipe(void *data, char *bytes, size_t size) {
  const struct popen_file *file = data;
  ssize_t count = ta_read_stream_here(file->stream, bytes, size);
  return count < 0 ? fail(count) : count;
}

static ssize_t write_pipe(void *data, const char *bytes, size_t size) {
  const struct popen_file *file = data;
  int error = file->drops ? 0 : ta_write_stream_here(file->stream, bytes, size);
  return error ? fail(error) : (ssize_t)size;
}

static off_t seek_pipe(void *data, off_t offset, int whence) {
  (void)data, (void)offset, (void)whence;
  return (off_t)fail(-ESPIPE);
}

static const struct ta_cfile_kind reads = {.read = read_pipe, .seek = seek_pipe};
static const struct ta_cfile_kind writes = {.write = write_pipe, .seek = seek_pipe};

/* Leaves what lies in the buffer to whoever has copied it. */
static void drop_pending(struct popen_file *file) {
  file->drops = true;
  fflush(file->lua.f);
  file->drops = false;
}

/* Pushes what lies in the buffer, or nil; it lies there still.  [-0, +1, m] */
static void push_pending(lua_State *L, struct popen_file *file) {
  size_t size = file->writes ? ta_cfile_pending(file->lua.f) : 0;
  if (size)
    lua_pushlstring(L, file->buffer, size);
  else
    lua_pushnil(L);
}

/* -------------------------------------------------------------------- opening */

/* Who opened it was cancelled, and has ended: its command is not wanted any more. */
static void opener_ended(struct ta_runner *runner, struct ta_task *task,
                         struct ta_attachment *attachment) {
  size_t offset = offsetof(struct popen_file, opener);
  struct popen_file *file = (struct popen_file *)(void *)((char *)attachment - offset);
  (void)runner;
  if (!ta_ended_cancelled(task)) return;
  file->abandoned = true;
  ta_stop_command(file->command);
}

static const struct ta_attachment_kind opener_kind = {.on_end = opener_ended};

/* The stack: the file, which is none yet, child, stream, command. */
enum { FILE_AT = 1, CHILD_AT, STREAM_AT, COMMAND_AT };

/* Makes a file of it, after the command, so that its finalizer comes first. */
static int make_file(lua_State *L, struct popen_file *file, struct ta_io *io) {
  int fd = ta_stream_of(file->stream)->watch.fd;
  file->cfile = (struct ta_cfile){.kind = file->writes ? &writes : &reads, .data = file};
  file->lua.f = ta_cfile_open(&file->cfile, fd, file->writes ? file->buffer : NULL, BUFFER);
  if (!file->lua.f) return luaL_error(L, "not enough memory");
  file->io = io;
  file->lua.closef = ta_l_forget_popen;
  lua_settop(L, FILE_AT);
  luaL_setmetatable(L, LUA_FILEHANDLE);
  if (ta_io_lets_wait(io->runner, L)) ta_attach(io->runner, &file->opener, &opener_kind);
  return 1;
}

/* One that is none yet for Lua.  [-0, +1, m] */
static struct popen_file *push_file(lua_State *L, bool for_writing) {
  size_t size = sizeof(struct popen_file) + (for_writing ? BUFFER : 0);
  struct popen_file *file = lua_newuserdatauv(L, size, USER_VALUES);
  memset(file, 0, size);
  file->writes = for_writing;
  file->mode = _IOFBF;
  return file;
}

int ta_l_popen(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  struct ta_io *io = ta_io_of(runner, L);
  const char *command = luaL_checkstring(L, 1), *mode = luaL_optstring(L, 2, "r");
  bool valid = (mode[0] == 'r' || mode[0] == 'w') && mode[1] == '\0';
  luaL_argcheck(L, valid, 2, "invalid mode");
  if (ta_io_lets_wait(runner, L)) ta_enter(runner, L);
  lua_settop(L, 1);
  lua_pushstring(L, command); /* up to its first zero byte */
  lua_replace(L, 1);
  struct popen_file *file = push_file(L, *mode == 'w');
  lua_insert(L, FILE_AT);
  push_function(L, "popen");
  lua_insert(L, CHILD_AT);
  lua_pushboolean(L, file->writes);
  lua_call(L, 2, 3);
  if (lua_isnil(L, CHILD_AT)) return 3;
  file->command = ta_object_at(L, COMMAND_AT);
  file->stream = ta_to_stream(runner, L, STREAM_AT);
  lua_pushvalue(L, CHILD_AT);
  lua_setiuservalue(L, FILE_AT, CHILD_VALUE);
  lua_pushvalue(L, STREAM_AT);
  lua_setiuservalue(L, FILE_AT, STREAM_VALUE);
  return make_file(L, file, io);
}

/* -------------------------------------------------------------------- writing */

static int k_written(lua_State *L, int status, lua_KContext flushes) {
  (void)status;
  if (!lua_isuserdata(L, 2)) return ta_fail_as_file(L, lua_tostring(L, 4), NULL);
  flushes ? lua_pushboolean(L, true) : lua_pushvalue(L, FILE_AT);
  return 1;
}

/* Writes the buffer, and the values from index 2 on, to the stream: after what others write. */
static int write_through(lua_State *L, struct popen_file *file, lua_KContext flushes) {
  luaL_checkstack(L, LUA_MINSTACK, "too many arguments");
  int top = lua_gettop(L);
  ta_push_function(ta_upvalue_runner(L), L, ta_l_stream_write);
  ta_push_popen_stream(L, FILE_AT);
  push_pending(L, file);
  drop_pending(file);
  if (lua_isnil(L, -1)) lua_pop(L, 1);
  lua_rotate(L, 2, lua_gettop(L) - top);
  lua_callk(L, lua_gettop(L) - 2, LUA_MULTRET, flushes, k_written);
  return k_written(L, LUA_OK, flushes);
}

/* Writes the texts from index 2 to below `end` into the buffer. */
static void put_texts(lua_State *L, const struct popen_file *file, int end) {
  for (int i = 2; i < end; i++) {
    size_t length;
    const char *text = lua_tolstring(L, i, &length);
    ta_cfile_write(file->lua.f, text, length);
  }
}

/* Where one of the values is none that can be written: those before it are, as in Lua. */
static int refuse_value(lua_State *L, const struct popen_file *file, int index, int shift) {
  put_texts(L, file, index);
  for (int i = shift; i > 0; i--) lua_remove(L, 1);
  luaL_checklstring(L, index - shift, NULL);
  return 0;
}

/* Makes strings of all.  The index of the first value that cannot be one, or 0. */
static int make_texts(lua_State *L) {
  int last = lua_gettop(L);
  for (int i = 2; i <= last; i++) {
    ta_make_text(L, i);
    if (!lua_isstring(L, i)) return i;
  }
  return 0;
}

/* Does all of it fit into the buffer, and has it time? */
static bool is_to_stay(lua_State *L, const struct popen_file *file) {
  size_t length, room = BUFFER - ta_cfile_pending(file->lua.f);
  if (file->mode == _IONBF || ta_is_written(file->stream)) return false;
  for (int i = 2; i <= lua_gettop(L); i++) {
    const char *text = lua_tolstring(L, i, &length);
    if (length >= room) return false;
    if (file->mode == _IOLBF && memchr(text, '\n', length)) return false;
    room -= length;
  }
  return true;
}

int ta_popen_write(lua_State *L, int shift) {
  struct popen_file *file = file_at(L, FILE_AT);
  int fault = make_texts(L);
  if (fault) return refuse_value(L, file, fault, shift);
  ta_enter(ta_upvalue_runner(L), L);
  if (!is_to_stay(L, file)) return write_through(L, file, false);
  put_texts(L, file, lua_gettop(L) + 1);
  lua_settop(L, FILE_AT);
  return 1;
}

int ta_popen_flush(lua_State *L) {
  lua_settop(L, FILE_AT);
  return write_through(L, file_at(L, FILE_AT), true);
}

int ta_popen_set_buffer(lua_State *L, int mode) {
  struct popen_file *file = file_at(L, FILE_AT);
  file->mode = mode;
  if (file->writes && mode == _IONBF && ta_io_lets_wait(ta_upvalue_runner(L), L))
    return ta_popen_flush(L);
  if (file->writes && mode == _IONBF) fflush(file->lua.f);
  if (!file->writes) ta_set_unbuffered(file->stream, mode == _IONBF);
  lua_pushboolean(L, true);
  return 1;
}

/* -------------------------------------------------------------------- closing */

/* All but the pipe: what lies in the buffer goes there, waiting here, unless it `drops` that.  0,
 * or a negative errno. */
static int close_file(struct popen_file *file, bool drops) {
  FILE *stream = file->lua.f;
  file->lua.f = NULL;
  file->lua.closef = NULL;
  file->drops = drops || file->abandoned;
  ta_detach(&file->opener);
  return fclose(stream) == 0 ? 0 : -errno;
}

static int k_closed(lua_State *L, int status, lua_KContext context) {
  (void)status, (void)context;
  return lua_gettop(L) - FILE_AT;
}

/* What could not be written is told if nothing else is wrong. */
static int close_here(lua_State *L, struct popen_file *file) {
  int error = close_file(file, false);
  ta_close_stream(file->stream);
  ta_await_command_here(file->command);
  int values = ta_push_command_end(L, file->command);
  if (!error || !lua_toboolean(L, -values)) return values;
  errno = -error;
  return luaL_fileresult(L, 0, NULL);
}

int ta_popen_close(lua_State *L) {
  struct popen_file *file = file_at(L, FILE_AT);
  lua_settop(L, FILE_AT);
  luaL_checkstack(L, LUA_MINSTACK, NULL);
  if (!ta_can_wait(ta_upvalue_runner(L), L)) return close_here(L, file);
  push_function(L, "close");
  lua_getiuservalue(L, FILE_AT, CHILD_VALUE);
  ta_push_popen_stream(L, FILE_AT);
  push_pending(L, file);
  close_file(file, true);
  lua_callk(L, 3, LUA_MULTRET, 0, k_closed);
  return k_closed(L, LUA_OK, 0);
}

/* The finalizer's, or of who has Lua's own functions still: nobody asks how it ends. */
int ta_l_forget_popen(lua_State *L) {
  struct popen_file *file = file_at(L, FILE_AT);
  file->abandoned |= ta_was_given_up(file->stream);
  close_file(file, false);
  ta_close_stream(file->stream);
  if (file->abandoned)
    ta_stop_command(file->command);
  else
    ta_leave_command(file->command);
  errno = ECHILD;
  return luaL_fileresult(L, 0, NULL);
}
