/* SPDX-License-Identifier: MIT
 *
 * drive.h -- runs a script, and the tasks of a session until they have ended, or have to.
 *
 * Between passes it waits for the outside, lets Lua collect, moves virtual time on, finds
 * deadlocks, and then sees that all are ended.
 */
#ifndef TA_CLI_DRIVE_H
#define TA_CLI_DRIVE_H

#include "cli/script.h"
#include "cli/session.h"

/* Afterwards there are no tasks left, unless there was no time to close them.  [-0, +0, v] */
void ta_drive(struct ta_session *session);

/* A script in a session. */
struct ta_play {
  const char *program;
  struct ta_script *script;
  void (*opened)(void *data, lua_State *L);  /* NULL, or before any of it is run  [-0, +0, v] */
  bool (*prepare)(void *data, lua_State *L); /* before its first step; false: it has said why there
                                                is none.  [-0, +0, v] */
  void (*refused)(void *data, lua_State *L); /* it could not start: the error object is on top */
  void *data;
};

/* Opens the session, runs the script to its end, and closes the session: its status, as of
 * ta_session_close(). */
int ta_play(struct ta_session *session, const struct ta_session_settings *settings,
            const struct ta_session_hooks *hooks, const struct ta_play *play);

#endif
