/* SPDX-License-Identifier: MIT */
#include "io/process.h"

#include <errno.h>
#include <fcntl.h>
#include <lauxlib.h>
#include <limits.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/capture.h"
#include "host/children.h"
#include "host/drain.h"
#include "host/feed.h"
#include "host/output.h"
#include "io/descriptor.h"
#include "io/output.h"
#include "io/pty.h"
#include "io/refusal.h"
#include "io/signal_names.h"
#include "io/stream.h"

extern const char *const ta_chunk_process[];

#define SILENCE 0.1 /* seconds: who holds a pipe open after the command's end is left then */
#define OUTPUTS 4   /* standard output and standard error, and both as they are shown */
#define SHOWN 2     /* the first of the latter */
#define GRACE 5.0   /* seconds, of a command that was forgotten */

/* What comes out at one side, and is waited for at the end. */
struct output {
  struct command *command;
  struct ta_drain drain;
  struct ta_capture capture;
  uint64_t seen;   /* how much had come when it was looked at last */
  int stop_signal; /* more than is captured stops the command; 0: it goes on */
};

/* What a task of ours reads, and is waited for at the end as well.  Each stage may have one. */
struct followed {
  struct ta_stream_object *stream; /* the command anchors it; NULL: not any more */
  uint64_t seen;
};

/* The first user value is its text, the second what it anchors. */
enum { TEXT = 1, ANCHORED, USER_VALUES = ANCHORED };

/* It lies in memory of its own, to which the object points: the loop has pointers into it, and
 * an object whose finalizer could not be called, for want of memory, is gone without a word. */
struct command {
  struct ta_io *io;
  struct ta_group *group;
  struct ta_list waiting;
  struct output outputs[OUTPUTS];
  struct ta_output shown;
  struct ta_feed feed;
  struct ta_relay *relay; /* of a terminal of its own; NULL: it has none */
  uint64_t relayed;       /* bytes, when it was looked at last */
  struct ta_alarm silence;
  const char *text;
  bool held;     /* somebody has its pipes open still */
  bool finished; /* nothing will come any more */
  size_t follows;
  struct followed *followed; /* one a stage, and one */
  struct {
    const char *text; /* NULL: the trace was told of its end, or not of its start */
  } stages[];
};

static const struct ta_object_kind command_kind;

/* NULL: it was closed. */
static struct command **check_object(lua_State *L) {
  return ta_check_object(L, 1, &command_kind);
}

static struct command *check_command(lua_State *L) {
  struct command *command = *check_object(L);
  if (!command) luaL_error(L, "the command is closed");
  return command;
}

/* ----------------------------------------------------------------- its end */

static bool is_open(const struct followed *followed) {
  return followed->stream && !ta_stream_of(followed->stream)->at_end;
}

static bool has_open_outputs(const struct command *command) {
  if (command->relay && command->relay->open) return true;
  for (int i = 0; i < OUTPUTS; i++)
    if (command->outputs[i].drain.open) return true;
  for (size_t i = 0; i < command->follows; i++)
    if (is_open(&command->followed[i])) return true;
  return false;
}

/* What is shown is complete, unless a task of ours has still something to hand on. */
static void end_shown(struct command *command) {
  for (size_t i = 0; i < command->follows; i++)
    if (command->followed[i].stream) return;
  ta_output_finish(&command->shown);
}

static void finish(struct command *command) {
  command->finished = true;
  end_shown(command);
  ta_alarm_stop(&command->silence);
  ta_feed_close(&command->feed);
  while (ta_wake_first(command->io->runner, &command->waiting)) continue;
}

/* Whoever was on its terminal has gone, and has written its last. */
static void end_relay(struct command *command) {
  struct ta_relay *relay = command->relay;
  if (!relay || !relay->at_end) return;
  ta_relay_look(relay);
  if (relay->at_end) ta_relay_close(relay);
}

/* Something has ended: was it the last? */
static void look(struct command *command) {
  if (command->finished) return;
  if (command->group->state != TA_GROUP_OVER) return;
  end_relay(command);
  if (!has_open_outputs(command))
    finish(command);
  else if (!command->silence.link)
    ta_loop_set_alarm(command->io->loop, &command->silence, SILENCE);
}

