/* SPDX-License-Identifier: MIT */
#include "io/command.h"

#include <errno.h>
#include <fcntl.h>
#include <lauxlib.h>
#include <unistd.h>

#include "io/descriptor.h"
#include "io/pty.h"
#include "io/reading.h"
#include "io/refusal.h"

/* Where what a command reads comes from, and where what it writes goes, as far as the loop does it.
 */

/* ----------------------------------------------------------------- its pipes */

static struct ta_command_output *check_output(lua_State *L, struct ta_command *command) {
  lua_Integer index = luaL_checkinteger(L, 2);
  luaL_argcheck(L, index == 1 || index == 2, 2, "1 or 2 expected");
  return &command->outputs[index - 1];
}

/* A file may be open for appending, and stays so. */
static int unblock(int fd) {
  int flags = fcntl(fd, F_GETFL);
  return flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0 ? 0 : -errno;
}

static int refuse_pipe(lua_State *L, int error) {
  return ta_refuse(L, error, "cannot watch a pipe");
}

/* What comes from the descriptor at index 3 goes to `take`. -> true, or nil, message, code */
static int drain(lua_State *L, struct ta_command_output *output,
                 void (*take)(void *data, const char *bytes, size_t size)) {
  struct ta_descriptor *descriptor = ta_check_descriptor(L, 3);
  int error = unblock(descriptor->fd);
  if (!error)
    error = ta_drain_open(output->command->io->loop, descriptor->fd, take, output, &output->drain);
  if (error) return refuse_pipe(L, error);
  descriptor->fd = -1;
  lua_pushboolean(L, true);
  return 1;
}

static void keep(void *data, const char *bytes, size_t size) {
  struct ta_command_output *output = data;
  struct ta_command *command = output->command;
  if (size)
    ta_capture_take(&output->capture, bytes, size);
  else
    ta_look_at_command(command);
  if (output->stop_signal && ta_capture_is_truncated(&output->capture))
    ta_group_stop(command->group, output->stop_signal, TA_FORGOTTEN_GRACE, false);
}

/* (command, 1 or 2, limit, signal or 0): what it is given is kept. */
static int l_open_capture(lua_State *L) {
  struct ta_command_output *output = check_output(L, ta_check_command(L));
  size_t limit = (size_t)luaL_checkinteger(L, 3);
  output->stop_signal = (int)luaL_optinteger(L, 4, 0);
  ta_capture_close(&output->capture);
  ta_capture_open(&output->capture, limit);
  return 0;
}

/* (command, 1 or 2, descriptor) -> true, or nil, message, code: what comes there is captured. */
static int l_capture(lua_State *L) {
  return drain(L, check_output(L, ta_check_command(L)), keep);
}

/* (command, 1 or 2, bytes): captures them as well. */
static int l_keep(lua_State *L) {
  struct ta_command_output *output = check_output(L, ta_check_command(L));
  size_t size;
  const char *bytes = luaL_checklstring(L, 3, &size);
  if (size) keep(output, bytes, size);
  return 0;
}

/* (command, descriptor, text) -> true, or nil, message, code */
static int l_feed(lua_State *L) {
  struct ta_command *command = ta_check_command(L);
  struct ta_descriptor *descriptor = ta_check_descriptor(L, 2);
  size_t size;
  const char *text = luaL_checklstring(L, 3, &size);
  ta_anchor_in_command(L, 3);
  int error = unblock(descriptor->fd);
  if (!error) error = ta_feed_open(command->io->loop, descriptor->fd, text, size, &command->feed);
  if (error) return refuse_pipe(L, error);
  descriptor->fd = -1;
  lua_pushboolean(L, true);
  return 1;
}

/* (command, descriptor of what is typed, and of where it is shown; nil: none) -> descriptor of its
 * own terminal, or nil, message, code */
