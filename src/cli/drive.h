/* SPDX-License-Identifier: MIT
 *
 * drive.h -- runs the tasks of a session until they have ended, or have to.
 *
 * Between passes it waits for the outside, lets Lua collect, moves virtual time on, finds
 * deadlocks, and then sees that all are ended.
 */
#ifndef TA_CLI_DRIVE_H
#define TA_CLI_DRIVE_H

#include "cli/session.h"

/* Afterwards there are no tasks left, unless there was no time to close them.  [-0, +0, v] */
void ta_drive(struct ta_session *session);

#endif
