/* SPDX-License-Identifier: MIT */
#include "io/command.h"

#include <errno.h>
#include <lauxlib.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

#include "io/refusal.h"
#include "io/signal_names.h"

/* What a task has of a command: it waits for its end, stops it, and looks how it has ended. */

/* ------------------------------------------------------------------- waiting */

static void describe(const void *subject, char *text, size_t size) {
  const struct ta_command *command = *(struct ta_command *const *)subject;
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
  struct ta_command **object = ta_check_command_object(L), *command = ta_check_command(L);
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
  ta_check_command(L);
  ta_enter(runner, L);
  if (ta_check_command(L)->finished) return ta_return_at_once(runner, L, 0);
  return wait_on(L);
}

static int ended_by(const struct ta_io *io) {
  return io->ended_by ? io->ended_by(io->data) : 0;
}

/* A signal that ends the run stops it as well; what is begun since is clean-up.  The Runner's next
 * wait is to look again, as it may have been ended here. */
void ta_await_command_here(void *object) {
  struct ta_command *command = *(struct ta_command **)object;
  const struct ta_io *io = command->io;
  bool cleans_up = ended_by(io);
  while (!command->finished) {
    ta_loop_wait(io->loop, HUGE_VAL);
    if (!cleans_up && ended_by(io))
      ta_group_stop(command->group, ta_io_stop_signal(io, SIGTERM), TA_FORGOTTEN_GRACE, false);
  }
  ta_loop_wake(io->loop);
}

/* Somebody else has reaped it, or nobody may stop it. */
static int push_unknown_end(lua_State *L, const struct ta_group *group) {
  luaL_checkstack(L, 3, NULL);
  errno = group->is_left_behind ? EPERM : ECHILD;
  return luaL_fileresult(L, 0, NULL);
}

int ta_push_command_end(lua_State *L, const void *object) {
  const struct ta_command *command = *(struct ta_command *const *)object;
  const struct ta_child *leader = command->group->members;
  if (!leader->ended || leader->unknown) return push_unknown_end(L, command->group);
  int status = leader->status;
  bool killed = WIFSIGNALED(status);
  int code = killed ? WTERMSIG(status) : WEXITSTATUS(status);
  luaL_checkstack(L, 3, NULL);
  if (!killed && code == 0)
    lua_pushboolean(L, true);
  else
    luaL_pushfail(L);
  lua_pushstring(L, killed ? "signal" : "exit");
  lua_pushinteger(L, code);
  return 3;
}

/* (command) -> the same */
static int l_end_of(lua_State *L) {
  ta_check_command(L);
  return ta_push_command_end(L, ta_check_command_object(L));
}

/* (command, signal, grace, leader only) */
static int l_stop(lua_State *L) {
  struct ta_command *command = ta_check_command(L);
  int number = (int)luaL_checkinteger(L, 2);
  double grace = luaL_checknumber(L, 3);
  ta_group_stop(command->group, ta_io_stop_signal(command->io, number), grace, lua_toboolean(L, 4));
  ta_hurry_command(command);
  return 0;
}

/* (command, signal) -> true, or nil, message, code */
static int l_signal(lua_State *L) {
  struct ta_command *command = ta_check_command(L);
  int error = ta_group_signal(command->group, (int)luaL_checkinteger(L, 2), false);
  if (error) return ta_refuse(L, error, "cannot signal the command");
  lua_pushboolean(L, true);
  return 1;
}

/* ------------------------------------------------------------------- results */

/* (command, stage) -> pid, has it ended, status or nil, signal or nil, duration, cpu, max_rss;
 * nil: it was not started */
static int l_stage(lua_State *L) {
  const struct ta_command *command = ta_check_command(L);
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

/* All have ended, and what they wrote waits for a reader of ours. */
static bool is_held_up(const struct ta_command *command) {
  bool paused = false;
  for (int i = TA_SHOWN; i < TA_COMMAND_OUTPUTS; i++) paused |= command->outputs[i].drain.paused;
  return paused && ta_group_is_over(command->group);
}

/* (command) -> has it finished, was a pipe of it held open, is it left behind as nobody may
 * signal it, is it only held up by a reader of ours */
static int l_state(lua_State *L) {
  const struct ta_command *command = ta_check_command(L);
  lua_pushboolean(L, command->finished);
  lua_pushboolean(L, command->held);
  lua_pushboolean(L, command->group->is_left_behind);
  lua_pushboolean(L, is_held_up(command));
  return 4;
}

const struct ta_function ta_outcome_parts[] = {
    {"wait", l_wait},   {"end_of", l_end_of}, {"stop", l_stop}, {"signal", l_signal},
    {"stage", l_stage}, {"state", l_state},   {NULL, NULL},
};