static bool has_grown(uint64_t *seen, uint64_t received) {
  bool grown = received != *seen;
  *seen = received;
  return grown;
}

/* Has something come since it was looked at last?  A loaded machine may have told nobody yet. */
static bool has_moved(struct output *output) {
  struct ta_drain *drain = &output->drain;
  if (!drain->open) return false;
  return ta_drain_look(drain) || !drain->open || has_grown(&output->seen, drain->received);
}

static bool has_been_followed(struct followed *followed) {
  if (!is_open(followed)) return false;
  return ta_look_at_stream(followed->stream) || !is_open(followed) ||
         has_grown(&followed->seen, ta_stream_of(followed->stream)->received);
}

static bool has_any_moved(struct command *command) {
  bool moved = false;
  for (int i = 0; i < OUTPUTS; i++) moved |= has_moved(&command->outputs[i]);
  for (size_t i = 0; i < command->follows; i++) moved |= has_been_followed(&command->followed[i]);
  return moved;
}

static bool has_shown(struct command *command) {
  struct ta_relay *relay = command->relay;
  if (!relay || !relay->open) return false;
  bool shown = ta_relay_look(relay) || relay->received != command->relayed;
  command->relayed = relay->received;
  return shown;
}

/* A relay that is closed is a terminal that has gone, for whoever is there. */
static void leave_outputs(struct command *command) {
  command->held = has_open_outputs(command);
  if (command->relay && command->relay->open) ta_relay_close(command->relay);
  for (int i = 0; i < OUTPUTS; i++) ta_drain_close(&command->outputs[i].drain);
  for (size_t i = 0; i < command->follows; i++) {
    struct followed *followed = &command->followed[i];
    if (is_open(followed)) ta_end_stream(followed->stream);
    followed->stream = NULL;
  }
}

static void on_silence(struct ta_alarm *alarm) {
  struct command *command = (struct command *)((char *)alarm - offsetof(struct command, silence));
  bool moved = has_any_moved(command);
  moved |= has_shown(command);
  if (!moved) leave_outputs(command);
  look(command);
}

static void describe_end(char *text, size_t size, int status) {
  const char *name = WIFSIGNALED(status) ? ta_signal_name(WTERMSIG(status)) : NULL;
  if (WIFEXITED(status))
    snprintf(text, size, "status %d", WEXITSTATUS(status));
  else if (name)
    snprintf(text, size, "SIG%s", name);
  else
    snprintf(text, size, "signal %d", WTERMSIG(status));
}

/* Tells the trace of those that have ended since. */
static void trace_ends(struct command *command) {
  char text[40];
  for (size_t i = 0; i < command->group->count; i++) {
    const struct ta_child *child = &command->group->members[i];
    if (!child->ended || !command->stages[i].text) continue;
    describe_end(text, sizeof text, child->status);
    ta_tell_of_outside(command->io->runner, NULL, TA_EVENT_END, "process", (uint64_t)child->pid,
                       command->stages[i].text, text);
    command->stages[i].text = NULL;
  }
}

static void on_change(void *data) {
  trace_ends(data);
  look(data);
}

/* ------------------------------------------------------------------- making */

static void free_command(struct command *command) {
  free(command->followed);
  free(command);
}

static struct command *new_command(struct ta_io *io, size_t stages) {
  struct command *command = calloc(1, sizeof *command + stages * sizeof *command->stages);
  if (!command) return NULL;
  command->followed = calloc(stages + 1, sizeof *command->followed);
  command->io = io;
  command->silence.ring = on_silence;
  ta_list_init(&command->waiting);
  for (int i = 0; i < OUTPUTS; i++) command->outputs[i].command = command;
  if (command->followed &&
      ta_group_new(&io->children, stages, on_change, command, &command->group) == 0)
    return command;
  free_command(command);
  return NULL;
}

/* (text, stages, kills leftovers, detached, wants the terminal) -> command */
static int l_new_command(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  struct ta_io *io = ta_io_of(runner, L);
  const char *text = luaL_checkstring(L, 1);
  size_t stages = (size_t)luaL_checkinteger(L, 2);
  lua_settop(L, 5);
  lua_newtable(L);
  struct command **object = ta_push_object(runner, L, &command_kind, sizeof *object, USER_VALUES);
  lua_pushvalue(L, 1);
  lua_setiuservalue(L, -2, TEXT);
  lua_pushvalue(L, -2);
  lua_setiuservalue(L, -2, ANCHORED);
  struct command *command = *object = new_command(io, stages);
  if (!command) return luaL_error(L, "not enough memory");
  command->text = text;
  command->group->kills_leftovers = lua_toboolean(L, 3);
  command->group->detached = lua_toboolean(L, 4);
  command->group->job.wants_terminal = lua_toboolean(L, 5);
  return 1;
}

