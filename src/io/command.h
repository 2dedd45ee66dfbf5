/* SPDX-License-Identifier: MIT
 *
 * command.h -- a command: one process or several in one group, what it writes where nobody reads
 * at once, and the text it is given.
 *
 * All that happens without the script is done in the loop; a task only waits for its end.  It
 * knows neither options nor results: those are process.lua's and its rooms'.
 */
#ifndef TA_IO_COMMAND_H
#define TA_IO_COMMAND_H

#include "host/capture.h"
#include "host/children.h"
#include "host/drain.h"
#include "host/feed.h"
#include "host/output.h"
#include "io/anchor.h"
#include "io/io.h"
#include "io/pty.h"
#include "io/stream.h"

enum {
  TA_COMMAND_OUTPUTS = 4, /* standard output and standard error, and both as they are shown */
  TA_SHOWN = 2            /* the first of the latter */
};
#define TA_FORGOTTEN_GRACE 5.0 /* seconds, of a command that was forgotten */

/* What comes out at one side, and is waited for at the end. */
struct ta_command_output {
  struct ta_command *command;
  struct ta_drain drain;
  struct ta_capture capture;
  uint64_t seen;   /* how much had come when it was looked at last */
  int stop_signal; /* more than is captured stops the command; 0: it goes on */
};

/* What a task of ours reads, and is waited for at the end as well.  Each stage may have one. */
struct ta_followed {
  struct ta_stream_object *stream; /* the command anchors it; NULL: not any more */
  uint64_t seen;
};

/* It lies in memory of its own, to which the object points: the loop has pointers into it, and
 * an object whose finalizer could not be called, for want of memory, is gone without a word. */
struct ta_command {
  struct ta_anchor anchor; /* keeps what it points to of Lua's */
  struct ta_io *io;
  struct ta_group *group;
  struct ta_list waiting;
  struct ta_command_output outputs[TA_COMMAND_OUTPUTS];
  struct ta_output shown;
  struct ta_feed feed;
  struct ta_relay *relay; /* of a terminal of its own; NULL: it has none */
  uint64_t relayed;       /* bytes, when it was looked at last */
  struct ta_alarm silence;
  const char *text;
  bool beside;   /* it writes to the terminal itself: bars step aside */
  bool held;     /* somebody has its pipes open still */
  bool finished; /* nothing will come any more */
  size_t follows;
  struct ta_followed *followed; /* one a stage, and one */
  struct {
    const char *text; /* NULL: the trace was told of its end, or not of its start */
  } stages[];
};

/* The command at index 1, or an error: it was closed. */
struct ta_command *ta_check_command(lua_State *L);

/* The place of the command at index 1, with NULL in it when that was closed. */
struct ta_command **ta_check_command_object(lua_State *L);

/* Keeps the value at `index` until the command at index 1 is closed.  Nothing may lead from it to
 * the command, which would never be.  [-0, +0, v] */
void ta_anchor_in_command(lua_State *L, int index);

/* Something has ended: was it the last? */
void ta_look_at_command(struct ta_command *command);

/* The same, of whatever calls with the command as data. */
void ta_on_command_change(void *command);

/* What is shown is complete, unless a task of ours has still something to hand on. */
void ta_end_shown(struct ta_command *command);

/* It is to end: what it shows waits for no reader of ours any more. */
void ta_hurry_command(struct ta_command *command);

/* What process.lua's rooms make of it, here and in the rooms of that name. */
extern const struct ta_function ta_command_parts[], ta_outcome_parts[], ta_plumbing_parts[],
    ta_program_parts[];

/* What follows is for those of Lua's functions that start commands, and has the object of a
 * command of process.lua's, which Lua has still. */

/* Waits for its end where no task can; it is stopped if the run is to end. */
void ta_await_command_here(void *object);

/* Pushes how it has ended, as os.execute() says it: true or nil, "exit" or "signal", and a number,
 * and returns 3.  [-0, +3, m] */
int ta_push_command_end(lua_State *L, const void *object);

/* Stops it, in the background: its task was cancelled. */
void ta_stop_command(void *object);

/* It goes on, and nobody will ask for its end.  [-0, +0, -] */
void ta_leave_command(lua_State *L, void *object);

#endif
