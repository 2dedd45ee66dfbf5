/* SPDX-License-Identifier: MIT
 *
 * session.h -- Lua, a Runner, a loop, a clock and what ends them, as one.
 *
 * A command opens a session, puts tasks into it, drives it (drive.h), and closes it.  It
 * says what to do about failures; os.exit, signals, the time-out and a reader that leaves
 * are looked after here.  It knows no options, no scripts, and no command.
 */
#ifndef TA_CLI_SESSION_H
#define TA_CLI_SESSION_H

#include <lua.h>
#include <stdbool.h>
#include <stdint.h>

#include "cli/collector.h"
#include "cli/shortage.h"
#include "cli/shutdown.h"
#include "cli/state.h"
#include "cli/watchdog.h"
#include "host/clock.h"
#include "host/gate.h"
#include "host/loop.h"
#include "io/io.h"
#include "tinyasync.h"

struct ta_session_settings {
  bool virtual_time;
  double timeout;       /* seconds; HUGE_VAL: none */
  double grace;         /* seconds for clean-up */
  double slow;          /* real seconds after which a step is named; 0: never */
  double longest_step;  /* and after which an error ends it; likewise */
  size_t memory;        /* bytes that the Lua state may use; 0: no limit */
  const char *output;   /* of commands: "lines", "group", or NULL: as it is */
  bool prints_commands; /* as they start */
  struct ta_gate *gate; /* what scripts may reach; NULL: everything */
  bool has_seed;
  int64_t seed;
};

/* What the command does; NULL: nothing. */
struct ta_session_hooks {
  void (*failed)(void *data, const struct ta_failure *failure); /* between two steps */
  void (*flush)(void *data);   /* whenever stdout is flushed: other files */
  void (*closing)(void *data); /* no event will come any more */
  void *data;
};

struct ta_session {
  struct ta_session_settings settings;
  struct ta_session_hooks hooks;
  struct ta_clock clock;
  struct ta_loop loop;
  struct ta_io io;
  struct ta_state state;
  lua_State *L;
  struct ta_runner *runner; /* NULL: not yet, or gone with its state */
  struct ta_collector collector;
  struct ta_shortage shortage; /* of memory */
  struct ta_shutdown shutdown;
  struct ta_watchdog watchdog;
  uint64_t passes_at_instant; /* under virtual time */
  bool started;               /* may be driven */
  bool leaving;               /* in the middle of a step */
  lua_CFunction load;         /* Lua's own */
};

/* Opens it, without libraries in its Lua state.  False: it has said why, and there is
 * nothing to close.  The struct must stay where it is. */
bool ta_session_open(struct ta_session *session, const struct ta_session_settings *settings,
                     const struct ta_session_hooks *hooks);

/* Opens Lua's libraries and the Runner.  [-0, +0, e] */
void ta_session_open_lua(struct ta_session *session, lua_State *L);

/* There are tasks to drive: from now on signals and the time-out end the session. */
void ta_session_start(struct ta_session *session);

/* Has it end for this cause after the step under way. */
void ta_session_end(struct ta_session *session, enum ta_cause cause);

/* Flushes stdout; tells once of an error. */
void ta_session_flush(struct ta_session *session);

/* Tells once that something written is lost: "the trace to", "FILE". */
void ta_session_lost(struct ta_session *session, const char *what, const char *name, int error);

/* Closes everything.  Gives the exit status, or a signal that is to end the process, as a
 * negative number. */
int ta_session_close(struct ta_session *session);

#endif