/* Keeps the value at `index` as long as there is the command. */
static void anchor(lua_State *L, int index) {
  lua_getiuservalue(L, 1, ANCHORED);
  lua_pushvalue(L, index);
  lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
  lua_pop(L, 1);
}

/* The terminal that was ours to read for it is so no more. */
static void close_relay(struct command *command) {
  if (!command->relay) return;
  ta_jobs_leave(command->group);
  command->group->job.user = NULL;
  ta_relay_close(command->relay);
  free(command->relay);
  command->relay = NULL;
}

static void close_outputs(struct command *command) {
  close_relay(command);
  for (int i = 0; i < OUTPUTS; i++) {
    struct output *output = &command->outputs[i];
    ta_drain_close(&output->drain);
    ta_capture_close(&output->capture);
  }
  command->follows = 0;
  ta_output_close(&command->shown);
  ta_feed_close(&command->feed);
  ta_alarm_stop(&command->silence);
}

static void forget(struct command *command, bool stops) {
  close_outputs(command);
  if (stops)
    ta_group_forget(command->group, ta_io_stop_signal(command->io, SIGTERM), GRACE);
  else
    ta_group_leave(command->group);
  while (ta_wake_first(command->io->runner, &command->waiting)) continue;
  free_command(command);
}

/* What nobody has any more is stopped, in the background. */
static int l_close_command(lua_State *L) {
  struct command **object = check_object(L), *command = *object;
  if (!command) return 0;
  *object = NULL;
  forget(command, true);
  return 0;
}

void ta_stop_command(void *object) {
  struct command *command = *(struct command **)object;
  if (command) ta_group_stop(command->group, ta_io_stop_signal(command->io, SIGTERM), GRACE, false);
}

void ta_leave_command(void *object) {
  struct command **place = object, *command = *place;
  *place = NULL;
  if (command) forget(command, false);
}

/* ------------------------------------------------------------------ starting */

static const char *name_step(enum ta_spawn_step step) {
  static const char *const names[] = {[TA_SPAWN_FORK] = "fork",
                                      [TA_SPAWN_GROUP] = "group",
                                      [TA_SPAWN_DESCRIPTORS] = "descriptors",
                                      [TA_SPAWN_DIRECTORY] = "directory",
                                      [TA_SPAWN_GUARD] = "guardian",
                                      [TA_SPAWN_EXECUTE] = "command"};
  return names[step];
}

/* The strings of the list at `index` as C has them, with a NULL at the end: in a userdata that
 * is pushed.  They stay Lua's. */
static char **push_words(lua_State *L, int index) {
  size_t count = lua_rawlen(L, index);
  char **words = lua_newuserdatauv(L, (count + 1) * sizeof *words, 0);
  for (size_t i = 0; i < count; i++) {
    lua_rawgeti(L, index, (lua_Integer)i + 1);
    union {
      const char *given;
      char *wanted; /* execve() does not change them */
    } word = {lua_tostring(L, -1)};
    words[i] = word.wanted;
    lua_pop(L, 1);
  }
  words[count] = NULL;
  return words;
}

static int open_nothing(int fd, int *nothing) {
  if (fd >= 0) return fd;
  if (*nothing < 0) *nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
  return *nothing;
}

static int start(struct command *command, struct ta_spawn *spawn, enum ta_spawn_step *step) {
  int nothing = -1, error = 0;
  *step = TA_SPAWN_DESCRIPTORS;
  for (int i = 0; i < 3 && !error; i++) {
    spawn->fds[i] = open_nothing(spawn->fds[i], &nothing);
    if (spawn->fds[i] < 0) error = -errno;
  }
  if (!error) error = ta_group_start(command->group, spawn, step);
  if (nothing >= 0) close(nothing);
  return error;
}

