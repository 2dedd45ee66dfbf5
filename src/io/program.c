/* SPDX-License-Identifier: MIT */
#include "io/command.h"

#include <errno.h>
#include <fcntl.h>
#include <lauxlib.h>
#include <limits.h>
#include <unistd.h>

#include "io/descriptor.h"
#include "host/wall.h"
#include "io/gate.h"
#include "io/refusal.h"
#include "io/room.h"

/* Programs: found, started as a stage of a command, and why that could not be. */

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

static int start(struct ta_command *command, struct ta_spawn *spawn, enum ta_spawn_step *step) {
  int nothing = -1, wall = -1, error = ta_wall_for_child(command->io->gate, &wall);
  *step = TA_SPAWN_DESCRIPTORS;
  spawn->wall = &wall;
  for (int i = 0; i < 3 && !error; i++) {
    spawn->fds[i] = open_nothing(spawn->fds[i], &nothing);
    if (spawn->fds[i] < 0) error = -errno;
  }
  if (!error) error = ta_group_start(command->group, spawn, step);
  if (nothing >= 0) close(nothing);
  if (wall >= 0) close(wall);
  spawn->wall = NULL;
  return error;
}

/* Whatever else is shown there goes before it writes. */
static void show_it(struct ta_command *command, const struct ta_spawn *spawn) {
  bool writes = ta_stdio_is_footers(spawn->fds[1]) || ta_stdio_is_footers(spawn->fds[2]);
  if (command->beside || command->group->detached) return;
  if (!writes && !command->group->job.wants_terminal && !command->relay) return;
  command->beside = true;
  ta_stdio_step_aside();
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

static int refuse(lua_State *L, enum ta_verdict verdict, const char *what) {
  lua_pushboolean(L, false);
  lua_pushliteral(L, "gate");
  ta_push_verdict(L, verdict, NULL, what);
  return 3;
}

/* (command, path, words, environment or nil, directory or nil, stdin, stdout, stderr, session)
 * -> true, or false, step, errno; or false, "gate", message */
static int l_start(lua_State *L) {
  extern char **environ;
  lua_settop(L, START_ARGUMENTS);
  struct ta_command *command = ta_check_command(L);
  struct ta_spawn spawn = {.path = luaL_checkstring(L, PATH),
                           .directory = luaL_optstring(L, DIRECTORY, NULL),
                           .session = lua_toboolean(L, SESSION),
                           .terminal = -1};
  for (int i = 0; i < 3; i++) spawn.fds[i] = lua_isnil(L, FDS + i) ? -1 : ta_check_fd(L, FDS + i);
  spawn.argv = push_words(L, WORDS);
  spawn.envp = lua_isnil(L, ENVIRONMENT) ? environ : push_words(L, ENVIRONMENT);
  enum ta_verdict verdict = ta_gate_run(command->io->gate, spawn.path, spawn.directory, spawn.envp);
  if (verdict) return refuse(L, verdict, spawn.argv[0]);
  ta_io_flush(command->io);
  show_it(command, &spawn);
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
  struct ta_command *command = ta_check_command(L);
  const struct ta_group *group = command->group;
  const char *text = luaL_checkstring(L, 2);
  if (group->count == 0) return 0;
  ta_anchor_in_command(L, 2);
  command->stages[group->count - 1].text = text;
  ta_tell_of_outside(command->io->runner, L, TA_EVENT_START, "process",
                     (uint64_t)group->members[group->count - 1].pid, text, NULL);
  return 0;
}

/* (word, search path or nil, directory or nil) -> path, or nil, errno; or nil, message: what may
 * not be run is not told of, be it there or not. */
static int l_find_program(lua_State *L) {
  char path[PATH_MAX];
  const struct ta_gate *gate = ta_io_of(ta_upvalue_runner(L), L)->gate;
  const char *word = luaL_checkstring(L, 1), *directory = luaL_optstring(L, 3, NULL);
  int error = ta_find_program(word, luaL_optstring(L, 2, NULL), directory, path, sizeof path);
  bool may = error ? ta_gate_names_command(gate, word)
                   : ta_gate_run(gate, path, directory, NULL) == TA_ALLOWED;
  if (!may) {
    lua_pushnil(L);
    ta_push_verdict(L, TA_NO_RUN, NULL, word);
    return 2;
  }
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

const struct ta_function ta_program_parts[] = {
    {"start", l_start},
    {"name_stage", l_name_stage},
    {"find_program", l_find_program},
    {"interpreter", l_interpreter},
    {"describe_error", l_describe_error},
    {"environment", l_environment},
    {"getenv", ta_l_getenv},
    {NULL, NULL},
};
