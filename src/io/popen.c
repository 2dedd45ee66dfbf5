/* SPDX-License-Identifier: MIT */
#include "io/popen.h"

#include <errno.h>
#include <lauxlib.h>
#include <lualib.h>
#include <stdlib.h>
#include <string.h>

#include "holder.h"
#include "io/command.h"
#include "io/refusal.h"
#include "io/stream.h"
#include "io/writing.h"

extern const char *const ta_chunk_standard[];

#define BUFFER 4096 /* bytes */

/* User values. */
enum { STREAM_VALUE = 1, CHILD_VALUE, USER_VALUES = CHILD_VALUE };

/* What C and the task that has opened it point to.  It lies in memory of its own: the file's goes
 * when Lua could not call its finalizer, for want of memory. */
struct popen_pipe {
  struct ta_anchor anchor; /* keeps the stream and the command */
  FILE *stdio;             /* NULL: it was closed */
  struct ta_stream_object *stream;
  void *command;
  struct ta_cfile cfile;
  struct ta_attachment opener; /* hangs on the task that has opened it */
  bool drops;                  /* what is flushed has gone another way */
  bool abandoned;              /* nobody wants its command's end */
  char buffer[];               /* of what is written */
};

struct popen_file {
  luaL_Stream lua; /* the first: what all of Lua knows it by */
  struct popen_pipe *pipe;
  int mode; /* of its buffer, as of setvbuf() */
  bool writes;
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

static ssize_t read_pipe(void *data, char *bytes, size_t size) {
  const struct popen_pipe *pipe = data;
  return ta_read_stream_here(pipe->stream, bytes, size);
}

static ssize_t write_pipe(void *data, const char *bytes, size_t size) {
  const struct popen_pipe *pipe = data;
  int error = pipe->drops ? 0 : ta_write_stream_here(pipe->stream, bytes, size);
  return error ? error : (ssize_t)size;
}

static off_t seek_pipe(void *data, off_t offset, int whence) {
  (void)data, (void)offset, (void)whence;
  return -ESPIPE;
}

static const struct ta_cfile_kind reads = {.read = read_pipe, .seek = seek_pipe};
static const struct ta_cfile_kind writes = {.write = write_pipe, .seek = seek_pipe};

/* Leaves what lies in the buffer to whoever has copied it. */
static void drop_pending(const struct popen_file *file) {
  file->pipe->drops = true;
  fflush(file->lua.f);
  file->pipe->drops = false;
}

/* Pushes what lies in the buffer, or nil; it lies there still.  [-0, +1, m] */
static void push_pending(lua_State *L, const struct popen_file *file) {
  size_t size = file->writes ? ta_cfile_pending(file->lua.f) : 0;
  if (size)
    lua_pushlstring(L, file->pipe->buffer, size);
  else
    lua_pushnil(L);
}

/* -------------------------------------------------------------------- opening */

/* Who opened it was cancelled, and has ended: its command is not wanted any more. */
static void opener_ended(struct ta_runner *runner, struct ta_task *task,
                         struct ta_attachment *attachment) {
  struct popen_pipe *pipe = TA_HOLDER(attachment, struct popen_pipe, opener);
  (void)runner;
  if (!ta_ended_cancelled(task)) return;
  pipe->abandoned = true;
  ta_stop_command(pipe->command);
}

static const struct ta_attachment_kind opener_kind = {.on_end = opener_ended};

/* The stack: the file, which is none yet, child, stream, command. */
enum { FILE_AT = 1, CHILD_AT, STREAM_AT, COMMAND_AT };

/* Closes it, but for the file's own.  0, or a negative errno. */
static int close_stdio(struct popen_pipe *pipe) {
  FILE *stdio = pipe->stdio;
  pipe->stdio = NULL;
  ta_detach(&pipe->opener);
  return !stdio || fclose(stdio) == 0 ? 0 : -errno;
}

/* Its file was lost. */
static void lose_pipe(struct ta_anchor *anchor) {
  struct popen_pipe *pipe = TA_HOLDER(anchor, struct popen_pipe, anchor);
  pipe->drops = true;
  close_stdio(pipe);
  free(pipe);
}

/* For a file that is closed still.  NULL: there is no memory. */
static struct popen_pipe *new_pipe(bool for_writing, int fd) {
  size_t room = for_writing ? BUFFER : 0;
  struct popen_pipe *pipe = calloc(1, sizeof *pipe + room);
  if (!pipe) return NULL;
  pipe->cfile = (struct ta_cfile){.kind = for_writing ? &writes : &reads, .data = pipe};
  pipe->stdio = ta_cfile_open(&pipe->cfile, fd, for_writing ? pipe->buffer : NULL, BUFFER);
  if (pipe->stdio) return pipe;
  free(pipe);
  return NULL;
}

/* The file has its pipe from here on, and is open. */
static void open_file(struct popen_file *file, struct popen_pipe *pipe) {
  file->pipe = pipe;
  file->lua.f = pipe->stdio;
  file->lua.closef = ta_l_forget_popen;
}

/* Makes a file of it, after the command, so that its finalizer comes first. */
static int make_file(lua_State *L, struct popen_file *file, struct ta_io *io) {
  struct ta_stream_object *stream = ta_to_stream(io->runner, L, STREAM_AT);
  lua_pushvalue(L, FILE_AT);
  luaL_setmetatable(L, LUA_FILEHANDLE);
  int place = ta_reserve_anchor(L);
  struct popen_pipe *pipe = new_pipe(file->writes, ta_stream_of(stream)->watch.fd);
  if (!pipe) ta_release_anchor(L, place);
  if (!pipe) return luaL_error(L, "not enough memory");
  pipe->stream = stream;
  pipe->command = ta_object_at(L, COMMAND_AT);
  ta_open_anchor(L, place, lose_pipe, &pipe->anchor);
  open_file(file, pipe);
  ta_keep_at_anchor(L, &pipe->anchor, STREAM_AT);
  ta_keep_at_anchor(L, &pipe->anchor, COMMAND_AT);
  lua_settop(L, FILE_AT);
  if (ta_io_lets_wait(io->runner, L)) ta_attach(io->runner, &pipe->opener, &opener_kind);
  return 1;
}

/* One that is closed still, and none yet for Lua.  [-0, +1, m] */
static struct popen_file *push_file(lua_State *L, bool for_writing) {
  struct popen_file *file = lua_newuserdatauv(L, sizeof *file, USER_VALUES);
  memset(file, 0, sizeof *file);
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

/* Writes the values from index 2 on to the stream: after what others write. */
static int write_texts(lua_State *L, lua_KContext flushes) {
  ta_push_function(ta_upvalue_runner(L), L, ta_l_stream_write);
  ta_push_popen_stream(L, FILE_AT);
  lua_rotate(L, 2, 2);
  lua_callk(L, lua_gettop(L) - 2, LUA_MULTRET, flushes, k_written);
  return k_written(L, LUA_OK, flushes);
}

/* The same, after what lies in the buffer. */
static int write_through(lua_State *L, const struct popen_file *file, lua_KContext flushes) {
  luaL_checkstack(L, LUA_MINSTACK, "too many arguments");
  push_pending(L, file);
  drop_pending(file);
  if (lua_isnil(L, -1))
    lua_pop(L, 1);
  else
    lua_insert(L, 2);
  return write_texts(L, flushes);
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
  if (file->mode == _IONBF || ta_is_written(file->pipe->stream)) return false;
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

/* C's half of it writes where no task can wait, and has the mode from its next writing on. */
static void set_mode(struct popen_file *file, int mode) {
  bool buffers = mode != _IONBF;
  file->mode = mode;
  setvbuf(file->lua.f, buffers ? file->pipe->buffer : NULL, mode, buffers ? BUFFER : 0);
}

/* What lies in the buffer is written first. */
static int set_write_mode(lua_State *L, struct popen_file *file, int mode) {
  bool lets_wait = ta_io_lets_wait(ta_upvalue_runner(L), L);
  lets_wait ? push_pending(L, file) : lua_pushnil(L);
  lets_wait ? drop_pending(file) : (void)fflush(file->lua.f);
  set_mode(file, mode);
  if (!lua_isnil(L, -1)) return write_texts(L, true);
  lua_pushboolean(L, true);
  return 1;
}

int ta_popen_set_buffer(lua_State *L, int mode) {
  struct popen_file *file = file_at(L, FILE_AT);
  lua_settop(L, FILE_AT);
  if (file->writes && mode != file->mode) return set_write_mode(L, file, mode);
  if (!file->writes) ta_set_unbuffered(file->pipe->stream, mode == _IONBF);
  lua_pushboolean(L, true);
  return 1;
}

/* -------------------------------------------------------------------- closing */

/* All but the stream, which its user values have as long as it is on the stack: what lies in the
 * buffer goes there, waiting here, unless it `drops` that.  0, or a negative errno. */
static int close_file(lua_State *L, struct popen_file *file, bool drops) {
  struct popen_pipe *pipe = file->pipe;
  file->pipe = NULL;
  file->lua.f = NULL;
  file->lua.closef = NULL;
  pipe->drops = drops || pipe->abandoned;
  int error = close_stdio(pipe);
  ta_close_anchor(L, &pipe->anchor);
  free(pipe);
  return error;
}

static int k_closed(lua_State *L, int status, lua_KContext context) {
  (void)status, (void)context;
  return lua_gettop(L) - FILE_AT;
}

/* What could not be written is told if nothing else is wrong. */
static int close_here(lua_State *L, struct popen_file *file) {
  struct ta_stream_object *stream = file->pipe->stream;
  void *command = file->pipe->command;
  int error = close_file(L, file, false);
  ta_close_stream(stream);
  ta_await_command_here(command);
  int values = ta_push_command_end(L, command);
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
  close_file(L, file, true);
  lua_callk(L, 3, LUA_MULTRET, 0, k_closed);
  return k_closed(L, LUA_OK, 0);
}

/* The finalizer's, or of who has Lua's own functions still: nobody asks how it ends. */
int ta_l_forget_popen(lua_State *L) {
  struct popen_file *file = file_at(L, FILE_AT);
  struct ta_stream_object *stream = file->pipe->stream;
  void *command = file->pipe->command;
  bool abandoned = file->pipe->abandoned |= ta_was_given_up(stream);
  close_file(L, file, false);
  ta_close_stream(stream);
  if (abandoned)
    ta_stop_command(command);
  else
    ta_leave_command(L, command);
  errno = ECHILD;
  return luaL_fileresult(L, 0, NULL);
}