enum {
  COMMAND = 1,
  PATH,
  WORDS,
  ENVIRONMENT,
  DIRECTORY,
  FDS,
  SESSION = FDS + 3,
  START_ARGUMENTS = SESSION
};

/* (command, path, words, environment or nil, directory or nil, stdin, stdout, stderr, session)
 * -> true, or nil, step, errno */
static int l_start(lua_State *L) {
  extern char **environ;
  lua_settop(L, START_ARGUMENTS);
  struct command *command = check_command(L);
  struct ta_spawn spawn = {.path = luaL_checkstring(L, PATH),
                           .directory = luaL_optstring(L, DIRECTORY, NULL),
                           .session = lua_toboolean(L, SESSION),
                           .terminal = -1};
  for (int i = 0; i < 3; i++) spawn.fds[i] = lua_isnil(L, FDS + i) ? -1 : ta_check_fd(L, FDS + i);
  spawn.argv = push_words(L, WORDS);
  spawn.envp = lua_isnil(L, ENVIRONMENT) ? environ : push_words(L, ENVIRONMENT);
  ta_io_flush(command->io);
  enum ta_spawn_step step;
  int error = start(command, &spawn, &step);
  lua_pushboolean(L, error == 0);
  if (!error) return 1;
  lua_pushstring(L, name_step(step));
  lua_pushinteger(L, -error);
  return 3;
}

/* (command, text): what the process that was started last is called. */
static int l_name_stage(lua_State *L) {
  struct command *command = check_command(L);
  const struct ta_group *group = command->group;
  const char *text = luaL_checkstring(L, 2);
  if (group->count == 0) return 0;
  anchor(L, 2);
  command->stages[group->count - 1].text = text;
  ta_tell_of_outside(command->io->runner, L, TA_EVENT_START, "process",
                     (uint64_t)group->members[group->count - 1].pid, text, NULL);
  return 0;
}

/* (word, search path or nil, directory or nil) -> path, or nil, errno */
static int l_find_program(lua_State *L) {
  char path[PATH_MAX];
  int error = ta_find_program(luaL_checkstring(L, 1), luaL_optstring(L, 2, NULL),
                              luaL_optstring(L, 3, NULL), path, sizeof path);
  if (!error) {
    lua_pushstring(L, path);
    return 1;
  }
  lua_pushnil(L);
  lua_pushinteger(L, -error);
  return 2;
}

/* (path) -> the interpreter that a script names, or nil */
static int l_interpreter(lua_State *L) {
  char interpreter[PATH_MAX];
  if (!ta_read_interpreter(luaL_checkstring(L, 1), interpreter, sizeof interpreter)) return 0;
  lua_pushstring(L, interpreter);
  return 1;
}

/* (errno) -> its words, its name */
static int l_describe_error(lua_State *L) {
  int error = (int)luaL_checkinteger(L, 1);
  ta_push_reason(L, error);
  lua_pushstring(L, ta_error_code(error));
  return 2;
}

/* () -> {"NAME=value", ...} */
static int l_environment(lua_State *L) {
  extern char **environ;
  lua_newtable(L);
  for (lua_Integer i = 0; environ && environ[i]; i++) {
    lua_pushstring(L, environ[i]);
    lua_rawseti(L, -2, i + 1);
  }
  return 1;
}

static int l_getenv(lua_State *L) {
  lua_pushstring(L, getenv(luaL_checkstring(L, 1)));
  return 1;
}

/* ----------------------------------------------------------------- its pipes */

