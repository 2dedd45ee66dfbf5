/* SPDX-License-Identifier: MIT
 *
 * completion.h -- `tinyasync completion`: what a shell is to offer after a script's name.
 *
 * The script says that itself: it is run up to its call of async.args(), which writes it and
 * ends the run.  Until then its standard output is standard error, so that nothing of it is
 * taken for the completion.
 */
#ifndef TA_CLI_COMPLETION_H
#define TA_CLI_COMPLETION_H

#include "cli/command.h"
#include "cli/options.h"

#define TA_COMPLETION_OPTIONS (TA_OPTIONS_SHELL | TA_OPTIONS_HELP)

/* Does not return when a signal is to end the process. */
int ta_completion_command(const struct ta_call *call);

#endif