static int l_pty(lua_State *L) {
  struct ta_command *command = ta_check_command(L);
  const struct ta_pty_ends ends = {
      .in = 2, .out = 3, .on_end = ta_on_command_change, .data = command};
  lua_settop(L, 3);
  int error = ta_push_pty(command->io, L, &ends, &command->relay);
  if (error) return ta_refuse(L, error, "cannot make a terminal");
  command->group->job.wants_terminal = command->relay->typed;
  if (command->relay->typed) command->group->job.user = &command->relay->user;
  return 1;
}

static struct ta_stream_object *check_stream(lua_State *L, int index) {
  struct ta_stream_object *stream = ta_to_stream(ta_upvalue_runner(L), L, index);
  luaL_argcheck(L, stream, index, "stream expected");
  return stream;
}

/* (command, stream): a task of ours reads it, and the command's end waits for its end. */
static int l_follow(lua_State *L) {
  struct ta_command *command = ta_check_command(L);
  struct ta_stream_object *stream = check_stream(L, 2);
  luaL_argcheck(L, command->follows <= command->group->room, 2, "too many");
  ta_anchor_in_command(L, 2);
  command->followed[command->follows++] = (struct ta_followed){.stream = stream};
  return 0;
}

static void unfollow(struct ta_command *command, const struct ta_stream_object *stream) {
  for (size_t i = 0; i < command->follows; i++)
    if (command->followed[i].stream == stream) command->followed[i].stream = NULL;
  ta_look_at_command(command);
  if (command->finished) ta_end_shown(command);
}

/* (command, stream): not any more. */
static int l_unfollow(lua_State *L) {
  unfollow(ta_check_command(L), check_stream(L, 2));
  return 0;
}

/* (command, stream): closes it as well, at once, and however the command is. */
static int l_end_stream(lua_State *L) {
  struct ta_command *command = *ta_check_command_object(L);
  struct ta_stream_object *stream = check_stream(L, 2);
  ta_close_stream(stream);
  if (command) unfollow(command, stream);
  return 0;
}

/* ------------------------------------------------------------- what is shown */

/* (command, label or nil, as a group, longest line, 1 or 2: whose end is kept) */
static int l_open_shown(lua_State *L) {
  struct ta_command *command = ta_check_command(L);
  struct ta_output_settings settings = {.label = luaL_optstring(L, 2, NULL),
                                        .groups = lua_toboolean(L, 3),
                                        .max_line = (size_t)luaL_checkinteger(L, 4),
                                        .tail_of = (int)luaL_checkinteger(L, 5)};
  if (ta_output_open(&command->shown, command->io->loop, &settings) != 0)
    return luaL_error(L, "not enough memory");
  return 0;
}

static void show(void *data, const char *bytes, size_t size) {
  struct ta_command_output *output = data;
  struct ta_command *command = output->command;
  if (size)
    ta_output_take(&command->shown, (int)(output - command->outputs) - TA_SHOWN + 1, bytes, size);
  else
    ta_look_at_command(command);
}

/* (command, 1 or 2, descriptor) -> true, or nil, message, code */
static int l_show(lua_State *L) {
  struct ta_command *command = ta_check_command(L);
  struct ta_command_output *output = check_output(L, command) + TA_SHOWN;
  int results = drain(L, output, show);
  if (output->drain.open)
    ta_output_pause(&command->shown, (int)(output - command->outputs) - TA_SHOWN + 1,
                    &output->drain);
  return results;
}

/* (command, 1 or 2, bytes) */
static int l_show_bytes(lua_State *L) {
  struct ta_command *command = ta_check_command(L);
  size_t size;
  const char *bytes = luaL_checklstring(L, 3, &size);
  int side = luaL_checkinteger(L, 2) == 1 ? 1 : 2;
  ta_output_take(&command->shown, side, bytes, size);
  return 0;
}

/* (command) -> the end of what was shown of its standard error */
static int l_shown_tail(lua_State *L) {
  char tail[TA_OUTPUT_TAIL];
  struct ta_command *command = ta_check_command(L);
  lua_pushlstring(L, tail, ta_output_tail(&command->shown, tail));
  return 1;
}

/* What a stream is to be made over: a descriptor is taken as it is; of one that others have
 * too, or of nothing, there is a copy.  Pushes it. */