static struct output *check_output(lua_State *L, struct command *command) {
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
static int drain(lua_State *L, struct output *output,
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
  struct output *output = data;
  struct command *command = output->command;
  if (size)
    ta_capture_take(&output->capture, bytes, size);
  else
    look(command);
  if (output->stop_signal && ta_capture_is_truncated(&output->capture))
    ta_group_stop(command->group, output->stop_signal, GRACE, false);
}

/* (command, 1 or 2, limit, signal or 0): what it is given is kept. */
static int l_open_capture(lua_State *L) {
  struct output *output = check_output(L, check_command(L));
  size_t limit = (size_t)luaL_checkinteger(L, 3);
  output->stop_signal = (int)luaL_optinteger(L, 4, 0);
  ta_capture_close(&output->capture);
  ta_capture_open(&output->capture, limit);
  return 0;
}

/* (command, 1 or 2, descriptor) -> true, or nil, message, code: what comes there is captured. */
static int l_capture(lua_State *L) {
  return drain(L, check_output(L, check_command(L)), keep);
}

/* (command, 1 or 2, bytes): captures them as well. */
static int l_keep(lua_State *L) {
  struct output *output = check_output(L, check_command(L));
  size_t size;
  const char *bytes = luaL_checklstring(L, 3, &size);
  if (size) keep(output, bytes, size);
  return 0;
}

/* (command, descriptor, text) -> true, or nil, message, code */
static int l_feed(lua_State *L) {
  struct command *command = check_command(L);
  struct ta_descriptor *descriptor = ta_check_descriptor(L, 2);
  size_t size;
  const char *text = luaL_checklstring(L, 3, &size);
  anchor(L, 3);
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
  struct command *command = check_command(L);
  const struct ta_pty_ends ends = {.in = 2, .out = 3, .on_end = on_change, .data = command};
  lua_settop(L, 3);
  int error = ta_push_pty(command->io, L, &ends, &command->relay);
  if (error) return ta_refuse(L, -error, "cannot make a terminal");
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
  struct command *command = check_command(L);
  struct ta_stream_object *stream = check_stream(L, 2);
  luaL_argcheck(L, command->follows <= command->group->room, 2, "too many");
  anchor(L, 2);
  command->followed[command->follows++] = (struct followed){.stream = stream};
  return 0;
}

/* (command, stream): not any more. */
static int l_unfollow(lua_State *L) {
  struct command *command = check_command(L);
  const struct ta_stream_object *stream = check_stream(L, 2);
  for (size_t i = 0; i < command->follows; i++)
    if (command->followed[i].stream == stream) command->followed[i].stream = NULL;
  look(command);
  if (command->finished) end_shown(command);
  return 0;
}

/* ------------------------------------------------------------- what is shown */

/* (command, label or nil, as a group, longest line, 1 or 2: whose end is kept) */
static int l_open_shown(lua_State *L) {
  struct command *command = check_command(L);
  struct ta_output_settings settings = {.label = luaL_optstring(L, 2, NULL),
                                        .groups = lua_toboolean(L, 3),
                                        .max_line = (size_t)luaL_checkinteger(L, 4),
                                        .tail_of = (int)luaL_checkinteger(L, 5)};
  if (ta_output_open(&command->shown, command->io->loop, &settings) != 0)
    return luaL_error(L, "not enough memory");
  return 0;
}

static void show(void *data, const char *bytes, size_t size) {
  struct output *output = data;
  struct command *command = output->command;
  if (size)
    ta_output_take(&command->shown, (int)(output - command->outputs) - SHOWN + 1, bytes, size);
  else
    look(command);
}

/* (command, 1 or 2, descriptor) -> true, or nil, message, code */
static int l_show(lua_State *L) {
  return drain(L, check_output(L, check_command(L)) + SHOWN, show);
}

/* (command, 1 or 2, bytes) */
static int l_show_bytes(lua_State *L) {
  struct command *command = check_command(L);
  size_t size;
  const char *bytes = luaL_checklstring(L, 3, &size);
  int side = luaL_checkinteger(L, 2) == 1 ? 1 : 2;
  ta_output_take(&command->shown, side, bytes, size);
  return 0;
}

/* (command) -> the end of what was shown of its standard error */
static int l_shown_tail(lua_State *L) {
  char tail[TA_OUTPUT_TAIL];
  struct command *command = check_command(L);
  lua_pushlstring(L, tail, ta_output_tail(&command->shown, tail));
  return 1;
}

/* What a stream is to be made over: a descriptor is taken as it is; of one that others have
 * too, or of nothing, there is a copy.  Pushes it. */
static struct ta_descriptor *take_fd(lua_State *L, int index) {
  if (lua_isuserdata(L, index)) {
    lua_pushvalue(L, index);
    return ta_check_descriptor(L, index);
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

static int l_is_stream(lua_State *L) {
  lua_pushboolean(L, ta_to_stream(ta_upvalue_runner(L), L, 1) != NULL);
  return 1;
}

/* ------------------------------------------------------------------- waiting */

static void describe(const void *subject, char *text, size_t size) {
  const struct command *command = *(struct command *const *)subject;
  if (command)
    snprintf(text, size, "process %ld '%s'%s", (long)command->group->id, command->text,
             command->group->job.stopped ? ", which is stopped" : "");
  else
    snprintf(text, size, "a closed command");
}

static const struct ta_wait_kind wait_kind = {.action = "wait", .describe = describe};

static int k_wait(lua_State *L, int status, lua_KContext context);

static int wait_on(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  struct command **object = check_object(L), *command = check_command(L);
  if (command->finished) return 0;
  return ta_wait_in(runner, L, "wait", &wait_kind, object, &command->waiting, k_wait);
}

static int k_wait(lua_State *L, int status, lua_KContext context) {
  (void)status, (void)context;
  ta_check_wait_end(ta_upvalue_runner(L), L);
  return wait_on(L);
}

/* (command): until it has ended, and all it wrote is there. */
static int l_wait(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  lua_settop(L, 1);
  check_command(L);
  ta_enter(runner, L);
  if (check_command(L)->finished) return ta_return_at_once(runner, L, 0);
  return wait_on(L);
}

static int ended_by(const struct ta_io *io) {
  return io->ended_by ? io->ended_by(io->data) : 0;
}

/* A signal that ends the run stops it as well; what is begun since is clean-up.  The Runner's next
 * wait is to look again, as it may have been ended here. */
void ta_await_command_here(void *object) {
  struct command *command = *(struct command **)object;
  const struct ta_io *io = command->io;
  bool cleans_up = ended_by(io);
  while (!command->finished) {
    ta_loop_wait(io->loop, HUGE_VAL);
    if (!cleans_up && ended_by(io))
      ta_group_stop(command->group, ta_io_stop_signal(io, SIGTERM), GRACE, false);
  }
  ta_loop_wake(io->loop);
}

int ta_push_command_end(lua_State *L, const void *object) {
  const struct command *command = *(struct command *const *)object;
  int status = command->group->members[0].status;
  bool killed = WIFSIGNALED(status);
  int code = killed ? WTERMSIG(status) : WEXITSTATUS(status);
  luaL_checkstack(L, 3, NULL);
  !killed &&code == 0 ? lua_pushboolean(L, true) : luaL_pushfail(L);
  lua_pushstring(L, killed ? "signal" : "exit");
  lua_pushinteger(L, code);
  return 3;
}

/* (command) -> the same */
static int l_end_of(lua_State *L) {
  check_command(L);
  return ta_push_command_end(L, check_object(L));
}

/* (command, signal, grace, leader only) */
static int l_stop(lua_State *L) {
  struct command *command = check_command(L);
  int number = (int)luaL_checkinteger(L, 2);
  double grace = luaL_checknumber(L, 3);
  ta_group_stop(command->group, ta_io_stop_signal(command->io, number), grace, lua_toboolean(L, 4));
  return 0;
}

/* (command, signal) -> true, or nil, message, code */
static int l_signal(lua_State *L) {
  struct command *command = check_command(L);
  int error = ta_group_signal(command->group, (int)luaL_checkinteger(L, 2), false);
  if (error) return ta_refuse(L, error, "cannot signal the command");
  lua_pushboolean(L, true);
  return 1;
}

/* ------------------------------------------------------------------- results */

/* (command, stage) -> pid, has it ended, status or nil, signal or nil, duration, cpu, max_rss;
 * nil: it was not started */
static int l_stage(lua_State *L) {
  const struct command *command = check_command(L);
  size_t index = (size_t)luaL_checkinteger(L, 2) - 1;
  if (index >= command->group->count) return 0;
  const struct ta_child *child = &command->group->members[index];
  bool known = child->ended && !child->unknown;
  bool exited = known && WIFEXITED(child->status);
  bool killed = known && WIFSIGNALED(child->status);
  lua_pushinteger(L, child->pid);
  lua_pushboolean(L, child->ended);
  exited ? lua_pushinteger(L, WEXITSTATUS(child->status)) : lua_pushnil(L);
  killed ? ta_push_signal_name(L, WTERMSIG(child->status)) : lua_pushnil(L);
  lua_pushnumber(L, child->duration);
  lua_pushnumber(L, child->cpu);
  lua_pushinteger(L, (lua_Integer)child->max_rss);
  return 7;
}

/* (command) -> has it finished, was a pipe of it held open */
static int l_state(lua_State *L) {
  const struct command *command = check_command(L);
  lua_pushboolean(L, command->finished);
  lua_pushboolean(L, command->held);
  return 2;
}

/* (command, 1 or 2) -> text, was something left out; what was kept is given away */
static int l_captured(lua_State *L) {
  struct command *command = check_command(L);
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
  struct command *command = check_command(L);
  lua_pushinteger(L, (lua_Integer)check_output(L, command)->capture.total);
  return 1;
}

/* (name) -> number, or nil */
static int l_signal_number(lua_State *L) {
  int number = ta_signal_number(luaL_checkstring(L, 1));
  if (number == 0) return 0;
  lua_pushinteger(L, number);
  return 1;
}

/* ----------------------------------------------- what else the Lua half needs */

/* (message): a mistake of the script's, where that called us. */
static int l_raise(lua_State *L) {
  return ta_error(L, "%s", luaL_checkstring(L, 1));
}

static int l_metatable(lua_State *L) {
  return lua_getmetatable(L, 1) ? 1 : 0;
}

static int l_is_callable(lua_State *L) {
  lua_pushboolean(L, ta_is_callable(L, 1));
  return 1;
}

/* (name of a function that waits): who was cancelled starts nothing, nor who could not wait. */
static int l_enter(lua_State *L) {
  ta_check_wait(ta_upvalue_runner(L), L, luaL_checkstring(L, 1));
  return 0;
}

static int l_can_wait(lua_State *L) {
  lua_pushboolean(L, ta_can_wait(ta_upvalue_runner(L), L));
  return 1;
}

/* (name, function) -> task, which keeps no run going */
static int l_add_task(lua_State *L) {
  struct ta_task_options options = {.daemon = true};
  options.name = luaL_checklstring(L, 1, &options.name_length);
  lua_settop(L, 2);
  ta_add_task(ta_upvalue_runner(L), L, 0, &options);
  return 1;
}

/* ------------------------------------------------------------------- opening */

static const struct ta_function command_meta[] = {{"__gc", l_close_command}, {NULL, NULL}};
static const struct ta_object_kind command_kind = {.name = "Command", .meta = command_meta};

static const struct ta_function parts[] = {
    {"new_command", l_new_command},
    {"start", l_start},
    {"name_stage", l_name_stage},
    {"find_program", l_find_program},
    {"interpreter", l_interpreter},
    {"describe_error", l_describe_error},
    {"environment", l_environment},
    {"getenv", l_getenv},
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
    {"open_shown", l_open_shown},
    {"show", l_show},
    {"show_bytes", l_show_bytes},
    {"shown_tail", l_shown_tail},
    {"stream_over", l_stream},
    {"wait", l_wait},
    {"end_of", l_end_of},
    {"stop", l_stop},
    {"signal", l_signal},
    {"stage", l_stage},
    {"state", l_state},
    {"captured", l_captured},
    {"captured_size", l_captured_size},
    {"signal_number", l_signal_number},
    {"for_closes", ta_l_for_closes},
    {"is_stream", l_is_stream},
    {"raise", l_raise},
    {"metatable", l_metatable},
    {"is_callable", l_is_callable},
    {"enter", l_enter},
    {"can_wait", l_can_wait},
    {"add_task", l_add_task},
    {NULL, NULL},
};

/* () -> a table of what the Lua half is made of */
static int l_process_parts(lua_State *L) {
  lua_newtable(L);
  ta_set_functions(ta_upvalue_runner(L), L, parts);
  ta_set_functions(ta_upvalue_runner(L), L, ta_output_parts);
  return 1;
}

/* () -> what process.lua gives */
static int l_process_chunk(lua_State *L) {
  ta_push_chunk(ta_upvalue_runner(L), L, ta_chunk_process);
  return 1;
}

void ta_offer_processes(struct ta_io *io, lua_State *L) {
  static const char *const names[] = {"process", "secret", NULL};
  ta_push_environment(io->runner, L);
  ta_push_function(io->runner, L, l_process_chunk);
  lua_setfield(L, -2, "process_chunk");
  ta_push_function(io->runner, L, l_process_parts);
  lua_setfield(L, -2, "process_parts");
  lua_pop(L, 1);
  ta_offer_chunk(io->runner, L, names, ta_chunk_process);
}
