/* SPDX-License-Identifier: MIT
 *
 * run.h -- `tinyasync run`: one script from its loading to the exit status.
 *
 * It makes a session from the options, puts the script into it, and says on stderr what
 * fails.
 */
#ifndef TA_CLI_RUN_H
#define TA_CLI_RUN_H

#include "cli/command.h"
#include "cli/options.h"

#define TA_RUN_OPTIONS                                                                             \
  (TA_OPTIONS_TRACE | TA_OPTIONS_SESSION | TA_OPTIONS_FAILURES | TA_OPTIONS_COMMANDS |             \
   TA_OPTIONS_GATES | TA_OPTIONS_CODE | TA_OPTIONS_HELP)

/* Does not return when a signal is to end the process. */
int ta_run_command(const struct ta_call *call);

#endif
