/* SPDX-License-Identifier: MIT */
#include "io/command.h"

#include <lauxlib.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "holder.h"
#include "io/signal_names.h"

#define SILENCE 0.1 /* seconds: who holds a pipe open after the command's end is left then */

static const struct ta_object_kind command_kind;

/* NULL: it was closed. */
struct ta_command **ta_check_command_object(lua_State *L) {
  return ta_check_object(L, 1, &command_kind);
}

struct ta_command *ta_check_command(lua_State *L) {
  struct ta_command *command = *ta_check_command_object(L);
  if (!command) luaL_error(L, "the command is closed");
  return command;
}

/* ----------------------------------------------------------------- its end */

static bool is_open(const struct ta_followed *followed) {
  return followed->stream && !ta_stream_of(followed->stream)->at_end;
}

static bool has_open_outputs(const struct ta_command *command) {
  if (command->relay && command->relay->open) return true;
  for (int i = 0; i < TA_COMMAND_OUTPUTS; i++)
    if (command->outputs[i].drain.open) return true;
  for (size_t i = 0; i < command->follows; i++)
    if (is_open(&command->followed[i])) return true;
  return false;
}

/* What is shown is complete, unless a task of ours has still something to hand on. */
void ta_end_shown(struct ta_command *command) {
  for (size_t i = 0; i < command->follows; i++)
    if (command->followed[i].stream) return;
  ta_output_finish(&command->shown);
}

void ta_hurry_command(struct ta_command *command) {
  ta_output_hurry(&command->shown);
  ta_wake_shows(command->io);
}

static void leave_terminal(struct ta_command *command) {
  if (command->beside) ta_stdio_come_back();
  command->beside = false;
}

static void finish(struct ta_command *command) {
  command->finished = true;
  ta_end_shown(command);
  ta_alarm_stop(&command->silence);
  ta_feed_close(&command->feed);
  leave_terminal(command);
  while (ta_wake_first(command->io->runner, &command->waiting)) continue;
}

/* Whoever was on its terminal has gone, and has written its last. */
static void end_relay(struct ta_command *command) {
  struct ta_relay *relay = command->relay;
  if (!relay || !relay->at_end) return;
  ta_relay_look(relay);
  if (relay->at_end) ta_relay_close(relay);
}