static struct ta_descriptor *take_fd(lua_State *L, int index) {
  if (lua_isuserdata(L, index)) {
    lua_pushvalue(L, index);
    struct ta_descriptor *given = ta_check_descriptor(L, index);
    if (given->fd < 0) errno = EBADF; /* it was closed */
    return given;
  }
  int shared = lua_isnil(L, index) ? -1 : (int)luaL_checkinteger(L, index);
  struct ta_descriptor *copy = ta_push_descriptor(ta_upvalue_runner(L), L);
  copy->fd = shared < 0 ? open("/dev/null", O_RDWR | O_CLOEXEC)
                        : fcntl(shared, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  return copy;
}

static int open_stream(struct ta_stream_object *stream, bool shared, int fd) {
  if (fd < 0) return -errno;
  int error = shared ? 0 : unblock(fd);
  return error ? error : ta_open_stream(stream, shared ? TA_ONCE : TA_EDGE, fd);
}

/* (descriptor, 0 to 2, or nil; label, max_line) -> stream, or nil, message, code */
static int l_stream(lua_State *L) {
  struct ta_io *io = ta_io_of(ta_upvalue_runner(L), L);
  lua_settop(L, 3);
  struct ta_stream_object *stream = ta_push_stream(io, L, luaL_checkstring(L, 2));
  ta_set_max_line(stream, (size_t)luaL_optinteger(L, 3, TA_MAX_LINE));
  struct ta_descriptor *descriptor = take_fd(L, 1);
  int error = open_stream(stream, !lua_isuserdata(L, 1), descriptor->fd);
  if (error) return refuse_pipe(L, error);
  descriptor->fd = -1;
  lua_pop(L, 1);
  return 1;
}

/* (value) -> is it a stream, is it closed */
static int l_is_stream(lua_State *L) {
  const struct ta_stream_object *stream = ta_to_stream(ta_upvalue_runner(L), L, 1);
  lua_pushboolean(L, stream != NULL);
  lua_pushboolean(L, stream && ta_is_stream_closed(stream));
  return 2;
}

/* (command, 1 or 2) -> text, was something left out; what was kept is given away */
static int l_captured(lua_State *L) {
  struct ta_command *command = ta_check_command(L);
  struct ta_capture *capture = &check_output(L, command)->capture;
  struct ta_capture_part parts[3];
  luaL_Buffer buffer;
  if (capture->error) return luaL_error(L, "not enough memory");
  luaL_buffinitsize(L, &buffer, capture->size);
  ta_capture_parts(capture, parts);
  for (int i = 0; i < 3; i++) luaL_addlstring(&buffer, parts[i].bytes, parts[i].size);
  luaL_pushresult(&buffer);
  lua_pushboolean(L, ta_capture_is_truncated(capture));
  ta_capture_close(capture);
  return 2;
}

/* (command, 1 or 2) -> how many bytes were captured so far, kept or not */
static int l_captured_size(lua_State *L) {
  struct ta_command *command = ta_check_command(L);
  lua_pushinteger(L, (lua_Integer)check_output(L, command)->capture.total);
  return 1;
}

const struct ta_function ta_plumbing_parts[] = {
    {"open_pipe", ta_l_pipe},
    {"open_file", ta_l_open_file},
    {"close_descriptor", ta_l_close_descriptor},
    {"open_capture", l_open_capture},
    {"capture", l_capture},
    {"keep", l_keep},
    {"feed", l_feed},
    {"open_pty", l_pty},
    {"follow", l_follow},
    {"unfollow", l_unfollow},
    {"end_stream", l_end_stream},
    {"open_shown", l_open_shown},
    {"show", l_show},
    {"show_bytes", l_show_bytes},
    {"shown_tail", l_shown_tail},
    {"stream_over", l_stream},
    {"line_reader", ta_l_stream_line_reader},
    {"is_stream", l_is_stream},
    {"captured", l_captured},
    {"captured_size", l_captured_size},
    {NULL, NULL},
};