/* Something has ended: was it the last? */
void ta_look_at_command(struct ta_command *command) {
  if (command->finished) return;
  if (!ta_group_is_told(command->group)) return;
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
static bool has_moved(struct ta_command_output *output) {
  struct ta_drain *drain = &output->drain;
  if (!drain->open) return false;
  return ta_drain_look(drain) || !drain->open || has_grown(&output->seen, drain->received);
}

static bool has_been_followed(struct ta_followed *followed) {
  if (!is_open(followed)) return false;
  return ta_look_at_stream(followed->stream) || !is_open(followed) ||
         has_grown(&followed->seen, ta_stream_of(followed->stream)->received);
}

static bool has_any_moved(struct ta_command *command) {
  bool moved = false;
  for (int i = 0; i < TA_COMMAND_OUTPUTS; i++) moved |= has_moved(&command->outputs[i]);
  for (size_t i = 0; i < command->follows; i++) moved |= has_been_followed(&command->followed[i]);
  return moved;
}

static bool has_shown(struct ta_command *command) {
  struct ta_relay *relay = command->relay;
  if (!relay || !relay->open) return false;
  bool shown = ta_relay_look(relay) || relay->received != command->relayed;
  command->relayed = relay->received;
  return shown;
}

/* A relay that is closed is a terminal that has gone, for whoever is there. */
static void leave_outputs(struct ta_command *command) {
  command->held = has_open_outputs(command);
  if (command->relay && command->relay->open) ta_relay_close(command->relay);
  for (int i = 0; i < TA_COMMAND_OUTPUTS; i++) ta_drain_close(&command->outputs[i].drain);
  for (size_t i = 0; i < command->follows; i++) {
    struct ta_followed *followed = &command->followed[i];
    if (is_open(followed)) ta_end_stream(followed->stream);
    followed->stream = NULL;
  }
}

static void on_silence(struct ta_alarm *alarm) {
  struct ta_command *command = TA_HOLDER(alarm, struct ta_command, silence);
  bool moved = has_any_moved(command);
  moved |= has_shown(command);
  if (!moved) leave_outputs(command);
  ta_look_at_command(command);
}

static void describe_end(char *text, size_t size, const struct ta_child *child) {
  int status = child->status;
  const char *name = WIFSIGNALED(status) ? ta_signal_name(WTERMSIG(status)) : NULL;
  if (child->unknown)
    snprintf(text, size, "nobody knows how");
  else if (WIFEXITED(status))
    snprintf(text, size, "status %d", WEXITSTATUS(status));
  else if (name)
    snprintf(text, size, "SIG%s", name);
  else
    snprintf(text, size, "signal %d", WTERMSIG(status));
}

/* Tells the trace of those that have ended since. */
static void trace_ends(struct ta_command *command) {
  char text[40];
  for (size_t i = 0; i < command->group->count; i++) {
    const struct ta_child *child = &command->group->members[i];
    if (!child->ended || !command->stages[i].text) continue;
    describe_end(text, sizeof text, child);
    ta_tell_of_outside(command->io->runner, NULL, TA_EVENT_END, "process", (uint64_t)child->pid,
                       command->stages[i].text, text);
    command->stages[i].text = NULL;
  }
}

void ta_on_command_change(void *data) {
  trace_ends(data);
  ta_look_at_command(data);
}

/* ------------------------------------------------------- making and forgetting */

static void free_command(struct ta_command *command) {
  free(command->followed);
  free(command);
}

static struct ta_command *new_command(struct ta_io *io, size_t stages) {
  struct ta_command *command = calloc(1, sizeof *command + stages * sizeof *command->stages);
  if (!command) return NULL;
  command->followed = calloc(stages + 1, sizeof *command->followed);
  command->io = io;
  command->silence.ring = on_silence;
  ta_list_init(&command->waiting);
  for (int i = 0; i < TA_COMMAND_OUTPUTS; i++) command->outputs[i].command = command;
  if (command->followed &&
      ta_group_new(&io->children, stages, ta_on_command_change, command, &command->group) == 0)
    return command;
  free_command(command);
  return NULL;
}

/* The terminal that was ours to read for it is so no more. */
static void close_relay(struct ta_command *command) {
  if (!command->relay) return;
  ta_jobs_leave(command->group);
  command->group->job.user = NULL;
  ta_relay_close(command->relay);
  free(command->relay);
  command->relay = NULL;
}

static void close_outputs(struct ta_command *command) {
  close_relay(command);
  for (int i = 0; i < TA_COMMAND_OUTPUTS; i++) {
    struct ta_command_output *output = &command->outputs[i];
    ta_drain_close(&output->drain);
    ta_capture_close(&output->capture);
  }
  command->follows = 0;
  ta_output_close(&command->shown);
  ta_feed_close(&command->feed);
  ta_alarm_stop(&command->silence);
}

static void forget(struct ta_command *command, bool stops) {
  close_outputs(command);
  leave_terminal(command);
  if (stops)
    ta_group_forget(command->group, ta_io_stop_signal(command->io, SIGTERM), TA_FORGOTTEN_GRACE);
  else
    ta_group_leave(command->group);
  while (ta_wake_first(command->io->runner, &command->waiting)) continue;
  free_command(command);
}

static void lose_command(struct ta_anchor *anchor) {
  forget(TA_HOLDER(anchor, struct ta_command, anchor), true);
}

/* (text, stages, kills leftovers, detached, wants the terminal) -> command */
static int l_new_command(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  struct ta_io *io = ta_io_of(runner, L);
  const char *text = luaL_checkstring(L, 1);
  size_t stages = (size_t)luaL_checkinteger(L, 2);
  lua_settop(L, 5);
  struct ta_command **object = ta_push_object(runner, L, &command_kind, sizeof *object, 0);
  int place = ta_reserve_anchor(L);
  struct ta_command *command = *object = new_command(io, stages);
  if (!command) ta_release_anchor(L, place);
  if (!command) return luaL_error(L, "not enough memory");
  ta_open_anchor(L, place, lose_command, &command->anchor);
  ta_keep_at_anchor(L, &command->anchor, 1);
  command->text = text;
  command->group->kills_leftovers = lua_toboolean(L, 3);
  command->group->detached = lua_toboolean(L, 4);
  command->group->job.wants_terminal = lua_toboolean(L, 5);
  return 1;
}

void ta_anchor_in_command(lua_State *L, int index) {
  ta_keep_at_anchor(L, &ta_check_command(L)->anchor, index);
}

/* What nobody has any more is stopped, in the background. */
static int l_close_command(lua_State *L) {
  struct ta_command **object = ta_check_command_object(L), *command = *object;
  if (!command) return 0;
  *object = NULL;
  ta_close_anchor(L, &command->anchor);
  forget(command, true);
  return 0;
}

void ta_stop_command(void *object) {
  struct ta_command *command = *(struct ta_command **)object;
  if (!command) return;
  ta_group_stop(command->group, ta_io_stop_signal(command->io, SIGTERM), TA_FORGOTTEN_GRACE, false);
  ta_hurry_command(command);
}

void ta_leave_command(lua_State *L, void *object) {
  struct ta_command **place = object, *command = *place;
  if (!command) return;
  *place = NULL;
  ta_close_anchor(L, &command->anchor);
  forget(command, false);
}

/* ------------------------------------------------------------------ the object */

static const struct ta_function command_meta[] = {{"__gc", l_close_command}, {NULL, NULL}};
static const struct ta_object_kind command_kind = {.name = "Command", .meta = command_meta};

const struct ta_function ta_command_parts[] = {
    {"new_command", l_new_command},
    {NULL, NULL},
};
